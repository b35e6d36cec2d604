"""What never leaves the host is heard as well: model servers without TLS, and tools over pipes."""
import json
import os
import unittest

from rig.provider import node, script
from rig.sonde import Trace
from rig.world import World

kPrompts = {"small": "Wer hört mit? 🦉", "300 kB": "an owl " * 43000, "2 MB": "lorem ipsum " * 170000}


def texts_of(messages):
    return [part.get("content") for message in messages for part in message["parts"]]


class LocalServerTest(unittest.TestCase):
    """A model server and its clients on loopback; every exchange is reported by both ends."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.server = cls.world.start([node(), script("local_provider.mjs")])
        cls.port = json.loads(cls.server.read_line())["port"]
        cls.origin = f"http://127.0.0.1:{cls.port}"
        cls.trace = Trace(cls.world, "--plain-http-ports", cls.port)

    def check(self, exchange, side, prompt, answer, provider):
        self.assertEqual(texts_of(exchange["gen_ai.input.messages"]), [prompt])
        self.assertEqual("".join(texts_of(exchange["gen_ai.output.messages"])), answer)
        self.assertEqual({name: exchange["capture"][name] for name in ("tls", "located_by", "side", "lost_bytes", "complete")},
                         {"tls": "none", "located_by": "socket", "side": side, "lost_bytes": 0, "complete": True})
        self.assertEqual(exchange["gen_ai.provider.name"], provider)
        network = exchange["network"]
        ends = network["local"], network["peer"]
        self.assertEqual(ends[1 if side == "client" else 0], f"127.0.0.1:{self.port}")
        self.assertEqual((network["found_by"], network["host"]), ("syscall", f"127.0.0.1:{self.port}"))
        return ends

    def heard_at_both_ends(self, pid, exe, marker, prompt, provider):
        """The exchange of client `pid` with `marker` in its prompt, once at each end."""
        prompt = f"{marker} {prompt}"
        [mine] = self.trace.exchanges(pid, 1, containing=marker)
        [theirs] = self.trace.exchanges(self.server.pid, 1, side="server", containing=marker)
        here = self.check(mine, "client", prompt, prompt, provider)
        there = self.check(theirs, "server", prompt, prompt, provider)
        self.assertEqual(here, there[::-1])
        # Of a process that is gone at once it is known by which name it was started.
        self.assertEqual(os.path.realpath(mine["process"]["exe"]), exe)
        self.assertEqual(theirs["process"]["exe"], node())

    def test_node_with_the_ollama_package(self):
        client = self.world.start([node(), script("ollama_client.mjs")])
        for stream in (False, True):
            for size, prompt in kPrompts.items():
                marker = f"ollama-{size}-{stream}"
                with self.subTest(size=size, stream=stream):
                    body = {"model": "llama3", "stream": stream,
                            "messages": [{"role": "user", "content": f"{marker} {prompt}"}]}
                    got = json.loads(client.ask(json.dumps({"origin": self.origin, "body": body})))
                    self.assertEqual(got, {"text": f"{marker} {prompt}"}, "the rig's own answer")
                    self.heard_at_both_ends(client.pid, node(), marker, prompt, "ollama")

    def post(self, marker, prompt):
        """A file with an OpenAI request."""
        path = self.world.path(f"{marker}.json")
        with open(path, "w") as file:
            json.dump({"model": "local", "messages": [{"role": "user", "content": f"{marker} {prompt}"}]}, file)
        return path

    def test_curl(self):
        for size, prompt in kPrompts.items():
            marker = f"curl-{size.replace(' ', '-')}"
            with self.subTest(size=size):
                child = self.world.start(["/usr/bin/curl", "-sS", "--fail", "--noproxy", "*", "-H", "Content-Type: application/json",
                                          "--data-binary", f"@{self.post(marker, prompt)}", f"{self.origin}/v1/chat/completions"])
                self.assertEqual(child.wait(), 0)
                self.heard_at_both_ends(child.pid, "/usr/bin/curl", marker, prompt, "openai")

    def test_python_with_requests(self):
        for size, prompt in kPrompts.items():
            marker = f"python-{size.replace(' ', '-')}"
            code = ("import requests, sys; requests.post(sys.argv[1], data=open(sys.argv[2], 'rb'), "
                    "headers={'Content-Type': 'application/json'}).raise_for_status()")
            with self.subTest(size=size):
                child = self.world.start(["/usr/bin/python3", "-c", code, f"{self.origin}/v1/chat/completions", self.post(marker, prompt)])
                self.assertEqual(child.wait(), 0, child.errors())
                self.heard_at_both_ends(child.pid, os.path.realpath("/usr/bin/python3"), marker, prompt, "openai")

    def test_zz_nothing_was_lost(self):
        self.assertEqual(self.trace.stop(), 0)
        self.assertEqual(self.trace.lost(), [])


class McpOverPipesTest(unittest.TestCase):
    """The protocol's own package at both ends, connected by standard input and output."""

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def start_agent(self):
        agent = self.world.start([node(), script("mcp_client.mjs")])
        hello = json.loads(agent.read_line())
        self.assertEqual(hello["tools"], ["repeat"])
        return agent, hello["server"]

    def call(self, agent, text, times):
        got = json.loads(agent.ask(json.dumps({"text": text, "times": times})))
        self.assertEqual(got, {"text": text * times})

    def check_call(self, exchange, text, times):
        self.assertIn(json.dumps(text * times), json.dumps(exchange))
        self.assertEqual({name: exchange["capture"][name] for name in ("tls", "lost_bytes", "complete")},
                         {"tls": "stdio", "lost_bytes": 0, "complete": True})

    def test_a_session_is_heard_at_both_ends(self):
        trace = Trace(self.world)
        agent, server = self.start_agent()
        for text, times in (("owl", 2), ("owl ", 75000), ("lorem ipsum ", 170000)):
            self.call(agent, text, times)
        for pid, side in ((agent.pid, "client"), (server, "server")):
            with self.subTest(side=side):
                heard = trace.exchanges(pid, 5, side=side)
                self.assertEqual([one["gen_ai.operation.name"] for one in heard],
                                 ["initialize", "tools/list", "execute_tool", "execute_tool", "execute_tool"])
                for one, (text, times) in zip(heard[2:], (("owl", 2), ("owl ", 75000), ("lorem ipsum ", 170000))):
                    self.check_call(one, text, times)
                self.assertIn("echo-server", json.dumps(heard[0]))
                self.assertEqual(heard[0]["process"]["exe"], node())
        self.assertEqual(trace.stop(), 0)
        self.assertEqual(trace.lost(), [])

    def test_a_server_that_runs_already_is_heard(self):
        agent, server = self.start_agent()
        trace = Trace(self.world)
        self.call(agent, "late owl ", 3)
        self.call(agent, "owl ", 3)
        # The first of them is heard or not; the next one must be.
        [heard] = trace.exchanges(server, 1, side="server", containing='"text": "owl "', timeout=10)
        self.assertIn(json.dumps("owl owl owl "), json.dumps(heard))


if __name__ == "__main__":
    unittest.main(verbosity=2)
