#!/usr/bin/env python3
"""Alerts as `sonde agent` prints them on standard output (JSON lines), as text for people."""
import json
import signal
import sys

SHOWN_CHARACTERS = 240  # of one evidence; the portal has it all
COLOURS = {"Critical": "31;1", "High": "31", "Medium": "33", "Low": "36"}


def printable(text):
    """Evidence is an attacker's text: what steers a terminal becomes a dot."""
    return "".join(c if c.isprintable() else "." for c in str(text).replace("\n", " "))


def line_of(alert, colour):
    severity = alert.get("severity", "")
    finding = alert.get("finding_info", {})
    process = alert.get("actor", {}).get("process", {})
    name = process.get("file", {}).get("path") or process.get("name", "")
    evidence = alert.get("unmapped", {}).get("sonde", {}).get("evidence", "")
    if isinstance(evidence, dict):
        evidence = evidence.get("text", "")
    if len(evidence) > SHOWN_CHARACTERS:
        evidence = evidence[:SHOWN_CHARACTERS] + " [...]"
    head = f"{severity:<8} {finding.get('title', '')}"
    if colour:
        head = f"\x1b[{COLOURS.get(severity, '0')}m{head}\x1b[0m"
    where = f"  {name}[{process.get('pid', '')}]"
    return head + printable(where) + (f"\n         {printable(evidence)}" if evidence else "")


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ends with its input
    colour = sys.stdout.isatty()
    for line in sys.stdin:
        try:
            alert = json.loads(line)
        except ValueError:
            continue
        print(line_of(alert, colour), flush=True)


if __name__ == "__main__":
    main()
