#!/usr/bin/python3
"""Reads OpenMetrics 1.0 from standard input as strictly as Prometheus' own parser does, and more so, and
prints {sample with its labels: value} as JSON. Needs Debian's python3-prometheus-client."""
import json
import re
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

LINE = re.compile(r'# (TYPE|HELP|UNIT) [a-z_:][a-z0-9_:]* .+|[a-z_:][a-z0-9_:]*(\{[a-z_]+="([^"\\\n]|\\[\\"n])*"'
                  r'(,[a-z_]+="([^"\\\n]|\\[\\"n])*")*\})? -?[0-9][0-9.e+-]*')


def main() -> None:
    text = sys.stdin.buffer.read().decode("utf-8", "strict")
    if not text.endswith("\n# EOF\n") or "\r" in text:
        sys.exit("the text must end in '# EOF' and a line feed")
    for number, line in enumerate(text.splitlines()[:-1], 1):
        if not LINE.fullmatch(line):
            sys.exit(f"line {number} is none of OpenMetrics: {line[:100]}")
    samples = {}
    for family in text_string_to_metric_families(text):
        if family.type not in ("counter", "gauge", "info", "histogram") or not family.documentation:
            sys.exit(f"{family.name}: type {family.type}, documentation '{family.documentation}'")
        for sample in family.samples:
            if family.type == "counter" and sample.value < 0:
                sys.exit(f"{sample.name} is below zero")
            samples[sample.name + (json.dumps(sample.labels, sort_keys=True) if sample.labels else "")] = sample.value
    json.dump(samples, sys.stdout)


if __name__ == "__main__":
    main()
