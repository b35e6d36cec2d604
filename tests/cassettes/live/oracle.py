"""What a recorded exchange holds, read by nothing but the names of JSON members: no dialect is known.

`differences` compares it with what was heard, both ways: every text, tool call, argument, model and
usage figure of the recording is in the exchange, and no text of the exchange is not in the recording.
"""
import base64
import json
import re
import struct

TEXT = {"content", "text", "thinking", "reasoning_content", "reasoning", "refusal", "prompt", "inputText", "outputText",
        "completion", "generation", "generated_text", "response", "input", "instructions", "output", "message", "preamble",
        "transcript", "system", "inputs", "tool_plan"}
# Under these, the names above mean something else.
METADATA = {"error", "usage", "logprobs", "response_format", "warnings", "parameters", "input_schema", "inputSchema", "schema",
            "output_parsed", "format", "meta", "source", "document", "trace", "embedding", "citations", "annotations",
            "moderation_details", "details", "chat_history", "step_details", "properties", "metadata"}
INPUT_TOKENS = ("prompt_tokens", "input_tokens")
OUTPUT_TOKENS = ("completion_tokens", "output_tokens")
OTHERS = ("/telemetry", "/traces/", "/batch", "tavily", "smith.langchain", "/parsing/", "pinecone", "/oidc/", "/specs", "_specs",
          "/instances/", "/v2/projects", "/v2/spaces", "/rerank", "/images/", "traceloop.com")
POSITIONS = ("index", "output_index", "content_index", "contentBlockIndex")


def is_llm_traffic(recording):
    """Not the descriptions of models, and not what stands beside a model in the recordings."""
    if recording["method"] == "GET" and recording["target"].startswith("/v1/models/"):
        return False
    return not any(word in recording["host"] + recording["target"] for word in OTHERS)


def _json(text):
    """The value, a comma too many before a closing bracket forgiven; None for what is no JSON."""
    for attempt in (text, re.sub(r",(?=\s*[}\]])", "", text if isinstance(text, str) else text.decode("utf-8", "replace"))):
        try:
            return json.loads(attempt)
        except ValueError:
            continue
    return None


def _bare_text(body):
    """What events say whose data is no JSON but a model's words."""
    words = []
    for event in body.decode("utf-8", "replace").replace("\r\n", "\n").split("\n\n"):
        lines = [line.removeprefix("data:").removeprefix(" ") for line in event.split("\n") if line.startswith("data:")]
        if "event: output" in event:
            words.append("\n".join(lines))
    return "".join(words)


def _event_stream(body):
    while len(body) >= 16:
        total, headers = struct.unpack(">II", body[:8])
        if total < 16 + headers or total > len(body):
            return
        event = _json(body[12 + headers:total - 4].decode("utf-8", "replace"))
        if isinstance(event, dict) and "bytes" in event:
            event = _json(base64.b64decode(event["bytes"]).decode("utf-8", "replace"))
        yield event
        body = body[total:]


def _events(recording, body):
    if "eventstream" in recording["response_type"]:
        yield from _event_stream(body)
        return
    for line in body.decode("utf-8", "replace").split("\n"):
        yield _json(line[5:] if line.startswith("data:") else line)


class Said:
    """Texts by their place; a stream's pieces of one place grow together."""

    def __init__(self):
        self.texts, self.leaves, self.whole = {}, set(), []

    def walk(self, value, path, streamed):
        stack = [(value, path)]
        while stack:
            value, path = stack.pop()
            if isinstance(value, list):
                stack += [(item, path if streamed else (*path, i)) for i, item in reversed(list(enumerate(value)))]
            elif isinstance(value, dict):
                self.whole.append(value)
                here = path
                if streamed:
                    here += tuple(value[key] for key in POSITIONS if isinstance(value.get(key), int))
                    here += (value["type"],) if isinstance(value.get("type"), str) else ()
                stack += reversed([(member, (*here, key)) for key, member in value.items()])
            elif isinstance(value, str):
                self.leaves.add(value)
                key = path[-1] if path else None
                if (key in TEXT or (key == "delta" and streamed) or key == "arguments") and not METADATA & set(path):
                    repeats = key == "instructions" or path not in self.texts
                    self.texts[path] = value if repeats else self.texts[path] + value


def _heard(exchange):
    for part in exchange.get("gen_ai.system_instructions", []):
        yield part
    for member in ("gen_ai.input.messages", "gen_ai.output.messages"):
        for message in exchange.get(member, []):
            yield from message["parts"]


def _heard_texts(exchange):
    texts = {exchange.get("error.message")}
    arguments = []
    for part in _heard(exchange):
        texts |= {part.get(key) for key in ("content", "result", "name", "id", "uri") if isinstance(part.get(key), str)}
        if part["type"] == "tool_call":
            arguments.append(part["arguments"])
    return texts, arguments


def _usage(events, names):
    found = None
    for event in events:
        usage = event.get("usage") if isinstance(event, dict) else None
        for name in names:
            if isinstance(usage, dict) and isinstance(usage.get(name), int):
                found = usage[name]
    return found


def _invented(said, texts):
    """Texts that stand nowhere in the recording, neither whole nor as what its pieces make."""
    grown = said.leaves | set(said.texts.values())
    every = "\0".join(grown)
    for text in texts:
        if not text or text in grown or text in every:
            continue
        if _json(text) is not None or "".join(said.texts.values()).find(text) >= 0:
            continue
        yield text


def differences(recording, exchange):
    said, out = Said(), []
    request = _json(base64.b64decode(recording["request"]))
    body = base64.b64decode(recording["response"])
    response = _json(body)
    said.walk(request, ("request",), False)
    events = [response] if response is not None else list(_events(recording, body))
    for event in events:
        said.walk(event, ("answer",), response is None)
    if response is None and (words := _bare_text(body)):
        said.texts[("answer", "output")] = words
    texts, arguments = _heard_texts(exchange)
    for place, text in said.texts.items():
        if text and text not in texts and not (_json(text) in arguments or text in arguments):
            out.append(f"lacks {'.'.join(map(str, place))}")
    if isinstance(request, dict) and isinstance(request.get("model"), str) and request["model"] != exchange.get("gen_ai.request.model"):
        out.append("request model")
    if isinstance(response, dict) and isinstance(response.get("model"), str) and response["model"] != exchange.get("gen_ai.response.model"):
        out.append("response model")
    for names, key in ((INPUT_TOKENS, "gen_ai.usage.input_tokens"), (OUTPUT_TOKENS, "gen_ai.usage.output_tokens")):
        wanted = _usage(events, names)
        if wanted is not None and exchange.get(key) != wanted:
            out.append(f"{key} {exchange.get(key)} instead of {wanted}")
    out += [f"invented a text of {len(text)} characters" for text in _invented(said, texts)]
    if not exchange["capture"]["complete"] or exchange["capture"]["lost_bytes"]:
        out.append("not whole")
    return out
