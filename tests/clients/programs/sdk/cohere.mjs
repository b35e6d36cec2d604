// The `cohere-ai` package: chat of both versions, embed, rerank.
import { CohereClient, CohereClientV2 } from "cohere-ai";

import { call, collected, kResult, kSchema, kSystem, kTools, prompt, result, text } from "./expected.mjs";

const v1 = new CohereClient({ token: "dummy" });
const v2 = new CohereClientV2({ token: "dummy" });
const kTold = { host: "api.cohere.com", provider: "cohere" };
const kOnce = { maxRetries: 0 };
const tools = kTools.map(([name, description]) => ({ type: "function", function: { name, description, parameters: kSchema } }));
const messages = (name) => [{ role: "system", content: kSystem }, { role: "user", content: prompt(name) }];
const input = (name) => [text("system", kSystem), text("user", prompt(name))];
const outputOf = ({ toolPlan, content, toolCalls }) => [...(toolPlan ? [["assistant", "reasoning", toolPlan]] : []), ...(content ?? []).map((one) => text("assistant", one.text)),
  ...(toolCalls ?? []).map((one) => call(one.id, one.function.name, one.function.arguments))];

async function chat(fields, sent) {
  const body = { model: "command-r-plus", ...fields };
  const got = await v2.chat(body, kOnce);
  return [{ ...kTold, operation: "chat", model: body.model, id: got.id, finish: [got.finishReason], stream: false, input: sent, output: outputOf(got.message),
    tools: body.tools ? kTools.map(([name]) => name) : [], usage: [got.usage?.tokens?.inputTokens, got.usage?.tokens?.outputTokens] }];
}

async function streamed(name, fields = {}) {
  const body = { model: "command-r-plus", messages: messages(name), ...fields };
  const events = await collected(await v2.chatStream(body, kOnce));
  const of = (type) => events.filter((one) => one.type === type);
  const plan = of("tool-plan-delta").map((one) => one.delta.message.toolPlan).join("");
  const said = of("content-delta").map((one) => one.delta.message.content.text).join("");
  const calls = of("tool-call-start").map(({ index, delta: { message: { toolCalls: one } } }) => call(one.id, one.function.name,
    (one.function.arguments ?? "") + of("tool-call-delta").filter((piece) => piece.index === index).map((piece) => piece.delta.message.toolCalls.function.arguments).join("")));
  const [end] = of("message-end");
  return [{ ...kTold, operation: "chat", model: body.model, id: of("message-start")[0].id, finish: [end.delta.finishReason], stream: true, input: input(name), output: [...(plan ? [["assistant", "reasoning", plan]] : []), ...(said ? [text("assistant", said)] : []), ...calls],
    usage: [end.delta.usage?.tokens?.inputTokens, end.delta.usage?.tokens?.outputTokens] }];
}

async function first(name) {
  const got = await v1.chat({ model: "command-r", preamble: kSystem, chatHistory: [{ role: "USER", message: "before" }, { role: "CHATBOT", message: "then" }], message: prompt(name), documents: [{ title: "t", snippet: "What a document says." }] }, kOnce);
  return [{ ...kTold, operation: "chat", model: "command-r", inputs_hold: [kSystem, "before", "then", prompt(name), "What a document says."], output: [text("assistant", got.text)], finish: [got.finishReason] }];
}

async function firstStreamed(name) {
  const events = await collected(await v1.chatStream({ model: "command-r", message: prompt(name) }, kOnce));
  const said = events.filter((one) => one.eventType === "text-generation").map((one) => one.text).join("");
  return [{ ...kTold, operation: "chat", model: "command-r", stream: true, input: [text("user", prompt(name))], output: [text("assistant", said)] }];
}

async function embed(name) {
  await v2.embed({ model: "embed-v4.0", inputType: "search_query", embeddingTypes: ["float"], texts: [prompt(name), "second"] }, kOnce);
  return [{ ...kTold, operation: "embeddings", model: "embed-v4.0", input: [text("user", prompt(name)), text("user", "second")], output: [] }];
}

async function rerank(name) {
  await v2.rerank({ model: "rerank-v3.5", query: prompt(name), documents: ["Bern is a city.", "Snow is white."] }, kOnce);
  return [{ ...kTold, model: "rerank-v3.5", inputs_hold: [prompt(name), "Bern is a city.", "Snow is white."], output: [] }];
}

const toolTurn = (name) => [{ tools, messages: [...messages(name), { role: "assistant", toolPlan: "I will look.", toolCalls: [{ id: "get_weather_1", type: "function", function: { name: "get_weather", arguments: '{"city":"Bern"}' } }] },
  { role: "tool", toolCallId: "get_weather_1", content: [{ type: "document", document: { data: { celsius: 3 } } }] }] },
[...input(name), ["assistant", "reasoning", "I will look."], call("get_weather_1", "get_weather", { city: "Bern" }), result("get_weather_1", '{"celsius":3}')]];

export const cases = {
  "cohere chat": (name) => chat({ messages: messages(name) }, input(name)),
  "cohere chat, streamed": (name) => streamed(name),
  "cohere chat, parallel tools": (name) => chat({ messages: messages(`${name} parallel`), tools }, input(`${name} parallel`)),
  "cohere chat, parallel tools, streamed": (name) => streamed(`${name} parallel`, { tools }),
  "cohere chat, tool results": (name) => chat(...toolTurn(name)),
  "cohere chat v1": first,
  "cohere chat v1, streamed": firstStreamed,
  "cohere embed": embed,
  "cohere rerank": rerank,
};
