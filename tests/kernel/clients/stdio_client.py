"""Starts a server and asks it for an answer of each size: stdio_client.py pipe|socket SERVER SIZE...

Says on standard error what went each way: {"client": pid, "server": pid, "sent": SHA-256,
"received": SHA-256, "sent_bytes": n, "received_bytes": n}, without the server's banner.
"""
import hashlib
import json
import os
import socket
import subprocess
import sys

how, server, sizes = sys.argv[1], sys.argv[2], [int(size) for size in sys.argv[3:]]
if how == "pipe":
    child = subprocess.Popen([sys.executable, server], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    to_child, from_child = child.stdin, child.stdout
else:
    ours_in, theirs_in = socket.socketpair()
    ours_out, theirs_out = socket.socketpair()
    child = subprocess.Popen([sys.executable, server], stdin=theirs_in, stdout=theirs_out)
    theirs_in.close(), theirs_out.close()
    to_child, from_child = ours_in.makefile("wb"), ours_out.makefile("rb")
sent, received = hashlib.sha256(), hashlib.sha256()
counts = [0, 0]
from_child.readline()
for number, size in enumerate(sizes):
    line = json.dumps({"jsonrpc": "2.0", "id": number, "method": "ping", "answer": size, "pad": "p" * size}).encode() + b"\n"
    sent.update(line)
    to_child.write(line)
    to_child.flush()
    answer = from_child.readline()
    received.update(answer)
    counts[0] += len(line)
    counts[1] += len(answer)
print(json.dumps({"client": os.getpid(), "server": child.pid, "sent": sent.hexdigest(),
                  "received": received.hexdigest(), "sent_bytes": counts[0], "received_bytes": counts[1]}), file=sys.stderr)
child.terminate()
child.wait()
