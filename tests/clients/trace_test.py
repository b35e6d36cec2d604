"""`sonde trace --json` says exactly what real clients send and get."""
import itertools
import json
import unittest

from rig.case import ProviderCase, Traced, WEATHER_ARGUMENTS, anthropic_tools, chat, message, openai_tools
from rig.clients import ANTHROPIC, OPENAI, Curl, SdkClient, node_https, python
from rig.expect import check_exchange

kText = "Grüezi! What is 2 + 2? \"Quotes\", back\\slashes,\n\ttabs, 日本語, emoji 🦉 and \u2028 too."
kAnswer = "It is 4. \"Four\", vier, 四, 🦉\n- one\n- two " + "and so on, at some length. " * 12


class TraceTest(Traced, ProviderCase):
    numbers = itertools.count(1)

    def hear(self, client, api, body, headers=None):
        """One call; its exchange, checked. Each prompt is unique, so that no other can stand for it."""
        marker = f"case-{next(self.numbers):03}"
        body = json.loads(json.dumps(body).replace("MARKER", marker))
        tools = {"toolCalls": [{"id": f"{api.name}_call_9", "name": "get_weather", "arguments": WEATHER_ARGUMENTS}]}
        self.provider.answer(marker, content=kAnswer, id=f"resp-{marker}", model=body["model"] + "-2026",
                             **(tools if "tools" in body else {}))
        got = client.call(api, body, headers)
        self.assertEqual(got["text"], kAnswer, "the rig's own answer")
        self.assertEqual(len(got["tool_calls"]), len(body.get("tools", [])), "the rig's own answer")
        exchanges = self.trace.exchanges(client.who().pid, 1, containing=marker)
        self.assertEqual(len(exchanges), 1)
        check_exchange(self, exchanges[0], client, api, body, got)

    def hear_all(self, client, apis=(OPENAI, ANTHROPIC)):
        self.addCleanup(client.close)
        for api in apis:
            simple, tools = {"openai": (chat, openai_tools), "anthropic": (message, anthropic_tools)}[api.name]
            usage = {"stream_options": {"include_usage": True}} if api is OPENAI else {}
            for name, body in {
                "non-streaming": simple(f"MARKER {kText}"),
                "streaming": simple(f"MARKER {kText}", stream=True, **usage),
                "many turns": simple("MARKER first", "an answer", "a second question"),
                "tools": tools("MARKER How warm is Bern?"),
                "tools, streaming": tools("MARKER How warm is Bern?", stream=True, **usage),
            }.items():
                with self.subTest(api=api.name, case=name):
                    self.hear(client, api, body)

    def test_node_with_the_openai_package(self):
        self.hear_all(SdkClient(self.world, OPENAI), [OPENAI])

    def test_node_with_the_anthropic_package(self):
        self.hear_all(SdkClient(self.world, ANTHROPIC), [ANTHROPIC])

    def test_node_of_the_system_with_plain_https(self):
        client = node_https(self.world, "/usr/bin/node")
        self.addCleanup(client.close)
        for api, body in ((OPENAI, chat(f"MARKER {kText}")), (ANTHROPIC, message(f"MARKER {kText}", stream=True))):
            with self.subTest(api=api.name):
                self.hear(client, api, body)

    def test_python_with_httpx(self):
        self.hear_all(python(self.world, "httpx"))

    def test_python_with_requests(self):
        self.hear_all(python(self.world, "requests"))

    def test_curl(self):
        self.hear_all(Curl(self.world))

    def test_node_without_compression(self):
        client = SdkClient(self.world, OPENAI)
        self.addCleanup(client.close)
        self.hear(client, OPENAI, chat(f"MARKER {kText}"), {"accept-encoding": "identity"})

    def test_the_server_side_is_reported_too_and_told_apart(self):
        client = Curl(self.world)
        body = chat("Who else listens? MARKER both sides")
        client.call(OPENAI, body)
        self.assertEqual(len(self.trace.exchanges(client.who().pid, 1)), 1)
        server = self.trace.exchanges(self.provider.child.pid, 1, side="server", containing="MARKER both sides")
        self.assertEqual(len(server), 1)
        self.assertEqual(server[0]["gen_ai.input.messages"][0]["parts"][0]["content"], body["messages"][0]["content"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
