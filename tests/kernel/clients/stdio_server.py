"""Answers each line of JSON on standard input: stdio_server.py; "answer" says how long the answer is."""
import json
import sys

print("a banner that is no JSON", flush=True)
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": "a" * request["answer"]}), flush=True)
