#!/usr/bin/env python3
"""Recorded traffic served over TLS, called by a real client, and heard live: a line for each provider
and API.   table.py FOLDER [CODING...]      FOLDER holds VCR recordings (*.yaml); needs root.

Environment: SONDE_BINARY, SONDE_CLIENTS_ROOT and SONDE_CLIENTS_NODE, as tests/clients/CMakeLists.txt
sets them. Exits with 1 where an exchange differs from its recording or was not heard.
"""
import collections
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "clients"))
from oracle import differences, is_llm_traffic  # noqa: E402
from rig.provider import node  # noqa: E402
from rig.sonde import Trace  # noqa: E402
from rig.world import World  # noqa: E402

CODINGS = ("identity", "gzip", "deflate", "br", "zstd")
PIECES = (1, 0, 3, 17, 0, 251, 4096)
PARALLEL = 8


def api_of(recording):
    path = recording["target"].split("?")[0]
    path = re.sub(r"/(model|deployments|threads|assistants|models)/[^/]+", r"/\1/*", path)
    return recording["host"] + path + ("" if "json" in recording["response_type"] else " (streamed)")


def play(world, server, recordings, file, http2, coding):
    """One pass over all recordings; the exchanges heard of it, by the number of the recording."""
    trace = Trace(world)
    settings = {"recordings": file, "address": world.address, "port": server, "ca": world.path("ca.crt"), "http2": http2,
                "coding": coding, "pieces": PIECES, "parallel": PARALLEL}
    client = world.start([node(), os.path.join(HERE, "replay_client.mjs"), json.dumps(settings)])
    client.wait(900)
    if json.loads(client.said()[0]) != {"made": len(recordings), "wrong": 0}:
        sys.exit(f"the client itself did not get what was recorded: {client.said()}")
    exchanges = trace.exchanges(client.pid, len(recordings), timeout=10, enough=False)
    trace.stop()
    for line in trace.lost():
        print(f"HTTP/{2 if http2 else 1.1} {coding}: {line}")
    heard = collections.defaultdict(list)
    for exchange in exchanges:
        heard[int(exchange["http"]["user_agent"].removeprefix("replay/"))].append(exchange)
    return heard


def judge(recordings, heard, table, show):
    for number, recording in enumerate(recordings):
        exchanges = heard.get(number, [])
        wrong = ["not heard"] if not exchanges else ["heard twice"] if len(exchanges) > 1 else differences(recording, exchanges[0])
        tally = table[api_of(recording)]
        tally["exchanges"] += 1
        tally["exact" if not wrong else "differing"] += 1
        if wrong:
            show(f"{recording['file']} {recording['method']} {recording['target']}: {'; '.join(wrong[:3])}")


def main():
    folder, *codings = sys.argv[1:] or sys.exit(__doc__)
    lines = subprocess.run([sys.executable, os.path.join(HERE, "..", "to_jsonl.py"), folder], capture_output=True, check=True).stdout
    recordings = [one for one in map(json.loads, lines.splitlines()) if is_llm_traffic(one)]
    table, shown = collections.defaultdict(collections.Counter), set()
    world = World()
    try:
        file = world.path("recordings.jsonl")
        with open(file, "w") as out:
            out.writelines(json.dumps(one) + "\n" for one in recordings)
        settings = {"recordings": file, "address": world.address, "certificate": world.path("provider.crt"), "key": world.path("provider.key")}
        server = world.start([node(), os.path.join(HERE, "replay_server.mjs"), json.dumps(settings)])
        port = json.loads(server.read_line())["port"]
        for http2 in (False, True):
            for coding in codings or CODINGS:
                part = collections.defaultdict(collections.Counter)
                judge(recordings, play(world, port, recordings, file, http2, coding), part,
                      lambda line: line in shown or shown.add(line) or print(f"  {line}"))
                total = sum(part.values(), collections.Counter())
                print(f"HTTP/{2 if http2 else 1.1} {coding}: {total['exchanges']} exchanges, {total['exact']} exact, {total['differing']} differing", flush=True)
                for api, tally in part.items():
                    table[api] += tally
    finally:
        world.close()
    print(f"{'exchanges':>9} {'exact':>7} {'differing':>9}  provider and API")
    for api, tally in sorted(table.items()):
        print(f"{tally['exchanges']:9} {tally['exact']:7} {tally['differing']:9}  {api}")
    total = sum(table.values(), collections.Counter())
    print(f"{total['exchanges']:9} {total['exact']:7} {total['differing']:9}  all")
    return 1 if total["differing"] else 0


if __name__ == "__main__":
    sys.exit(main())
