"""What must hold however busy the host is: nothing lost unsaid, and no client ever hurt.

stress.py --hear BINARY --programs DIR overload|churn|restart|first-request [--rounds N]

overload       with a ring of 256 KiB and clients at full speed, captured and reported-lost bytes
               together are what the clients sent and got.
churn          probes come and go in the library that clients work with: no client fails.
restart        the same with the whole program, from its start to its end.
first-request  short-lived processes of a known library are all heard; a static program never seen
               before, which connects 50 ms after its start, at least 95 times of 100. How often a
               program is heard that brings a library never seen and does not wait, is printed.
"""
import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from capture_table import Hear, make_certificate
from tls_server import TlsServer, body_bytes

RING_FULL, FAULT, TOO_LONG = 0, 1, 2


class Bench:
    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, folder
        self.server = TlsServer(*make_certificate(folder))
        self.program = str(Path(arguments.programs, "openssl_shared").resolve())

    def body(self, size):
        path = Path(self.folder, f"body-{size}")
        path.write_bytes(body_bytes(size))
        return str(path)

    def url(self, case, size):
        return f"https://127.0.0.1:{self.server.port}/c/{case}?answer={size}"

    def exchange(self, case, body, size):
        """Runs a client; its exit code."""
        command = [self.program, self.url(case, size), body, str(size)]
        return subprocess.run(command, capture_output=True, timeout=60).returncode


def overload(bench):
    hear = Hear(bench.arguments.hear, str(256 << 10))
    body, size, clients = bench.body(4 << 20), 4 << 20, 4
    failures = []

    def work(number):
        for turn in range(bench.arguments.rounds or 3):
            if bench.exchange(f"over-{number}-{turn}", body, size):
                failures.append(number)
    threads = [threading.Thread(target=work, args=(n,)) for n in range(clients)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    connections, loss = hear.stop()
    said = heard = gaps = 0
    for case, transcript in bench.server.transcripts.items():
        # Both ends are on this host: the client's connection and the server's.
        said += 2 * (transcript.received_bytes + transcript.sent_bytes)
    ours = {transcript.peer for transcript in bench.server.transcripts.values()} | {
        transcript.local for transcript in bench.server.transcripts.values()}
    for c in connections:
        if c["network"].get("local") in ours or c["network"].get("peer") in ours:
            heard += c["sent"]["bytes"] + c["received"]["bytes"]
            gaps += c["sent"]["gap_bytes"] + c["received"]["gap_bytes"]
    lost = sum(loss["losses"][reason] for reason in (RING_FULL, FAULT, TOO_LONG))
    print(f"said {said} B, captured {heard} B, gaps {gaps} B, counted lost {lost} B, "
          f"{len(failures)} clients failed")
    # Connections of other programs on this host may add to the count of what was lost, never take.
    return not failures and heard < said and heard + lost >= said and gaps <= lost


def while_clients_work(bench, disturb):
    """Runs disturb() while two clients make exchanges; true when none of these failed."""
    body = bench.body(20000)
    stop, failures, done = threading.Event(), [], [0]

    def work(number):
        while not stop.is_set():
            if bench.exchange(f"churn-{number}-{done[0]}", body, 20000):
                failures.append(number)
            done[0] += 1
    threads = [threading.Thread(target=work, args=(n,)) for n in range(2)]
    [t.start() for t in threads]
    try:
        disturb()
    finally:
        stop.set()
        [t.join() for t in threads]
    print(f"{done[0]} exchanges, {len(failures)} failed")
    return done[0] > 0 and not failures


def library_of(program):
    """The libssl that a program is linked with."""
    libraries = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return next(line.split()[2] for line in libraries.splitlines() if "libssl" in line)


def churn(bench):
    rounds = bench.arguments.rounds or 1000
    library = library_of(bench.program)

    def disturb():
        print(subprocess.run([bench.arguments.hear, "churn", library, str(rounds)], check=True,
                             capture_output=True, text=True).stdout.strip())
    return while_clients_work(bench, disturb)


def restart(bench):
    rounds = bench.arguments.rounds or 20

    def disturb():
        started = time.monotonic()
        for _ in range(rounds):
            hear = Hear(bench.arguments.hear)
            hear.process.stdin.close()
            hear.process.stdout.read()
            hear.process.wait(timeout=60)
        print(f"{rounds} times started and ended, {(time.monotonic() - started) / rounds:.2f} s each")
    return while_clients_work(bench, disturb)


def first_request(bench):
    rounds, body = bench.arguments.rounds or 1000, bench.body(1)
    hear = Hear(bench.arguments.hear)
    known = [f"known-{n}" for n in range(rounds)]
    failed = sum(bench.exchange(case, body, 1) != 0 for case in known)
    static = Path(bench.arguments.programs, "openssl_static_stripped")
    wait = str(bench.arguments.wait_ms)
    fresh = [f"fresh-{n}" for n in range(max(1, rounds // 10))]
    for case in fresh:
        # A copy is another inode: nobody has seen it. It sleeps first, as programs start up.
        copy = Path(bench.folder, case)
        shutil.copy(static, copy)
        command = [str(copy), "--wait-ms", wait, bench.url(case, 1), body, "1"]
        failed += subprocess.run(command, capture_output=True, timeout=60).returncode != 0
        copy.unlink()
    # As in a container whose image was not there before: its own copy of a library.
    libraries = [f"library-{n}" for n in range(len(fresh))]
    for case in libraries:
        folder = Path(bench.folder, case)
        folder.mkdir()
        shutil.copy(library_of(bench.program), folder)
        command = [bench.program, bench.url(case, 1), body, "1"]
        failed += subprocess.run(command, capture_output=True, timeout=60,
                                 env={"LD_LIBRARY_PATH": str(folder)}).returncode != 0
        shutil.rmtree(folder)
    connections, _ = hear.stop()
    heads = [c["sent"]["head"] for c in connections]

    def heard(cases):
        return sum(any(head.startswith(f"POST /c/{case}?") for head in heads) for case in cases)
    print(f"known library: {heard(known)} of {len(known)} heard; never seen, {wait} ms: "
          f"{heard(fresh)} of {len(fresh)}; library never seen, at once: {heard(libraries)} of "
          f"{len(libraries)}; {failed} clients failed")
    return not failed and heard(known) == len(known) and heard(fresh) >= 0.95 * len(fresh)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["overload", "churn", "restart", "first-request"])
    parser.add_argument("--hear", required=True)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--wait-ms", type=int, default=50, help="of programs never seen")
    arguments = parser.parse_args()
    tests = {"overload": overload, "churn": churn, "restart": restart,
             "first-request": first_request}
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        good = tests[arguments.what](Bench(arguments, folder))
        print(f"{arguments.what}: {'good' if good else 'FAILED'} in "
              f"{time.monotonic() - started:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
