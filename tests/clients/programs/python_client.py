"""An application on httpx, requests or httpx with asyncio: python_client.py httpx|requests|asyncio

For each line of JSON on its input {"url", "body", "headers"} one call, and one line with status and
body as it came. The package, and with it libssl, is loaded with the first call and not before. With
asyncio, whose TLS works on memory instead of sockets, a line is a list of calls that run at once.
"""
import importlib
import json
import sys


def call_httpx(httpx, state, job):
    if "client" not in state:
        state["client"] = httpx.Client(timeout=60)
    with state["client"].stream("POST", job["url"], json=job["body"], headers=job["headers"]) as answer:
        return {"status": answer.status_code, "body": "".join(answer.iter_text())}


def call_requests(requests, state, job):
    if "session" not in state:
        state["session"] = requests.Session()
    answer = state["session"].post(job["url"], json=job["body"], headers=job["headers"],
                                   stream=bool(job["body"].get("stream")), timeout=60)
    content = b"".join(answer.iter_content(chunk_size=None))
    return {"status": answer.status_code, "body": content.decode()}


def call_asyncio(httpx, state, jobs):
    import asyncio

    async def call(client, job):
        answer = await client.post(job["url"], json=job["body"], headers=job["headers"])
        return {"status": answer.status_code, "body": answer.text}

    async def call_all():
        async with httpx.AsyncClient(timeout=60) as client:
            return await asyncio.gather(*(call(client, job) for job in jobs))

    return asyncio.run(call_all())


def main():
    package = {"asyncio": "httpx"}.get(sys.argv[1], sys.argv[1])
    call = {"httpx": call_httpx, "requests": call_requests, "asyncio": call_asyncio}[sys.argv[1]]
    state = {}
    for line in sys.stdin:
        try:
            result = call(importlib.import_module(package), state, json.loads(line))
        except Exception as error:  # the driver reports it
            result = {"error": repr(error)}
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
