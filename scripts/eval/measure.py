#!/usr/bin/env python3
"""Runs `sonde scan` over labelled sets and prints one table: scripts/eval.sh calls this."""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "train"))
from sets import all_sets  # noqa: E402

# What counts as an alarm of a set: names of alerts by prefix, and the score for curves where there is one.
KINDS = {
    "prompt": (("prompt_attack.user",), "prompt_attack"),
    "document": (("prompt_attack.document",), "document_attack"),
    "tainted": (("tool.tainted_call", "exfiltration.tool_call"), None),
    "secret": (("credential.",), None),
    "personal": (("sensitive_data.",), None),
    "smuggling": (("ascii_smuggling",), None),
}


def wilson(hits, total):
    """95 % confidence interval of a share."""
    if total == 0:
        return 0.0, 1.0
    z, p = 1.96, hits / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def scan(sonde, rows):
    """The answers to the rows in order, and the seconds it took."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", delete=False) as handle:
        for number, (line, _) in enumerate(rows):
            handle.write(json.dumps({"id": number, **line}) + "\n")
        size = handle.tell()
    try:
        start = time.monotonic()
        done = subprocess.run([sonde, "scan", "--json", handle.name], capture_output=True, text=True, check=False)
        seconds = time.monotonic() - start
    finally:
        os.unlink(handle.name)
    answers = [json.loads(line) for line in done.stdout.split("\n") if line]
    if len(answers) != len(rows):
        sys.exit(f"{len(answers)} answers to {len(rows)} lines: {done.stderr[:500]}")
    return answers, size / seconds / 1e6


def judge(answer, kind):
    prefixes, score = KINDS[kind]
    alarm = any(finding["alert"].startswith(prefixes) for finding in answer.get("findings", []))
    return alarm, answer["scores"][score] if score else float(alarm)


def threshold_at(scores, share):
    """The lowest threshold at which at most `share` of the benign scores alarm."""
    ordered = sorted(scores, reverse=True)
    allowed = int(share * len(ordered))
    return ordered[allowed] if allowed < len(ordered) else 0.0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sonde")
    parser.add_argument("data")
    parser.add_argument("--only", help="sets whose kind is this")
    parser.add_argument("--show", type=int, default=0, help="print so many errors of each set")
    options = parser.parse_args()

    measured = []
    noise = {}
    exchanges = 0
    for current in all_sets(options.data):
        if options.only and current.kind != options.only:
            continue
        answers, speed = scan(options.sonde, current.rows)
        results = [(label, *judge(answer, current.kind))
                   for (_, label), answer in zip(current.rows, answers)]
        measured.append((current, results, speed))
        show_errors(current, results, answers, options.show)
        for (_, label), answer in zip(current.rows, answers):
            # Noise is what ordinary traffic raises: not near misses, nor texts full of what is looked for.
            if label or "hard" in current.name or current.kind in ("secret", "personal", "smuggling"):
                continue
            exchanges += 1
            for finding in answer.get("findings", []):
                count = noise.setdefault(finding["alert"], [set(), set()])
                count[0].add(exchanges)
                count[1].add((current.name, proof(finding)))
    print_attacks(measured)
    print_benign(measured)
    print_noise(noise, exchanges)


def proof(finding):
    """What makes two findings of one application equal (agent/alert/deduplicator.h)."""
    if finding["alert"] in ("sensitive_data.prompt", "sensitive_data.response"):
        return finding["subtype"]
    return finding.get("data", {}).get("fingerprint") or finding.get("evidence", "")


def show_errors(current, results, answers, most):
    shown = 0
    for (row, label), (_, alarm, _), answer in zip(current.rows, results, answers):
        if label != alarm and shown < most:
            shown += 1
            print(f"# {current.name}: {'missed' if label else 'false alarm'}: {json.dumps(row)[-600:]}\n#   "
                  f"{json.dumps(answer.get('findings', []))[:600]}")


def print_attacks(measured):
    print("| set | n | recall shipped | at 0.1 % FP | at 1 % FP | MB/s |\n|---|---|---|---|---|---|")
    for current, results, speed in measured:
        attacks = [score for label, _, score in results if label]
        if not attacks:
            continue
        benign = [score for other, rows, _ in measured if other.kind == current.kind
                  for label, _, score in rows if not label]
        caught = sum(1 for label, alarm, _ in results if label and alarm)
        curve = ["-", "-"]
        if KINDS[current.kind][1] and benign:
            curve = [f"{sum(1 for s in attacks if s > threshold_at(benign, share)) / len(attacks):.3f}"
                     for share in (0.001, 0.01)]
        print(f"| {current.name} | {len(attacks)} | {caught / len(attacks):.3f} | {curve[0]} | {curve[1]} | "
              f"{speed:.1f} |")


def print_benign(measured):
    print("\n| benign set | n | FP shipped | 95 % interval | MB/s |\n|---|---|---|---|---|")
    for current, results, speed in measured:
        benign = [alarm for label, alarm, _ in results if not label]
        if not benign:
            continue
        low, high = wilson(sum(benign), len(benign))
        print(f"| {current.name} | {len(benign)} | {sum(benign) / len(benign):.4f} | {low:.4f}-{high:.4f} | "
              f"{speed:.1f} |")


def print_noise(noise, exchanges):
    if exchanges == 0:
        return
    print(f"\n| per 1,000 of {exchanges} benign exchanges | with a finding | alerts, equal ones merged |\n|---|---|---|")
    rows = sorted(((name, len(hit), len(merged)) for name, (hit, merged) in noise.items()), key=lambda row: -row[1])
    rows.append(("**all**", sum(row[1] for row in rows), sum(row[2] for row in rows)))
    for name, hit, merged in rows:
        low, high = wilson(merged, exchanges)
        print(f"| {name} | {1000 * hit / exchanges:.2f} | {1000 * merged / exchanges:.2f} "
              f"({1000 * low:.2f}-{1000 * high:.2f}) |")


if __name__ == "__main__":
    main()
