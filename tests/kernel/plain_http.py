"""HTTP without TLS on loopback: client and server are both heard, byte for byte.

plain_http.py --hear BINARY --programs DIR [--client NAME ...]

For each client and size, a request and an answer of that size. What was captured of each end must
have the SHA-256 of what the server's sockets took and gave. A server on a port that was not chosen
must not be heard at all.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from capture_table import SIZES, Hear
from tls_server import TlsServer, body_bytes

HERE = Path(__file__).parent / "clients"
PYTHON = "/usr/bin/python3"
CLIENT_SECONDS = 90
RING_BYTES = str(64 << 20)


class PlainServer(TlsServer):
    """The same server on bare sockets."""

    class NoTls:
        def set_alpn_protocols(self, protocols):
            pass

        def load_cert_chain(self, certificate, key):
            pass

        @contextmanager
        def wrap_socket(self, raw, server_side):
            with raw:
                yield raw

    def __init__(self):
        super().__init__(None, None, context=self.NoTls())


def clients(programs):
    python, node = (lambda how: [PYTHON, HERE / "plain_client.py", how]), shutil.which("node")
    script = HERE / "plain_client.mjs"
    return {
        "curl": lambda url, body, size: ["/usr/bin/curl", "-sS", "--fail", "-o", "/dev/null",
                                         "--data-binary", f"@{body}", url],
        "python-call": lambda *rest: [*python("call"), *rest],
        "python-vectors": lambda *rest: [*python("vectors"), *rest],
        "python-asyncio": lambda *rest: [*python("asyncio"), *rest],
        "node-fetch": lambda *rest: [node, script, "fetch", *rest],
        "node-request": lambda *rest: [node, script, "request", *rest],
        "go": lambda *rest: [Path(programs, "go_client"), *rest],
    }


def run_case(command, server, folder, case, size):
    """None, or what went wrong."""
    body = Path(folder, f"body-{size}")
    if not body.exists():
        body.write_bytes(body_bytes(size))
    words = command(f"http://127.0.0.1:{server.port}/c/{case}?answer={size}", str(body), str(size))
    done = subprocess.run([str(word) for word in words], capture_output=True, timeout=CLIENT_SECONDS,
                          env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"})
    return None if done.returncode == 0 else done.stderr.decode(errors="replace")[-300:]


def end_of(connections, case, side, transcript):
    """'ok', or what is wrong with the one connection that this end must have been."""
    request, answer = ("sent", "received") if side == "client" else ("received", "sent")
    heard = [c for c in connections if c[request]["head"].startswith(f"POST /c/{case}?")]
    if len(heard) != 1:
        return f"heard {len(heard)} times"
    for name, truth, size in ((request, transcript.received, transcript.received_bytes),
                              (answer, transcript.sent, transcript.sent_bytes)):
        stream = heard[0][name]
        if stream["sha256"] != truth.hexdigest():
            return f"{name} {stream['bytes']} of {size} B, {stream['gap_bytes']} in gaps"
    ends = (transcript.peer, transcript.local)
    network = heard[0]["network"]
    if (network["local"], network["peer"]) != (ends if side == "client" else ends[::-1]):
        return f"wrong address: {network}"
    target = heard[0]["target"]
    return "ok" if (target["tls"], target["located_by"]) == ("none", "socket") else f"{target}"


def who(connections, case, request):
    """The executable of the process that one end was heard in."""
    for connection in connections:
        if connection[request]["head"].startswith(f"POST /c/{case}?"):
            return (connection["process"] or {}).get("exe")
    return None


def check(arguments, folder):
    known = clients(arguments.programs)
    chosen = arguments.client or list(known)
    server, other = PlainServer(), PlainServer()
    hear = Hear(arguments.hear, RING_BYTES, str(server.port))
    errors = {(name, size): run_case(known[name], server, folder, f"plain-{name}-{size}", size)
              for name in chosen for size in SIZES}
    errors["unheard"] = run_case(known["curl"], other, folder, "unheard", 1)
    connections, loss = hear.stop()
    failed = 0
    for name in chosen:
        for size in SIZES:
            case = f"plain-{name}-{size}"
            if error := errors[name, size]:
                results = [error]
            else:
                transcript = server.transcripts[case]
                results = [end_of(connections, case, side, transcript) for side in ("client", "server")]
            failed += results != ["ok", "ok"]
            print(f"{name:<15} {size:>8}  {'  '.join(results)}", flush=True)
    if errors["unheard"] or end_of(connections, "unheard", "client", None) != "heard 0 times":
        failed += 1
        print("a connection of another port was heard")
    if (server_exe := who(connections, f"plain-{chosen[0]}-1", "received")) != os.path.realpath("/proc/self/exe"):
        failed += 1
        print(f"the server is taken for {server_exe}")
    if any(loss["losses"]):
        failed += 1
        print(f"losses by reason: {loss['losses']}")
    return failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hear", required=True)
    parser.add_argument("--programs", required=True, help="folder of the built client programs")
    parser.add_argument("--client", action="append")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        failed = check(arguments, folder)
    print(f"{failed} failed" if failed else "all equal")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
