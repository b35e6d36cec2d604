"""The same as server.mjs, on asyncio. server.py CERTIFICATE KEY"""
import asyncio
import ssl
import sys


async def serve(reader, writer):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = [line.split(": ")[1] for line in head.lower().split("\r\n")
              if line.startswith("content-length: ")]
    await reader.readexactly(int(length[0]) if length else 0)
    size = int(head.split("answer=")[1].split()[0])
    await asyncio.sleep(0.005)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % size)
    writer.write(b"x" * size)
    await writer.drain()
    writer.close()


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
