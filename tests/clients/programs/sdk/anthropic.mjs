// The `@anthropic-ai/sdk` package: messages, tools, thinking.
import Anthropic from "@anthropic-ai/sdk";

import { blob, call, kGif, kResult, kSchema, kSystem, kTools, prompt, reasoning, result, text } from "./expected.mjs";

const client = new Anthropic({ apiKey: "dummy", maxRetries: 0 });
const tools = kTools.map(([name, description]) => ({ name, description, input_schema: kSchema }));

export function outputOf(content) {
  return content.map((block) => {
    if (block.type === "tool_use") return call(block.id, block.name, block.input);
    return block.type === "thinking" ? reasoning(block.thinking) : text("assistant", block.text);
  });
}

async function message(fields, input, streamed = false) {
  const body = { model: "claude-sonnet-4-5", max_tokens: 2048, ...fields };
  const got = streamed ? await client.messages.stream(body).finalMessage() : await client.messages.create(body);
  return [{ host: "api.anthropic.com", provider: "anthropic", operation: "chat", model: body.model, response_model: got.model, id: got.id,
    finish: [got.stop_reason], stream: streamed, input, output: outputOf(got.content), tools: (body.tools ?? []).map((one) => one.name),
    usage: [got.usage.input_tokens, got.usage.output_tokens] }];
}

const simple = (name, fields) => ({ messages: [{ role: "user", content: prompt(name) }], ...fields });
const input = (name) => [text("user", prompt(name))];
const kThinking = { thinking: { type: "enabled", budget_tokens: 1024 } };

function toolTurn(name) {
  const messages = [{ role: "user", content: [{ type: "text", text: prompt(name) }, { type: "image", source: { type: "base64", media_type: "image/gif", data: kGif } }] },
    { role: "assistant", content: [{ type: "text", text: "Let me look." }, { type: "tool_use", id: "toolu_1", name: "get_weather", input: { city: "Bern" } }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text: kResult }] }, { type: "text", text: "And now?" }] }];
  return [{ system: [{ type: "text", text: kSystem }], messages, tools },
    [text("system", kSystem), text("user", prompt(name)), blob("user", "image/gif"), text("assistant", "Let me look."),
      call("toolu_1", "get_weather", { city: "Bern" }), result("toolu_1", kResult), text("user", "And now?")]];
}

export const cases = {
  "anthropic messages": (name) => message(simple(name, { system: kSystem }), [text("system", kSystem), ...input(name)]),
  "anthropic messages, streamed": (name) => message(simple(name), input(name), true),
  "anthropic messages, parallel tools": (name) => message(simple(`${name} parallel say first`, { tools }), input(`${name} parallel say first`)),
  "anthropic messages, parallel tools, streamed": (name) => message(simple(`${name} parallel say first`, { tools }), input(`${name} parallel say first`), true),
  "anthropic messages, tool results": (name) => message(...toolTurn(name)),
  "anthropic messages, tool results, streamed": (name) => message(...toolTurn(name), true),
  "anthropic messages, thinking": (name) => message(simple(`${name} think`, kThinking), input(`${name} think`)),
  "anthropic messages, thinking, streamed": (name) => message(simple(`${name} think`, kThinking), input(`${name} think`), true),
};
