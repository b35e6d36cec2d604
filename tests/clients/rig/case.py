"""What the test cases share: a world with a provider, and clients that are closed at the end."""
import unittest

from rig.provider import Provider
from rig.sonde import Trace
from rig.world import World

WEATHER_ARGUMENTS = '{"city":"Zürich","days":3}'
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}


class ProviderCase(unittest.TestCase):
    """One world and provider for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.provider = cls.make_provider()

    @classmethod
    def make_provider(cls):
        return Provider(cls.world)


class Traced:
    """For a ProviderCase: one `sonde trace` over all tests, which must not have lost a byte."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.trace = Trace(cls.world)

    def test_zz_nothing_was_lost(self):
        self.assertEqual(self.trace.stop(), 0)
        self.assertEqual(self.trace.lost(), [])
        self.assertRegex(self.trace.footer[-1], r"^\d+ exchanges$")


def chat(*texts, **fields):
    """An OpenAI request: user and assistant in turn."""
    roles = ("user", "assistant")
    messages = [{"role": roles[i % 2], "content": text} for i, text in enumerate(texts)]
    return {"model": "gpt-4o-mini", "messages": messages, **fields}


def message(*texts, **fields):
    """An Anthropic request: user and assistant in turn."""
    return {"model": "claude-sonnet-4-5", "max_tokens": 256, "messages": chat(*texts)["messages"], **fields}


def openai_tools(prompt, **fields):
    """A second turn: the model called a tool, the result is sent, and it may call again."""
    request = chat(prompt, **fields)
    request["messages"].insert(0, {"role": "system", "content": "You are a weather desk. Be brief."})
    request["messages"] += [
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Bern"}'}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": '{"celsius": 3, "sky": "snow ❄"}'}]
    request["tools"] = [{"type": "function", "function": {
        "name": "get_weather", "description": "Weather of a city", "parameters": SCHEMA}}]
    return request


def anthropic_tools(prompt, **fields):
    request = message(prompt, system="You are a weather desk. Be brief.", **fields)
    request["messages"] += [
        {"role": "assistant", "content": [{"type": "text", "text": "Let me look."}, {
            "type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Bern"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1",
                                      "content": '{"celsius": 3, "sky": "snow ❄"}'}]}]
    request["tools"] = [{"name": "get_weather", "description": "Weather of a city", "input_schema": SCHEMA}]
    return request
