// The `@mistralai/mistralai` package: chat, fill-in-the-middle, embeddings, agents, OCR, conversations.
import { Mistral } from "@mistralai/mistralai";

import { call, collected, kResult, kSchema, kSystem, kTools, prompt, result, text } from "./expected.mjs";

const client = new Mistral({ apiKey: "dummy", retryConfig: { strategy: "none" } });
// Mistral streams each call of a tool in one piece; aimock, behind the usual path, does not.
const shaped = new Mistral({ apiKey: "dummy", retryConfig: { strategy: "none" }, serverURL: "https://api.mistral.ai/shaped" });
const kTold = { host: "api.mistral.ai", provider: "mistral_ai" };
const tools = kTools.map(([name, description]) => ({ type: "function", function: { name, description, parameters: kSchema } }));
const outputOf = ({ content, toolCalls }) => [...(content ? [text("assistant", content)] : []), ...(toolCalls ?? []).map((one) => call(one.id, one.function.name, one.function.arguments))];
const messages = (name) => [{ role: "system", content: kSystem }, { role: "user", content: prompt(name) }];
const input = (name) => [text("system", kSystem), text("user", prompt(name))];

async function chat(send, fields, sent) {
  const body = { ...fields };
  const got = await send(body);
  return [{ ...kTold, operation: "chat", model: body.model, response_model: got.model, id: got.id, finish: got.choices.map((one) => one.finishReason), stream: false, input: sent,
    output: got.choices.flatMap((one) => outputOf(one.message)), tools: body.tools ? kTools.map(([name]) => name) : [], usage: [got.usage.promptTokens, got.usage.completionTokens] }];
}
const complete = (body) => client.chat.complete(body);

async function streamed(name, fields = {}, from = client) {
  const body = { model: "mistral-large-latest", messages: messages(name), ...fields };
  const chunks = (await collected(await from.chat.stream(body))).map((one) => one.data);
  const calls = new Map();
  let content = "";
  for (const { delta } of chunks.flatMap((one) => one.choices)) {
    content += delta.content ?? "";
    for (const piece of delta.toolCalls ?? []) {
      const one = calls.get(piece.index) ?? { id: piece.id, name: "", arguments: "" };
      calls.set(piece.index, { ...one, name: one.name + piece.function.name, arguments: one.arguments + piece.function.arguments });
    }
  }
  return [{ ...kTold, operation: "chat", model: body.model, response_model: chunks[0].model, id: chunks[0].id, stream: true, input: input(name),
    output: [...(content ? [text("assistant", content)] : []), ...[...calls.values()].map((one) => call(one.id, one.name, one.arguments))] }];
}

async function fim(name) {
  const got = await client.fim.complete({ model: "codestral-latest", prompt: prompt(name), suffix: "return four" });
  return [{ ...kTold, model: "codestral-latest", id: got.id, input: [text("user", prompt(name)), text("user", "return four")], output: got.choices.flatMap((one) => outputOf(one.message)), usage: [got.usage.promptTokens, got.usage.completionTokens] }];
}

async function embed(name) {
  const got = await client.embeddings.create({ model: "mistral-embed", inputs: [prompt(name), "second"] });
  return [{ ...kTold, operation: "embeddings", model: "mistral-embed", response_model: got.model, input: [text("user", prompt(name)), text("user", "second")], output: [] }];
}

async function converse(name) {
  const got = await client.beta.conversations.start({ model: "mistral-medium-latest", instructions: kSystem, inputs: prompt(name) });
  return [{ ...kTold, model: "mistral-medium-latest", conversation: got.conversationId, input: input(name), output: got.outputs.map((one) => text("assistant", one.content)), usage: [got.usage.promptTokens, got.usage.completionTokens] }];
}

async function ocr(name) {
  const got = await client.ocr.process({ model: "mistral-ocr-latest", document: { type: "document_url", documentUrl: `https://files.example.net/${encodeURIComponent(name)}.pdf` } });
  return [{ ...kTold, model: "mistral-ocr-latest", outputs_hold: got.pages.map((one) => one.markdown) }];
}

const agentTurn = (name) => ({ agentId: "ag_1", messages: [{ role: "user", content: prompt(name) }] });
const toolTurn = (name) => [{ model: "mistral-large-latest", tools, messages: [...messages(name), { role: "assistant", content: "", toolCalls: [{ id: "abcdef123", function: { name: "get_weather", arguments: '{"city":"Bern"}' } }] },
  { role: "tool", toolCallId: "abcdef123", name: "get_weather", content: kResult }] }, [...input(name), call("abcdef123", "get_weather", { city: "Bern" }), result("abcdef123", kResult)]];

export const cases = {
  "mistral chat": (name) => chat(complete, { model: "mistral-large-latest", messages: messages(name) }, input(name)),
  "mistral chat, streamed": (name) => streamed(name),
  "mistral chat, parallel tools": (name) => chat(complete, { model: "mistral-large-latest", messages: messages(`${name} parallel`), tools }, input(`${name} parallel`)),
  "mistral chat, parallel tools, streamed": (name) => streamed(`${name} parallel`, { tools }, shaped),
  "mistral chat, tool results": (name) => chat(complete, ...toolTurn(name)),
  "mistral agents": (name) => chat((body) => client.agents.complete(body), agentTurn(name), [text("user", prompt(name))]),
  "mistral fim": fim,
  "mistral embeddings": embed,
  "mistral conversations": converse,
  "mistral ocr": ocr,
};
