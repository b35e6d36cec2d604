"""As much of gRPC over HTTP/2 (RFC 9113) as one unary call needs, over the TLS server's connection, so
that each byte is accounted for. The message begins with a line "CASE ANSWER_BYTES".
"""
import struct

from tls_server import TlsServer, body_bytes

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
INITIAL_WINDOW_SIZE = 4
FRAME_BYTES = 16384


def literal(name, value):
    """A header field without indexing (RFC 7541, 6.2.2)."""
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


ANSWER_HEADERS = b"\x88" + literal(b"content-type", b"application/grpc")  # 0x88: ":status: 200"
TRAILERS = literal(b"grpc-status", b"0")


class Call:
    """One connection: reads frames, keeps the client's windows."""

    def __init__(self, more, answer):
        self.more, self.answer, self.data = more, answer, b""
        self.window, self.stream_window, self.initial = 65535, 0, 65535
        self.stream, self.message, self.ended = 0, b"", False
        self.quiet = False  # all is said: the client may not read what comes now

    def take(self, size):
        while len(self.data) < size:
            chunk = self.more()
            if not chunk:
                raise EOFError
            self.data += chunk
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def send(self, kind, flags, stream, payload):
        if self.quiet:
            return
        self.answer(struct.pack(">I", len(payload))[1:] + bytes([kind, flags])
                    + struct.pack(">I", stream) + payload)

    def read_frame(self):
        head = self.take(9)
        size, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
        stream = int.from_bytes(head[5:], "big")
        payload = self.take(size)
        if kind == SETTINGS and not flags & ACK:
            for at in range(0, size, 6):
                name, value = struct.unpack_from(">HI", payload, at)
                if name == INITIAL_WINDOW_SIZE:
                    self.stream_window += value - self.initial
                    self.initial = value
            self.send(SETTINGS, ACK, 0, b"")
        elif kind == PING and not flags & ACK:
            self.send(PING, ACK, 0, payload)
        elif kind == WINDOW_UPDATE:
            grown = int.from_bytes(payload, "big")
            if stream:
                self.stream_window += grown
            else:
                self.window += grown
        elif kind == HEADERS:
            self.stream, self.stream_window = stream, self.initial
        elif kind == DATA:
            self.message += payload
            if size:
                for of in (0, stream):
                    self.send(WINDOW_UPDATE, 0, of, struct.pack(">I", size))
        self.ended |= kind in (DATA, HEADERS) and bool(flags & END_STREAM)

    def send_message(self, payload):
        message = b"\0" + struct.pack(">I", len(payload)) + payload
        self.send(HEADERS, END_HEADERS, self.stream, ANSWER_HEADERS)
        while message:
            room = min(self.window, self.stream_window, FRAME_BYTES)
            if room <= 0:
                self.read_frame()
                continue
            self.send(DATA, 0, self.stream, message[:room])
            self.window -= min(room, len(message))
            self.stream_window -= min(room, len(message))
            message = message[room:]
        self.send(HEADERS, END_HEADERS | END_STREAM, self.stream, TRAILERS)
        self.quiet = True


class GrpcServer(TlsServer):
    PROTOCOLS = ["h2"]

    def _serve_request(self, connection, transcript, data):
        def more():
            return self.read(connection, transcript)

        def answer(payload):
            self.write(connection, transcript, payload)

        call = Call(more, answer)
        try:
            if call.take(len(PREFACE)) != PREFACE:
                raise ValueError("no HTTP/2")
            call.send(SETTINGS, 0, 0, b"")
            while not call.ended:
                call.read_frame()
            case, size = call.message[5:].partition(b"\n")[0].decode().split(" ")
            self.transcripts[case] = transcript
            call.send_message(body_bytes(int(size)))
            while True:
                call.read_frame()
        except EOFError:
            return None
