"""Drives real TLS clients against a local server and compares what Sonde heard with what was said.

For each client and size, a request and an answer of that size; the SHA-256 of each direction as the
server's TLS layer saw it must be that of the captured stream. Prints a table; exit code 1 when a
cell differs or a client named on the command line cannot run.

capture_table.py --hear BINARY --programs DIR [--client NAME ...] [--size BYTES ...]
"""
import argparse
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from clients_list import CLIENTS
from grpc_server import GrpcServer
from tls_server import TlsServer, body_bytes

SIZES = [1, 16384, 16385, 300000, 8 << 20]
CLIENT_SECONDS = 90
WARM_UPS = 10


def make_certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
                   check=True, capture_output=True)
    return f"{folder}/cert.pem", f"{folder}/key.pem"


class Hear:
    """The program under test: hears from __init__ to stop()."""

    def __init__(self, binary, *arguments):
        self.process = subprocess.Popen([binary, *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "listening":
            raise SystemExit(f"{binary} does not listen")

    def has_heard(self, start):
        print(start, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip() == "yes"

    def stop(self):
        """The connections heard, and the loss line."""
        time.sleep(0.3)
        output, _ = self.process.communicate(timeout=60)
        lines = [json.loads(line) for line in output.splitlines()]
        if self.process.returncode != 0 or not lines:
            raise SystemExit(f"hear ended with {self.process.returncode}")
        return lines[:-1], lines[-1]


def run_case(client, server, folder, size, case=None):
    """Runs one client once; returns the case's id and an error or None."""
    case = case or f"{client.name}-{size}"
    body = Path(folder, f"body-{size}")
    if not body.exists():
        body.write_bytes(body_bytes(size))
    command = client.command(f"https://127.0.0.1:{server.port}", case, str(body), size)
    environment = {**os.environ, "SSL_CERT_FILE": f"{folder}/cert.pem", **client.environment}
    try:
        done = subprocess.run(command, capture_output=True, timeout=CLIENT_SECONDS, env=environment,
                              cwd=folder)
    except subprocess.TimeoutExpired:
        return case, "timed out"
    if done.returncode != 0:
        return case, f"exit {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}"
    return case, None


def compare(client, case, server, connections):
    """(request, answer, address): 'ok' or how the address was found, else what is wrong."""
    transcript = server.transcripts.get(case)
    if transcript is None:
        return ("not served",) * 3
    if client.server == "grpc":
        heard = [c for c in connections if c["network"].get("local") == transcript.peer]
    else:
        # A browser posts from a page, and uses the page's connection for it.
        starts = (f"POST /c/{case}?", f"GET /page/{case}?")
        # Other tests of this host may have such clients too, with a server of their own.
        host = f":{server.port}\r\n"
        heard = [c for c in connections
                 if c["sent"]["head"].startswith(starts) and host in c["sent"]["head"]]
    heard = [c for c in heard if (c["target"] or {}).get("tls") == client.stack]
    if len(heard) != 1:
        return (f"heard {len(heard)} times",) * 3
    results = []
    for direction, truth, size in (("sent", transcript.received, transcript.received_bytes),
                                   ("received", transcript.sent, transcript.sent_bytes)):
        stream = heard[0][direction]
        if stream["sha256"] == truth.hexdigest():
            results.append("ok")
        else:
            results.append(f"{stream['bytes']} of {size} B, {stream['gap_bytes']} in gaps")
    network = heard[0]["network"]
    if not network:
        address = "none"
    elif (network["local"], network["peer"]) == (transcript.peer, transcript.local):
        address = network["found_by"]
    else:
        address = f"wrong: {network}"
    return *results, address


def run_client(client, arguments, server, folder):
    """Rows (size, request, answer, address) of one client."""
    sizes = [size for size in arguments.size if size <= client.largest]
    hear = Hear(arguments.hear, *(["plainest"] if arguments.plainest else []))
    # A program that was never seen is located while it runs: that it is found in time is another
    # test (first_request.py); here it has run once before.
    for _ in range(WARM_UPS):
        run_case(client, server, folder, 1, "warm-up")
        time.sleep(0.5)
        if any(map(hear.has_heard, ("POST /c/warm-up?", "GET /page/warm-up?", "PRI * HTTP/2.0"))):
            break
    outcomes = [(size, *run_case(client, server, folder, size)) for size in sizes]
    connections, loss = hear.stop()
    if arguments.dump:
        Path(arguments.dump).write_text("\n".join(json.dumps(c) for c in connections))
    rows = []
    for size, case, error in outcomes:
        rows.append((size, *((error,) * 3 if error else compare(client, case, server, connections))))
    if any(loss["losses"]):
        print(f"  losses by reason: {loss['losses']}", file=sys.stderr)
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hear", required=True)
    parser.add_argument("--programs", required=True, help="folder of the built client programs")
    parser.add_argument("--client", action="append")
    parser.add_argument("--size", action="append", type=int)
    parser.add_argument("--plainest", action="store_true", help="as on the oldest supported kernel")
    parser.add_argument("--dump", help="write what was heard to this file")
    arguments = parser.parse_args()
    arguments.size = arguments.size or SIZES
    chosen = [c for c in CLIENTS if not arguments.client or c.name in arguments.client]
    unknown = set(arguments.client or []) - {c.name for c in chosen}
    if unknown:
        raise SystemExit(f"no such client: {', '.join(sorted(unknown))}")

    failed = 0
    print(f"{'stack':<10} {'client':<22} {'bytes':>8}  {'request':<12} {'answer':<12} address")
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = make_certificate(folder)
        servers = {("https", None): TlsServer(certificate, key),
                   ("https", "1.2"): TlsServer(certificate, key, ssl.TLSVersion.TLSv1_2),
                   ("grpc", None): GrpcServer(certificate, key)}
        for client in chosen:
            missing = client.prepare(arguments.programs)
            if missing:
                failed += 1
                print(f"{client.stack:<10} {client.name:<22} cannot run: {missing}", flush=True)
                continue
            for size, request, answer, address in run_client(client, arguments,
                                                             servers[client.server, client.tls], folder):
                # The oldest kernels tell sockets by kprobes, which not every kernel has.
                expected = "none" if arguments.plainest else client.address
                failed += (request, answer) != ("ok", "ok") or address != expected
                print(f"{client.stack:<10} {client.name:<22} {size:>8}  {request:<12} {answer:<12} "
                      f"{address}", flush=True)
    print(f"{failed} failed" if failed else "all equal")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
