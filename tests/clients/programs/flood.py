"""flood.py ADDRESS CERTIFICATE KEY CA CONNECTIONS MEBIBYTES: as many connections with requests to a language
model that never end, each of so many MiB by then. Both ends are this process. Says "sent", and waits."""
import socket
import ssl
import sys
import threading

address, certificate, key, ca = sys.argv[1:5]
connections, mebibytes = map(int, sys.argv[5:])
HEAD = (b"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nContent-Type: application/json\r\n"
        b"Content-Length: 999999999\r\n\r\n"
        b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":"')
PIECE = b"What is the capital of France, and why? " * 409


def take_all(context, connection):
    with context.wrap_socket(connection, server_side=True) as stream:
        while stream.recv(65536):
            pass


def accept(context, listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=take_all, args=(context, connection), daemon=True).start()


def main():
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    listener = socket.create_server((address, 0))
    threading.Thread(target=accept, args=(server, listener), daemon=True).start()
    client = ssl.create_default_context(cafile=ca)
    open_now = []
    for _ in range(connections):
        stream = client.wrap_socket(socket.create_connection(listener.getsockname()), server_hostname="api.openai.com")
        stream.sendall(HEAD)
        for _ in range(mebibytes * 64):
            stream.sendall(PIECE)
        open_now.append(stream)
    print("sent", flush=True)
    sys.stdin.read()


main()
