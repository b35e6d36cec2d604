#!/usr/bin/env python3
"""Replays every story and compares exchanges and alerts with what stands in expected/.

    golden_test.py SONDE             the test
    golden_test.py SONDE --update    writes what comes out; read the difference before you commit it
"""
import json
import os
import subprocess
import sys
import tempfile

from stories import STORIES

HERE = os.path.dirname(os.path.abspath(__file__))


def replay(sonde, path, flag):
    run = subprocess.run([sonde, "replay", path, *flag], capture_output=True, text=True, timeout=60)
    if run.returncode != 0:
        raise SystemExit(f"replay failed: {run.stderr}")
    return [json.loads(line) for line in run.stdout.splitlines()]


def digest_of(alert):
    """What of an alert does not depend on the host and the version."""
    own = alert["unmapped"]["sonde"]
    return {"alert": own["alert"], "severity": alert["severity"], "zone": own["zone"],
            "application": own["application"], "evidence": own["evidence"], "title": alert["finding_info"]["title"]}


def outcome_of(sonde, story):
    with tempfile.NamedTemporaryFile(suffix=".rec") as file:
        file.write(story().to_bytes())
        file.flush()
        return {"story": story.__doc__,
                "exchanges": replay(sonde, file.name, ["--json"]),
                "alerts": [digest_of(alert) for alert in replay(sonde, file.name, ["--alerts"])]}


def main():
    sonde, update = sys.argv[1], "--update" in sys.argv
    failures = 0
    for story in STORIES:
        path = os.path.join(HERE, "expected", story.__name__ + ".json")
        text = json.dumps(outcome_of(sonde, story), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        if update:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            continue
        with open(path, encoding="utf-8") as file:
            same = file.read() == text
        failures += not same
        print(f"{'ok  ' if same else 'FAIL'} {story.__name__}")
        if not same:
            print(text)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
