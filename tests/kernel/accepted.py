"""Who a server's client is must be known by the time its request is: before the answer is sent.

accepted.py --hear BINARY: servers on Node.js and asyncio, which hand TLS its bytes through memory, and
curl beside each other. Both ends are heard: the address that the server's connection has must be the
client's own. Only the first connection of a process may be late: it tells how the process works.
"""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from capture_table import Hear, make_certificate

HERE = Path(__file__).parent / "clients"
SERVERS = {"node": ["node", str(HERE / "server.mjs")],
           "asyncio": ["/usr/bin/python3", str(HERE / "server.py")]}
CASES = [[], ["--tls-max", "1.2"], ["--data-binary", "@/etc/services"]]
BESIDE_EACH_OTHER = 8


def exchanges(name, port):
    """Runs the clients; what each request begins with."""
    heads = []
    subprocess.run(["curl", "-sSk", "-o", "/dev/null", f"https://127.0.0.1:{port}/first?answer=1"],
                   check=True, timeout=60)
    for turn, options in enumerate(CASES):
        clients = []
        for number in range(BESIDE_EACH_OTHER):
            path = f"/{name}/{turn}/{number}?answer={1000 * number + 1}"
            heads.append(f"{'POST' if '--data-binary' in options else 'GET'} {path} ")
            clients.append(subprocess.Popen(["curl", "-sSk", "--http1.1", "-o", "/dev/null", *options,
                                             f"https://127.0.0.1:{port}{path}"]))
        if any(client.wait(60) for client in clients):
            raise SystemExit("a client failed")
    return heads


def wrong(head, connections):
    """Why the connection of this request is not as it must be, or None."""
    clients = [c for c in connections if c["sent"]["head"].startswith(head)]
    servers = [c for c in connections if c["received"]["head"].startswith(head)]
    if len(clients) != 1 or len(servers) != 1:
        return f"{len(clients)} clients and {len(servers)} servers"
    client, server = clients[0]["network"], servers[0]["network"]
    if not server or (server["local"], server["peer"]) != (client["peer"], client["local"]):
        return f"{server} is not {client}"
    if server["sent_before"] != 0:
        return f"known after {server['sent_before']} bytes of answer"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hear", required=True)
    arguments = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        certificate = make_certificate(folder)
        for name, command in SERVERS.items():
            server = subprocess.Popen([*command, *certificate], stdout=subprocess.PIPE, text=True)
            try:
                port = int(server.stdout.readline())
                hear = Hear(arguments.hear)
                heads = exchanges(name, port)
                connections, _ = hear.stop()
            finally:
                server.terminate()
                server.wait()
            reasons = [f"  {head}: {why}" for head in heads if (why := wrong(head, connections))]
            print(f"{name}: {len(heads) - len(reasons)} of {len(heads)} known before the answer",
                  *reasons, sep="\n")
            failed += len(reasons)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
