#!/usr/bin/python3
"""An echoing WebSocket server, or a client that talks to one, with permessage-deflate.

websocket_pair.py serve               prints its port, ends when stdin does
websocket_pair.py talk PORT DEFLATE   DEFLATE: none, takeover or no_takeover; prints the truth as JSON
"""
import asyncio, json, random, sys, zlib

import websockets
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory)


async def echo(socket, path=None):
    async for message in socket:
        await socket.send(message)
        if isinstance(message, str) and len(message) > 1000:
            third = len(message) // 3  # fragments
            await socket.send([message[:third], message[third:2 * third], message[2 * third:]])
            await socket.ping()


async def serve():
    extensions = [ServerPerMessageDeflateFactory()]
    async with websockets.serve(echo, "127.0.0.1", 0, compression=None, extensions=extensions,
                                max_size=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def talk(port, deflate):
    bare = deflate == "no_takeover"
    extensions = None if deflate == "none" else [ClientPerMessageDeflateFactory(
        server_no_context_takeover=bare, client_no_context_takeover=bare)]
    rng = random.Random(7)
    sent, received = [], []
    async with websockets.connect(f"ws://127.0.0.1:{port}/v1/realtime?model=m", compression=None,
                                  extensions=extensions, max_size=None) as socket:
        for index in range(40):
            size = rng.choice([0, 1, 125, 126, 700, 5000, 66000, 300000])
            message = json.dumps({"index": index, "text": "".join(rng.choices("abcdefgh ", k=size))})
            if index % 9 == 0:
                message = rng.randbytes(size + 1)
            await socket.send(message)
            sent.append(message)
            received.append(await socket.recv())
            if isinstance(message, str) and len(message) > 1000:
                received.append(await socket.recv())

    def facts(messages):
        body = b"".join(m if isinstance(m, bytes) else m.encode() for m in messages)
        return {"bytes": len(body), "crc": zlib.crc32(body), "pieces": len(messages)}
    print(json.dumps({"request": facts(sent), "response": facts(received)}))


if sys.argv[1] == "serve":
    asyncio.run(serve())
else:
    asyncio.run(talk(int(sys.argv[2]), sys.argv[3]))
