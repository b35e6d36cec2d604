"""Servers over standard input and output: both ends are heard, byte for byte, pipes and sockets.

stdio.py --hear BINARY

What was captured of client and server must have the SHA-256 of what the client wrote and read. A
filter between two commands is no server: nothing of it is heard. The last part runs a server that is
older than the sensor.
"""
import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from capture_table import Hear

HERE = Path(__file__).parent / "clients"
PYTHON = "/usr/bin/python3"
SIZES = ["1", "16384", "300000", str(8 << 20)]
RING_BYTES = str(64 << 20)


def run_client(how):
    command = [PYTHON, HERE / "stdio_client.py", how, HERE / "stdio_server.py", *SIZES]
    done = subprocess.run(command, capture_output=True, timeout=120)
    if done.returncode != 0:
        raise SystemExit(done.stderr.decode())
    return json.loads(done.stderr.decode().splitlines()[-1])


def compare(connections, truth, side):
    """'ok', or what is wrong with one end."""
    mine = [c for c in connections if c["tgid"] == truth[side] and (c["target"] or {}).get("tls") == "stdio"]
    if len(mine) != 1:
        return f"heard {len(mine)} times"
    for direction in ("sent", "received"):
        other = {"sent": "received", "received": "sent"}[direction]
        stream = mine[0][direction if side == "client" else other]
        if stream["sha256"] != truth[direction]:
            return f"{direction} {stream['bytes']} of {truth[direction + '_bytes']} B, {stream['gap_bytes']} in gaps"
    return "ok"


def check_filter(hear_binary):
    """Lines of JSON through a filter of a shell's pipeline."""
    hear = Hear(hear_binary, RING_BYTES)
    script = "for i in 1 2 3; do echo '{\"jsonrpc\":\"2.0\"}'; sleep 0.1; done | /usr/bin/cat -u | cat > /dev/null"
    subprocess.run(["sh", "-c", script], check=True, timeout=30)
    connections, _ = hear.stop()
    heard = [c for c in connections if (c["process"] or {}).get("exe", "").endswith("/cat")]
    return "ok" if not heard else f"heard {len(heard)} times"


def check_late(hear_binary):
    """A server that was there first; its next call is heard at its end."""
    server = subprocess.Popen([PYTHON, HERE / "stdio_server.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    time.sleep(0.5)
    hear = Hear(hear_binary, RING_BYTES)
    line = b'{"jsonrpc":"2.0","id":1,"answer":3}\n'
    server.stdin.write(line)
    server.stdin.flush()
    server.stdout.readline(), server.stdout.readline()
    connections, _ = hear.stop()
    server.kill()
    server.wait()
    heard = [c for c in connections if c["tgid"] == server.pid]
    return "ok" if [c["received"]["head"] for c in heard] == [line.decode()] else f"{heard}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hear", required=True)
    arguments = parser.parse_args()
    hear = Hear(arguments.hear, RING_BYTES)
    truths = {how: run_client(how) for how in ("pipe", "socket")}
    connections, loss = hear.stop()
    results = {f"{how}, {side}": compare(connections, truth, side)
               for how, truth in truths.items() for side in ("client", "server")}
    results["losses"] = "ok" if not any(loss["losses"]) else f"{loss['losses']}"
    results["filter of a pipeline"] = check_filter(arguments.hear)
    results["older than the sensor"] = check_late(arguments.hear)
    for name, result in results.items():
        print(f"{name:<22} {result}")
    return int(any(result != "ok" for result in results.values()))


if __name__ == "__main__":
    sys.exit(main())
