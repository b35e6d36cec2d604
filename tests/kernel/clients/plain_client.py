"""POSTs a file over plain HTTP with the standard library.

plain_client.py call|vectors|asyncio URL FILE ANSWER_BYTES

call sends the whole request in one call, vectors in one sendmsg() of many buffers.
"""
import asyncio
import socket
import sys
from urllib.parse import urlsplit

how, url, path, answer = sys.argv[1], urlsplit(sys.argv[2]), sys.argv[3], int(sys.argv[4])
body = open(path, "rb").read()
head = (f"POST {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode()
PIECES = 900  # sendmsg() takes 1024


def check(reply):
    got = len(reply.partition(b"\r\n\r\n")[2])
    if got != answer:
        sys.exit(f"{got} bytes of answer, {answer} expected")


def send_vectors(connection, buffers):
    while buffers:
        sent = connection.sendmsg(buffers)
        while buffers and sent >= len(buffers[0]):
            sent -= len(buffers.pop(0))
        if sent:
            buffers[0] = buffers[0][sent:]


def run_sync():
    with socket.create_connection((url.hostname, url.port)) as connection:
        if how == "call":
            connection.sendall(head + body)
        else:
            step = max(1, len(body) // PIECES)
            send_vectors(connection, [memoryview(head)] + [memoryview(body)[i:i + step]
                                                           for i in range(0, len(body), step)])
        connection.recv(16, socket.MSG_PEEK)  # a look is no reception
        reply = bytearray()
        while chunk := connection.recv(1 << 20):
            reply += chunk
    check(reply)


async def run_asyncio():
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.writelines([head, body])
    await writer.drain()
    check(await reader.read(-1))
    writer.close()


asyncio.run(run_asyncio()) if how == "asyncio" else run_sync()
