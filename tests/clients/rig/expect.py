"""What an exchange must say, from what the client sent and what the client got."""
import json


def _openai_input(body):
    for message in body["messages"]:
        role = message["role"]
        if role == "tool":
            yield "tool", "tool_call_response", message["tool_call_id"], message["content"]
            continue
        content = message.get("content")
        texts = [content] if isinstance(content, str) else [part["text"] for part in content or []]
        for text in texts:
            yield role, "text", text
        for call in message.get("tool_calls", []):
            yield role, "tool_call", call["id"], call["function"]["name"], json.loads(call["function"]["arguments"])


def _anthropic_input(body):
    if "system" in body:
        yield "system", "text", body["system"]
    for message in body["messages"]:
        content = message["content"]
        for part in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            if part["type"] == "tool_result":
                yield "tool", "tool_call_response", part["tool_use_id"], part["content"]
            elif part["type"] == "tool_use":
                yield message["role"], "tool_call", part["id"], part["name"], part["input"]
            else:
                yield message["role"], "text", part["text"]


def _flat_part(zone, part):
    if part["type"] == "tool_call":
        return zone, "tool_call", part.get("id"), part["name"], part["arguments"]
    if part["type"] == "tool_call_response":
        return zone, "tool_call_response", part.get("id"), part["result"]
    return zone, part["type"], part.get("content")


def _heard_input(exchange):
    for part in exchange.get("gen_ai.system_instructions", []):
        yield _flat_part("system", part)
    for message in exchange.get("gen_ai.input.messages", []):
        for part in message["parts"]:
            yield _flat_part(message["zone"], part)


def _heard_output(exchange):
    return [_flat_part("assistant", part) for message in exchange.get("gen_ai.output.messages", [])
            for part in message["parts"]]


def _tools(body):
    for tool in body.get("tools", []):
        yield tool["function"]["name"] if "function" in tool else tool["name"]


def check_exchange(test, exchange, client, api, body, got):
    """Fails `test` (a unittest.TestCase) where `exchange` is not exactly this call."""
    test.maxDiff = 4000
    read_input = {"openai": _openai_input, "anthropic": _anthropic_input}[api.name]
    test.assertEqual(list(_heard_input(exchange)), list(read_input(body)))
    output = ([("assistant", "text", got["text"])] if got["text"] else []) + [
        ("assistant", "tool_call", one["id"], one["name"], json.loads(one["arguments"])) for one in got["tool_calls"]]
    test.assertEqual(_heard_output(exchange), output)
    test.assertEqual([message["role"] for message in exchange["gen_ai.output.messages"]], ["assistant"])
    _check_model(test, exchange, api, body, got)
    _check_process(test, exchange, client)
    _check_transport(test, exchange, client, api)


def _check_model(test, exchange, api, body, got):
    heard = {key: value for key, value in exchange.items() if key.startswith("gen_ai.") and "messages" not in key}
    expected = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": api.name,
                "gen_ai.request.model": body["model"], "gen_ai.response.model": got["model"],
                "gen_ai.response.id": got["id"], "gen_ai.response.finish_reasons": [got["finish_reason"]],
                "gen_ai.usage.input_tokens": got.get("input_tokens"), "gen_ai.usage.output_tokens": got.get("output_tokens")}
    test.assertEqual({key: heard.get(key) for key in expected}, expected)
    test.assertEqual(heard.get("gen_ai.request.stream", False), bool(body.get("stream")))
    test.assertEqual([tool["name"] for tool in heard.get("gen_ai.tool.definitions", [])], list(_tools(body)))


def _check_process(test, exchange, client):
    who = client.who()
    process = exchange["process"]
    test.assertEqual((process["pid"], process["exe"], process["cmdline"]), (who.pid, who.exe, who.cmdline))
    test.assertEqual(process["uid"], 0)
    test.assertTrue(process["parents"], "the process has no parents")
    test.assertIn("python3", process["parents"][0]["exe"], "the parent is this test")


def _check_transport(test, exchange, client, api):
    test.assertEqual(exchange["schema"], "sonde.exchange/1")
    capture = dict(exchange["capture"])
    capture.pop("joined_late")
    test.assertEqual(capture, {"tls": "openssl", "located_by": "symbol", "side": "client", "lost_bytes": 0, "complete": True})
    test.assertEqual(exchange["network"]["host"], api.host)
    http = exchange["http"]
    test.assertEqual((http["version"], http["method"], http["path"].split("?")[0], http["status"]), ("1.1", "POST", api.path, 200))
    if client.user_agent:
        test.assertTrue(http["user_agent"].startswith(client.user_agent), http["user_agent"])
    test.assertGreater(exchange["duration_ms"], 0)
