"""Servers that are there and never answer: TCP connections are accepted and left, DNS questions are taken."""
import socket
import threading


class SilentServers:
    """One listener for each name; `reached` says which of them somebody has connected to."""

    def __init__(self, names):
        self.reached = set()
        self._kept = []
        self.ports = {name: self._listen(name) for name in names}

    def _listen(self, name):
        listener = socket.create_server(("127.0.0.1", 0))
        self._kept.append(listener)
        threading.Thread(target=self._accept, args=(name, listener), daemon=True).start()
        return listener.getsockname()[1]

    def _accept(self, name, listener):
        while True:
            try:
                self._kept.append(listener.accept()[0])
            except OSError:
                return
            self.reached.add(name)

    def close(self):
        for one in self._kept:
            one.close()


class SilentNameServer:
    """On port 53 of an address; `asked` holds the first label of each name in a question."""

    def __init__(self, address):
        self.asked = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self):
        while True:
            try:
                question = self._socket.recv(512)
            except OSError:
                return
            self.asked.add(question[13:13 + question[12]].decode("ascii", "replace"))  # RFC 1035, 4.1

    def close(self):
        self._socket.close()
