"""What happened on a connection, in calls of the application. Each story has its expected outcome in
expected/NAME.json. No key in here was ever valid."""
import gzip
import json

from recording import Recording


def request(path, host, body, extra=""):
    text = json.dumps(body).encode()
    return (f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{extra}"
            f"Content-Length: {len(text)}\r\n\r\n").encode() + text


def response(body, kind="application/json", extra=""):
    return (f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{extra}"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def chunked(pieces, kind, extra=""):
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{extra}Transfer-Encoding: chunked\r\n\r\n"
    return [head.encode()] + [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces] + [b"0\r\n\r\n"]


def events(items, named=False):
    lines = []
    for item in items:
        name = f"event: {item['type']}\n" if named else ""
        lines.append(f"{name}data: {json.dumps(item)}\n\n".encode())
    return lines


def openai_answer(text, **more):
    return json.dumps({"id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-2024-08-06",
                       "choices": [{"index": 0, "message": {"role": "assistant", "content": text},
                                    "finish_reason": "stop"}],
                       "usage": {"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19},
                       **more}).encode()


def chat(messages, **more):
    return request("/v1/chat/completions", "api.openai.com",
                   {"model": "gpt-4o", "messages": messages, **more})


def node():
    return Recording("/usr/bin/node", ["node", "app.js"])


def openai_plain():
    """Two exchanges over one connection; the socket is known."""
    story = node().socket(("192.0.2.10", 50000), ("198.51.100.7", 443))
    for question, answer in [("How far is the moon?", "About 384,400 km."), ("And the sun?", "1 AU.")]:
        story.send(chat([{"role": "system", "content": "Be brief."},
                         {"role": "user", "content": question}])).receive(response(openai_answer(answer)))
    return story.close()


def openai_gzip_in_pieces():
    """A compressed answer that comes a few bytes at a time."""
    story = node().send(chat([{"role": "user", "content": "Grüße, 世界 👋"}]))
    body = response(gzip.compress(openai_answer("Zurück, 世界 👋"), mtime=0), extra="Content-Encoding: gzip\r\n")
    for at in range(0, len(body), 7):
        story.receive(body[at:at + 7])
    return story.close()


def anthropic_stream_with_tool():
    """A streamed answer whose tool call comes in pieces."""
    items = [
        {"type": "message_start", "message": {"id": "msg_1", "role": "assistant", "model": "claude-sonnet-4",
                                              "content": [], "usage": {"input_tokens": 20, "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "I will "}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "look."}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1,
         "content_block": {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "{\"city\":"}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": " \"Oslo\"}"}},
        {"type": "content_block_stop", "index": 1},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 30}},
        {"type": "message_stop"}]
    story = Recording("/usr/bin/python3.11", ["python3", "agent.py"])
    story.send(request("/v1/messages", "api.anthropic.com",
                       {"model": "claude-sonnet-4", "max_tokens": 99, "stream": True, "system": "Help.",
                        "messages": [{"role": "user", "content": "Weather in Oslo?"}],
                        "tools": [{"name": "weather", "input_schema": {"type": "object"}}]}))
    for piece in chunked(events(items, named=True), "text/event-stream"):
        story.receive(piece)
    return story.close()


def key_in_answer():
    """An answer leaks a key: the alert has it masked."""
    return node().send(chat([{"role": "user", "content": "Show me the configuration."}])).receive(
        response(openai_answer("aws_access_key_id = AKIAQ3EGRIAYXR7KJ2PZ"))).close()


def gap_in_the_answer():
    """Bytes of the first answer were lost: it is reported as incomplete, the second one is whole."""
    first = response(openai_answer("This answer is cut in the middle, where bytes were lost."))
    story = node().send(chat([{"role": "user", "content": "One?"}]))
    story.receive(first[:150], lost=60).receive(first[210:])
    return story.send(chat([{"role": "user", "content": "Two?"}])).receive(
        response(openai_answer("Two."))).close()


def not_for_a_model():
    """Other traffic leaves nothing."""
    return node().send(b"GET /index.html HTTP/1.1\r\nHost: example.org\r\n\r\n").receive(
        response(b"<html>the user's private page</html>", kind="text/html")).close()


STORIES = [openai_plain, openai_gzip_in_pieces, anthropic_stream_with_tool, key_in_answer,
           gap_in_the_answer, not_for_a_model]
