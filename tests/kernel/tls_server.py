"""A TLS server on loopback that knows, for each request, what went over the wire in both directions.

A request's target is /c/ID?answer=N: the answer has N bytes. The SHA-256 of everything the TLS layer
delivered and accepted on that connection is kept under ID. HTTP/1.1, one request a connection, unless
the client keeps it open and asks again.
"""
import hashlib
import random
import socket
import ssl
import threading

PAGE = """<!doctype html><title>page</title><script>
const bytes = new Uint8Array(REQUEST);
for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31) & 255;
fetch('/c/ID?answer=ANSWER', {method: 'POST', body: bytes}).then(r => r.arrayBuffer()).then(
    b => { document.title = 'got ' + b.byteLength; });
</script>"""


def body_bytes(size):
    """The same bytes each time, with zeros and line ends among them."""
    return random.Random(size).randbytes(size)


class Transcript:
    def __init__(self):
        self.received = hashlib.sha256()
        self.sent = hashlib.sha256()
        self.received_bytes = 0
        self.sent_bytes = 0
        self.peer = None
        self.local = None


class TlsServer:
    """Serves on a free port of 127.0.0.1 until stop()."""

    PROTOCOLS = ["http/1.1"]

    def __init__(self, certificate, key, maximum_version=None, context=None):
        self.context = context or ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.context.set_alpn_protocols(self.PROTOCOLS)
        if maximum_version:
            self.context.maximum_version = maximum_version
        self.transcripts = {}
        self.errors = []
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, raw):
        transcript = Transcript()
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            transcript.peer = "%s:%d" % raw.getpeername()
            transcript.local = "%s:%d" % raw.getsockname()
            with self.context.wrap_socket(raw, server_side=True) as connection:
                connection.settimeout(60)
                self.connections += 1
                rest = b""
                while rest is not None:
                    rest = self._serve_request(connection, transcript, rest)
        except (OSError, ValueError) as error:
            self.errors.append(repr(error))

    @staticmethod
    def read(connection, transcript):
        chunk = connection.recv(1 << 16)
        transcript.received.update(chunk)
        transcript.received_bytes += len(chunk)
        return chunk

    @staticmethod
    def write(connection, transcript, payload):
        # Counted first: the client may have all of it before send returns here.
        transcript.sent.update(payload)
        transcript.sent_bytes += len(payload)
        connection.sendall(payload)

    def _serve_request(self, connection, transcript, data):
        def more():
            return self.read(connection, transcript)

        def answer(payload):
            self.write(connection, transcript, payload)

        while b"\r\n\r\n" not in data:
            chunk = more()
            if not chunk:
                return None
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        target = lines[0].split(" ")[1]
        if headers.get("expect", "") == "100-continue":
            answer(b"HTTP/1.1 100 Continue\r\n\r\n")
        rest = self._read_body(headers, body, more)
        name = target.split("/")[-1].split("?")[0]
        query = dict(pair.split("=") for pair in target.partition("?")[2].split("&") if "=" in pair)
        if target.startswith("/c/"):
            self.transcripts[name] = transcript
            payload, kind = body_bytes(int(query.get("answer", 1))), "application/octet-stream"
        elif target.startswith("/page/"):
            page = PAGE.replace("ID", name).replace("ANSWER", query["answer"])
            payload, kind = page.replace("REQUEST", query["request"]).encode(), "text/html"
        else:
            payload, kind = b"", "text/plain"
        keep = headers.get("connection", "") == "keep-alive"
        answer(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: %s\r\n\r\n"
               % (kind.encode(), len(payload), b"keep-alive" if keep else b"close") + payload)
        return rest if keep else None

    @staticmethod
    def _read_body(headers, body, more):
        """Reads one body to its end; what follows it is the start of the next request."""
        def fill(size):
            nonlocal body
            while len(body) < size:
                chunk = more()
                if not chunk:
                    raise ValueError("the client closed in the middle of a body")
                body += chunk

        if headers.get("transfer-encoding", "") != "chunked":
            length = int(headers.get("content-length", 0))
            fill(length)
            return body[length:]
        while True:
            while b"\r\n" not in body:
                fill(len(body) + 1)
            line, _, _ = body.partition(b"\r\n")
            size = int(line.split(b";")[0], 16)
            fill(len(line) + 2 + size + 2)
            body = body[len(line) + 2 + size + 2:]
            if size == 0:
                return body
