#!/usr/bin/python3
"""Every metric that the dashboard and the alert rules speak of is one that the programs have."""
import json
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
MONITORING = ROOT / "packaging/monitoring"
ENTRY = re.compile(r'X\(\w+,\s*"(\w+)"', re.S)
# What the programs have besides counters.
GAUGES = {"sonde_processes", "sonde_delivery_waiting", "sonde_delivery_delivered_total", "sonde_build_info", "sonde_collector_ingest_queued",
          "process_cpu_seconds_total", "process_resident_memory_bytes"}


def known() -> set[str]:
    agent = ENTRY.findall((ROOT / "agent/base/counters.h").read_text())
    collector = ENTRY.findall((ROOT / "collector/api/metrics.h").read_text())
    return {f"sonde_{n}_total" for n in agent} | {f"sonde_collector_{n}_total" for n in collector} | GAUGES


def main() -> int:
    dashboard = json.loads((MONITORING / "sonde-dashboard.json").read_text())
    rules = yaml.safe_load((MONITORING / "sonde-alerts.yaml").read_text())
    expressions = [(panel["title"], target["expr"]) for panel in dashboard["panels"] for target in panel.get("targets", [])]
    for group in rules["groups"]:
        for rule in group["rules"]:
            missing = {"alert", "expr", "labels", "annotations"} - rule.keys()
            if missing or {"summary", "action"} - rule["annotations"].keys():
                sys.exit(f"FAILED: rule {rule.get('alert')}: {missing or 'no summary or action'}")
            expressions.append((rule["alert"], rule["expr"]))
    names = known()
    wrong = [f"{title}: {name}" for title, expression in expressions
             for name in re.findall(r"\b(?:sonde|process)_\w+", expression) if name not in names]
    ids = [panel["id"] for panel in dashboard["panels"]]
    if wrong or len(ids) != len(set(ids)) or len(expressions) < 20:
        sys.exit(f"FAILED: unknown metrics {wrong}, ids {ids}")
    sources = ("agent/base/open_metrics.cc", "agent/app/service/metrics.cc", "collector/api/operation_api.cc")
    source = "".join((ROOT / path).read_text() for path in sources)
    absent = [g for g in GAUGES if re.sub("^sonde_build|_(total|info)$", "", g) not in source]
    if absent:
        sys.exit(f"FAILED: no program has {absent}")
    print(f"monitoring: {len(expressions)} expressions name metrics that exist")
    return 0


if __name__ == "__main__":
    sys.exit(main())
