"""What a raw answer says: of OpenAI chat completions and Anthropic messages, streamed or not.
For clients that are no SDK (curl, httpx, requests, Node's https)."""
import json


def openai_answer(body):
    if not body.startswith("data:"):
        whole = json.loads(body)
        message = whole["choices"][0]["message"]
        calls = [{"id": one["id"], "name": one["function"]["name"], "arguments": one["function"]["arguments"]}
                 for one in message.get("tool_calls") or []]
        return {"id": whole["id"], "model": whole["model"], "text": message.get("content") or "", "tool_calls": calls,
                "finish_reason": whole["choices"][0]["finish_reason"],
                "input_tokens": whole["usage"]["prompt_tokens"], "output_tokens": whole["usage"]["completion_tokens"]}
    got = {"text": "", "tool_calls": []}
    for event in _events(body):
        got.update(id=event["id"], model=event["model"])
        if event.get("usage"):
            got.update(input_tokens=event["usage"]["prompt_tokens"], output_tokens=event["usage"]["completion_tokens"])
        for choice in event["choices"]:
            got["text"] += choice["delta"].get("content") or ""
            got["finish_reason"] = choice.get("finish_reason") or got.get("finish_reason")
            for part in choice["delta"].get("tool_calls") or []:
                while len(got["tool_calls"]) <= part["index"]:
                    got["tool_calls"].append({"id": "", "name": "", "arguments": ""})
                call = got["tool_calls"][part["index"]]
                call["id"] += part.get("id") or ""
                call["name"] += part["function"].get("name") or ""
                call["arguments"] += part["function"].get("arguments") or ""
    return got


def anthropic_answer(body):
    if not body.startswith("event:"):
        whole = json.loads(body)
        return {"id": whole["id"], "model": whole["model"], "finish_reason": whole["stop_reason"],
                "text": "".join(one["text"] for one in whole["content"] if one["type"] == "text"),
                "tool_calls": [{"id": one["id"], "name": one["name"], "arguments": json.dumps(one["input"])}
                               for one in whole["content"] if one["type"] == "tool_use"],
                "input_tokens": whole["usage"]["input_tokens"], "output_tokens": whole["usage"]["output_tokens"]}
    got, blocks = {"text": "", "tool_calls": []}, {}
    for event in _events(body):
        if event["type"] == "message_start":
            message = event["message"]
            got.update(id=message["id"], model=message["model"], input_tokens=message["usage"]["input_tokens"])
        elif event["type"] == "content_block_start" and event["content_block"]["type"] == "tool_use":
            block = event["content_block"]
            blocks[event["index"]] = {"id": block["id"], "name": block["name"], "arguments": ""}
            got["tool_calls"].append(blocks[event["index"]])
        elif event["type"] == "content_block_delta":
            got["text"] += event["delta"].get("text", "")
            if event["index"] in blocks:
                blocks[event["index"]]["arguments"] += event["delta"].get("partial_json", "")
        elif event["type"] == "message_delta":
            got["finish_reason"] = event["delta"]["stop_reason"]
            got["output_tokens"] = event["usage"]["output_tokens"]
    return got


def _events(body):
    for line in body.split("\n"):
        if line.startswith("data:") and line[5:].strip() != "[DONE]":
            yield json.loads(line[5:])
