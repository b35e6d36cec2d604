"""Gemini and Vertex AI over gRPC: a client with its own BoringSSL, whose messages are protobuf."""
import json
import unittest

from rig.protobuf import field
from rig.provider import script
from rig.sonde import Trace
from rig.world import World

PYTHON = "/usr/bin/python3"  # Debian's: its grpcio is a package of the distribution
HOST = "generativelanguage.googleapis.com"
PROMPT = 'Snow in "Zürich"? ' + "❄ " * 9000


def content(role, text):
    return field(1, field(2, text)) + field(2, role)


def request():
    return (field(1, "models/gemini-2.5-flash") + field(8, field(1, field(2, "Be brief."))) +
            field(2, content("user", PROMPT)))


def answer(text, finish=0):
    candidate = field(1, content("model", text)) + (field(2, finish) if finish else b"")
    return field(1, candidate) + field(3, field(1, 5) + field(2, 7)) + field(4, "gemini-2.5-flash-001")


class GrpcTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)

    def hear(self, method, messages):
        server = self.world.start([PYTHON, script("grpc_gemini.py"), "serve", self.world.address,
                                   self.world.path("provider.crt"), self.world.path("provider.key")])
        server.ask(json.dumps([message.hex() for message in messages]))
        trace = Trace(self.world)
        client = self.world.start([PYTHON, script("grpc_gemini.py"), "call", HOST], names=True)
        got = json.loads(client.ask(json.dumps({"method": method, "request": request().hex()})))
        self.assertEqual(got, [message.hex() for message in messages])
        heard = trace.exchanges(client.pid, 1)
        self.assertEqual(len(heard), 1)
        for child in (client, server):
            child.process.stdin.close()
            child.wait()
        self.assertEqual((trace.stop(), trace.lost()), (0, []))
        return heard[0]

    def check(self, exchange, text, stream):
        self.assertEqual((exchange["gen_ai.provider.name"], exchange["gen_ai.request.model"], exchange["gen_ai.response.model"]),
                         ("gcp.gemini", "gemini-2.5-flash", "gemini-2.5-flash-001"))
        self.assertEqual([part["content"] for part in exchange["gen_ai.system_instructions"]], ["Be brief."])
        self.assertEqual([part["content"] for part in exchange["gen_ai.input.messages"][0]["parts"]], [PROMPT])
        self.assertEqual([part["content"] for part in exchange["gen_ai.output.messages"][0]["parts"]], [text])
        self.assertEqual([exchange["gen_ai.usage.input_tokens"], exchange["gen_ai.usage.output_tokens"]], [5, 7])
        self.assertEqual(exchange["gen_ai.response.finish_reasons"], ["STOP"])
        self.assertEqual(exchange.get("gen_ai.request.stream", False), stream)
        self.assertEqual((exchange["http"]["version"], exchange["network"]["host"]), ("2", HOST))
        self.assertEqual((exchange["capture"]["complete"], exchange["capture"]["lost_bytes"]), (True, 0))

    def test_a_call(self):
        exchange = self.hear("/google.ai.generativelanguage.v1beta.GenerativeService/GenerateContent",
                             [answer("A lot of it.", 1)])
        self.check(exchange, "A lot of it.", False)

    def test_a_stream(self):
        pieces = ["A lot ", "of ❄", ". " * 4000]
        exchange = self.hear("/google.ai.generativelanguage.v1beta.GenerativeService/StreamGenerateContent",
                             [answer(piece, number == 2) for number, piece in enumerate(pieces)])
        self.check(exchange, "".join(pieces), True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
