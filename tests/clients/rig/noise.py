"""Alerts of other hosts that have nothing to do with a story: real in shape, delivered as agents do."""
import json
import random

from rig.child import RigError

KINDS = (("credential.response", "assistant", 3), ("prompt_attack.user", "user", 3), ("sensitive_data.prompt", "user", 2),
         ("prompt_attack.document", "tool", 4), ("tool.tainted_call", "assistant", 4), ("ascii_smuggling", "tool", 4),
         ("malicious_url.answer", "assistant", 4), ("system_prompt.leak", "assistant", 3))
kBatch = 500


def alert(number, time_ms, random_):
    name, zone, severity = KINDS[number % len(KINDS)]
    host, process = f"noise-{random_.randrange(400)}", f"{random_.randrange(10 ** 9)}"
    entities = [("host", host), ("process", f"{host}/{process}"), ("conversation", f"noise-{number // 2}"),
                ("source_ip", f"198.51.100.{random_.randrange(250)}"), ("end_user", f"user-{random_.randrange(5000)}")]
    return {
        "class_uid": 2004, "category_uid": 2, "activity_id": 1, "type_uid": 200401, "time": time_ms, "severity_id": severity,
        "metadata": {"version": "1.5.0", "product": {"name": "Sonde", "vendor_name": "Sonde"}},
        "finding_info": {"uid": f"noise{number:027d}", "title": f"{name} on {host}", "types": [name]},
        "device": {"hostname": host}, "actor": {"process": {"pid": number + 10, "file": {"path": "/usr/bin/noise"}}},
        "ai_model": {"name": "gpt-4o-mini", "ai_provider": "openai"},
        "unmapped": {"sonde": {"alert": name, "application": f"noise-app-{random_.randrange(60)}", "zone": zone, "score": 0.9,
                               "conversation_id": f"noise-{number // 2}",
                               "evidence": {"text": f"noise {number}", "start": 0, "end": 5, "message_index": 0},
                               "entities": [{"type": kind, "value": value} for kind, value in entities]}}}


def deliver(collector, count, until_ms, spread_ms=3_600_000):
    """`count` alerts, spread over the time before `until_ms`."""
    random_ = random.Random(7)
    for begin in range(0, count, kBatch):
        numbers = range(begin, min(begin + kBatch, count))
        lines = [json.dumps({"type": "alert", "alert": alert(number, until_ms - spread_ms + number * spread_ms // count, random_)})
                 for number in numbers]
        answer = collector.ingest("\n".join(lines) + "\n")
        if answer["accepted"] != len(numbers):
            raise RigError(f"the collector took {answer} of {len(numbers)}")
