"""POSTs a file over TLS with the standard library; the whole request goes out in one call.

client.py sync|asyncio URL FILE ANSWER_BYTES
"""
import asyncio
import socket
import ssl
import sys
from urllib.parse import urlsplit

how, url, path, answer = sys.argv[1], urlsplit(sys.argv[2]), sys.argv[3], int(sys.argv[4])
body = open(path, "rb").read()
request = (f"POST {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n"
           f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode() + body
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE


def check(reply):
    got = len(reply.partition(b"\r\n\r\n")[2])
    if got != answer:
        sys.exit(f"{got} bytes of answer, {answer} expected")


def run_sync():
    raw = socket.create_connection((url.hostname, url.port))
    with context.wrap_socket(raw, server_hostname="localhost") as connection:
        connection.sendall(request)
        reply = bytearray()
        while chunk := connection.recv(1 << 20):
            reply += chunk
    check(reply)


async def run_asyncio():
    reader, writer = await asyncio.open_connection(url.hostname, url.port, ssl=context,
                                                   server_hostname="localhost")
    writer.write(request)
    await writer.drain()
    check(await reader.read(-1))
    writer.close()


run_sync() if how == "sync" else asyncio.run(run_asyncio())
