"""An application on httpx or requests: python_client.py httpx|requests

For each line of JSON on its input {"url", "body", "headers"} one call, and one line with status and
body as it came. The package, and with it libssl, is loaded with the first call and not before.
"""
import importlib
import json
import sys


def call_httpx(httpx, state, job):
    if "client" not in state:
        state["client"] = httpx.Client(timeout=60)
    with state["client"].stream("POST", job["url"], json=job["body"], headers=job["headers"]) as answer:
        return answer.status_code, "".join(answer.iter_text())


def call_requests(requests, state, job):
    if "session" not in state:
        state["session"] = requests.Session()
    answer = state["session"].post(job["url"], json=job["body"], headers=job["headers"],
                                   stream=bool(job["body"].get("stream")), timeout=60)
    content = b"".join(answer.iter_content(chunk_size=None))
    return answer.status_code, content.decode()


def main():
    package = sys.argv[1]
    call = {"httpx": call_httpx, "requests": call_requests}[package]
    state = {}
    for line in sys.stdin:
        try:
            status, body = call(importlib.import_module(package), state, json.loads(line))
            result = {"status": status, "body": body}
        except Exception as error:  # the driver reports it
            result = {"error": repr(error)}
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
