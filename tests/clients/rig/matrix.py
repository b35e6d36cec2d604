"""Exchanges against what an application of the SDK matrix sent and got (programs/sdk/expected.mjs)."""


def _part(zone, part):
    kind = part["type"]
    if kind == "tool_call":
        return [zone, kind, part.get("id"), part["name"], part["arguments"]]
    if kind == "tool_call_response":
        return [zone, kind, part.get("id"), part["result"]]
    return [zone, kind, part.get("mime_type" if kind == "blob" else "content")]


def heard_input(exchange):
    return ([_part("system", part) for part in exchange.get("gen_ai.system_instructions", [])] +
            [_part(message["zone"], part) for message in exchange.get("gen_ai.input.messages", []) for part in message["parts"]])


def heard_output(exchange):
    return [_part("assistant", part) for message in exchange.get("gen_ai.output.messages", []) for part in message["parts"]]


def _contents(exchange):
    return [str(part[-1]) for part in heard_input(exchange) + heard_output(exchange)]


def _usage(exchange):
    return [exchange.get("gen_ai.usage.input_tokens"), exchange.get("gen_ai.usage.output_tokens")]


def _without_ids(parts):
    """Some applications never see the id of a call: theirs is null, and then it is not compared."""
    return [[*part[:2], None, *part[3:]] if part[1] in ("tool_call", "tool_call_response") else part for part in parts]


def _same_parts(expected, heard):
    if any(part[1].startswith("tool_call") and part[2] is None for part in expected):
        return _without_ids(expected) == _without_ids(heard)
    return expected == heard


FIELDS = {
    "host": lambda one: one["network"]["host"],
    "provider": lambda one: one.get("gen_ai.provider.name"),
    "operation": lambda one: one.get("gen_ai.operation.name"),
    "model": lambda one: one.get("gen_ai.request.model"),
    "response_model": lambda one: one.get("gen_ai.response.model"),
    "id": lambda one: one.get("gen_ai.response.id"),
    "finish": lambda one: one.get("gen_ai.response.finish_reasons"),
    "stream": lambda one: one.get("gen_ai.request.stream", False),
    "tools": lambda one: [tool["name"] for tool in one.get("gen_ai.tool.definitions", [])],
    "status": lambda one: one["http"].get("status"),
    "http": lambda one: one["http"]["version"],
    "error_message": lambda one: one.get("error.message"),
    "conversation": lambda one: one.get("gen_ai.conversation.id"),
    "mcp_method": lambda one: one.get("mcp.method.name"),
}


def _usage_differs(expected, heard):
    return any(wanted is not None and wanted != got for wanted, got in zip(expected, heard))


def differences(expected, exchange):
    """What `exchange` says otherwise than the application: a list of sentences, empty if nothing."""
    out = []
    for name, read in FIELDS.items():
        wanted = expected.get(name)
        if wanted is not None and read(exchange) != wanted:
            out.append(f"{name}: {read(exchange)!r} instead of {wanted!r}")
    for name, read in (("input", heard_input), ("output", heard_output)):
        if name in expected and not _same_parts(expected[name], read(exchange)):
            out.append(f"{name}: {read(exchange)!r} instead of {expected[name]!r}")
    if _usage_differs(expected.get("usage") or [], _usage(exchange)):
        out.append(f"usage: {_usage(exchange)} instead of {expected['usage']}")
    contents = _contents(exchange)
    for name in ("holds", "inputs_hold", "outputs_hold"):
        out += [f"lacks {text!r}" for text in expected.get(name, []) if not any(text in content for content in contents)]
    capture = exchange["capture"]
    if not capture["complete"] or capture["lost_bytes"]:
        out.append(f"not whole: {capture}")
    return out
