"""Writes recordings as `sonde record` does (include/sonde/abi.h), from what a story says."""
import json
import struct

SIGNATURE = b"SONDEREC"
ABI_VERSION = 2
DATA, CLOSE, EXEC, SOCKET, PROCESS, TARGET, CLOCK = 1, 2, 3, 5, 32, 33, 34
RECEIVED, SENT = 0, 1
CHUNK_BYTES = 65536
UNIX_START_NS = 1_795_435_200_000_000_000  # 2026-11-23T12:00:00Z
STEP_NS = 10_000_000


class Recording:
    """One process with one connection; time goes on by 10 ms with each call."""

    def __init__(self, exe, arguments, tls="openssl", pid=4242):
        self.pid, self.now = pid, 1_000_000_000
        self.handle, self.generation = 0x7F00DEAD0000, self.now
        self.position = [0, 0]
        self.records = []
        self._add(CLOCK, struct.pack("<Q", UNIX_START_NS), tgid=0)
        self._add_json(TARGET, struct.pack("<I", 1), {"tls": tls, "located_by": "symbol"}, tgid=0)
        self._add_json(PROCESS, b"", {"exe": exe, "cmdline": arguments, "uid": 1000,
                                      "start_time_ns": 77, "parents": [{"pid": 1, "exe": "/sbin/init"}]})

    def _add(self, kind, body, tgid=None):
        tgid = self.pid if tgid is None else tgid
        self.records.append(struct.pack("<HHIQII", kind, ABI_VERSION, 24 + len(body), self.now,
                                        tgid, tgid) + body)

    def _add_json(self, kind, prefix, value, tgid=None):
        text = json.dumps(value).encode()
        suffix = b"" if prefix else struct.pack("<I", 0)
        self._add(kind, prefix + struct.pack("<I", len(text)) + suffix + text, tgid)

    def _call(self, direction, data, lost=0):
        self.now += STEP_NS
        for at in range(0, max(len(data), 1), CHUNK_BYTES):
            piece = data[at:at + CHUNK_BYTES]
            self._add(DATA, struct.pack("<QQQQIIIHH", self.handle, self.generation,
                                        self.position[direction], self.now, len(piece) + lost,
                                        len(piece), 1, direction, 0) + piece)
            self.position[direction] += len(piece) + lost
        return self

    def send(self, data):
        return self._call(SENT, data)

    def receive(self, data, lost=0):
        """`lost` bytes at the end of the call were not captured."""
        return self._call(RECEIVED, data, lost)

    def socket(self, local, peer):
        mapped = lambda address: bytes(10) + b"\xff\xff" + bytes(map(int, address.split(".")))
        self._add(SOCKET, struct.pack("<QQQ", self.handle, self.generation, 99)
                  + mapped(local[0]) + mapped(peer[0])
                  + struct.pack("<HHHH", local[1], peer[1], 1, 0))
        return self

    def close(self):
        self.now += STEP_NS
        self._add(CLOSE, struct.pack("<QQQQ", self.handle, self.generation, *self.position))
        return self

    def to_bytes(self):
        return SIGNATURE + struct.pack("<I", ABI_VERSION) + b"".join(self.records)
