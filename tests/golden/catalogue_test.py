#!/usr/bin/env python3
"""Replays the stories of the catalogue as one recording of one program: each that must raise its alert does,
and none that comes near does. Stories that need a configuration or a past are the live test's.

    catalogue_test.py SONDE
"""
import json
import subprocess
import sys
import tempfile

from catalogue_stories import STORIES
from recording import Recording
from stories import response


def request(call):
    body = json.dumps(call.body, ensure_ascii=False).encode()
    headers = "".join(f"{name}: {value}\r\n" for name, value in call.headers.items())
    return (f"POST {call.path} HTTP/1.1\r\nHost: {call.host}\r\nContent-Type: application/json\r\n{headers}"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def answer(call):
    whole = response(call.answer.encode())
    return whole if call.status == 200 else whole.replace(b"200 OK", b"%d Error" % call.status, 1)


def main():
    stories = [one for one in STORIES if not one.needs]
    recording = Recording("/usr/bin/node", ["node", "app.js"])
    for one in stories:
        for call in one.calls:
            recording.send(request(call)).receive(answer(call))
    with tempfile.NamedTemporaryFile(suffix=".rec") as file:
        file.write(recording.close().to_bytes())
        file.flush()
        run = subprocess.run([sys.argv[1], "replay", file.name, "--alerts"], capture_output=True, text=True, timeout=120)
    if run.returncode != 0:
        raise SystemExit(f"replay failed: {run.stderr}")
    raised = {}
    for line in run.stdout.splitlines():
        alert = json.loads(line)
        raised.setdefault(alert["ai_model"]["name"], []).append(alert["unmapped"]["sonde"]["alert"])
    wrong = [one for one in stories if (one.alert in raised.get(one.model, [])) != one.raises]
    for one in wrong:
        print(f"FAIL {one.alert} ({one.model}): must {'' if one.raises else 'not '}be raised; raised: {raised.get(one.model, [])}")
    print(f"{len(stories)} stories, {len(wrong)} wrong, {sum(map(len, raised.values()))} alerts")
    return 1 if wrong or len(stories) < 40 else 0


if __name__ == "__main__":
    sys.exit(main())
