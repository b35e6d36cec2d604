// The `openai` package: chat completions, responses, embeddings, moderations, files, realtime.
import { once } from "node:events";

import OpenAI, { AzureOpenAI, toFile } from "openai";
import { OpenAIRealtimeWS } from "openai/realtime/ws";

import { blob, call, collected, kGif, kResult, kSchema, kSystem, kTools, prompt, reasoning, result, text } from "./expected.mjs";

const client = new OpenAI({ apiKey: "dummy", maxRetries: 0 });
const azure = new AzureOpenAI({ endpoint: "https://demo.openai.azure.com", apiKey: "dummy", apiVersion: "2025-04-01-preview", maxRetries: 0 });
const kTold = { host: "api.openai.com", provider: "openai" };
const kAzure = { host: "demo.openai.azure.com", provider: "azure.ai.openai" };

const functions = kTools.map(([name, description]) => ({ type: "function", function: { name, description, parameters: kSchema } }));
const flatFunctions = kTools.map(([name, description]) => ({ type: "function", name, description, parameters: kSchema, strict: false }));

const chatOutput = ({ content, reasoning_content, tool_calls = [] }) => [
  ...(reasoning_content ? [reasoning(reasoning_content)] : []), ...(content ? [text("assistant", content)] : []),
  ...tool_calls.map((one) => call(one.id, one.function.name, one.function.arguments))];

function chatExpected(told, body, got, input) {
  return { ...told, operation: "chat", model: body.model, response_model: got.model, id: got.id,
    finish: got.choices.map((one) => one.finish_reason), stream: Boolean(body.stream), input,
    output: got.choices.flatMap(({ message }) => chatOutput(message)), tools: (body.tools ?? []).map((one) => one.function.name),
    usage: got.usage && [got.usage.prompt_tokens, got.usage.completion_tokens] };
}

// The package's own assembly of a stream is what its caller gets.
async function chat(told, from, body, input) {
  if (!body.stream) return [chatExpected(told, body, await from.chat.completions.create(body), input)];
  const { stream, ...rest } = body;
  return [chatExpected(told, body, await from.chat.completions.stream({ ...rest, stream_options: { include_usage: true } }).finalChatCompletion(), input)];
}

const simple = (name, fields) => ({ model: "gpt-4o-mini", messages: [{ role: "system", content: kSystem }, { role: "user", content: prompt(name) }], ...fields });
const simpleInput = (name) => [text("system", kSystem), text("user", prompt(name))];

function toolTurn(name, fields) {
  const calls = [{ id: "call_1", type: "function", function: { name: "get_weather", arguments: '{"city": "Bern"}' } },
    { id: "call_2", type: "function", function: { name: "get_time", arguments: "{}" } }];
  const messages = [{ role: "developer", content: kSystem }, { role: "user", content: [{ type: "text", text: prompt(name) }] },
    { role: "assistant", content: null, tool_calls: calls }, { role: "tool", tool_call_id: "call_1", content: kResult },
    { role: "tool", tool_call_id: "call_2", content: [{ type: "text", text: "noon" }] }];
  const input = [text("developer", kSystem), text("user", prompt(name)), call("call_1", "get_weather", { city: "Bern" }), call("call_2", "get_time", {}),
    result("call_1", kResult), result("call_2", "noon")];
  return [{ model: "gpt-4o", messages, tools: functions, ...fields }, input];
}

function responseExpected(body, got, input, stream, told = kTold) {
  const output = got.output.flatMap((item) => {
    if (item.type === "reasoning") return (item.summary ?? []).map((one) => reasoning(one.text));
    if (item.type === "function_call") return [call(item.call_id, item.name, item.arguments)];
    return item.content.map((one) => text("assistant", one.text ?? one.refusal));
  });
  return [{ ...told, operation: "chat", model: body.model, response_model: got.model, id: got.id, stream, input, output,
    tools: (body.tools ?? []).map((one) => one.name), usage: got.usage && [got.usage.input_tokens, got.usage.output_tokens] }];
}

const respond = async (body, input) => responseExpected(body, await client.responses.create(body), input, false);
const respondStreamed = async (body, input) => {
  const events = await collected(await client.responses.create({ ...body, stream: true }));
  return responseExpected(body, events.find((one) => one.type === "response.completed").response, input, true);
};
const responseBody = (name, fields) => ({ model: "gpt-4.1", instructions: kSystem, input: prompt(name), ...fields });
const responseInput = (name) => [text("system", kSystem), text("user", prompt(name))];

function responseToolTurn(name) {
  const body = { model: "gpt-4.1", tools: flatFunctions, input: [{ role: "user", content: [{ type: "input_text", text: prompt(name) }] },
    { type: "function_call", call_id: "call_1", name: "get_weather", arguments: '{"city":"Bern"}' },
    { type: "function_call_output", call_id: "call_1", output: kResult }] };
  return [body, [text("user", prompt(name)), call("call_1", "get_weather", { city: "Bern" }), result("call_1", kResult)]];
}

async function embed(from, told, name) {
  const body = { model: "text-embedding-3-small", input: [prompt(name), "second text"] };
  const got = await from.embeddings.create(body);
  return [{ ...told, operation: "embeddings", model: body.model, response_model: got.model, input: body.input.map((one) => text("user", one)), output: [], usage: [got.usage.prompt_tokens, undefined] }];
}

async function realtime(name) {
  const socket = await OpenAIRealtimeWS.create(client, { model: "gpt-realtime" });
  const events = [];
  socket.on("event", (event) => events.push(event)).on("error", () => {});
  const until = async (type) => { while (!events.some((one) => one.type === type)) await once(socket.socket, "message"); await new Promise(setImmediate); };
  await once(socket.socket, "open");
  socket.send({ type: "session.update", session: { type: "realtime", instructions: kSystem, output_modalities: ["text"] } });
  socket.send({ type: "conversation.item.create", item: { type: "message", role: "user", content: [{ type: "input_text", text: prompt(name) }] } });
  socket.send({ type: "response.create" });
  await until("response.done");
  const { response } = events.find((one) => one.type === "response.done");
  const closed = once(socket.socket, "close");
  socket.close();
  await closed;
  return [{ ...kTold, operation: "chat", model: "gpt-realtime", id: response.id, http: "websocket", input: [text("system", kSystem), text("user", prompt(name))],
    output: response.output.flatMap((item) => item.content.map((one) => text("assistant", one.text))),
    usage: [response.usage?.input_tokens, response.usage?.output_tokens] }];
}

async function failing(name) {
  const body = { model: "gpt-none", messages: [{ role: "user", content: prompt(name) }] };
  const error = await client.chat.completions.create(body).catch((one) => one);
  return [{ ...kTold, operation: "chat", model: body.model, input: [text("user", prompt(name))], output: [], status: error.status, error_message: error.error.message }];
}

async function upload(name) {
  const lines = `${JSON.stringify({ name, content: "training" })}\n`;
  await client.files.create({ purpose: "fine-tune", file: await toFile(Buffer.from(lines), "training.jsonl") });
  return [{ ...kTold }];
}

export const cases = {
  "openai chat": (name) => chat(kTold, client, simple(name), simpleInput(name)),
  "openai chat, streamed": (name) => chat(kTold, client, simple(name, { stream: true }), simpleInput(name)),
  "openai chat, reasoning": (name) => chat(kTold, client, simple(`${name} think`), simpleInput(`${name} think`)),
  "openai chat, tools": (name) => chat(kTold, client, simple(name, { tools: functions }), simpleInput(name)),
  "openai chat, parallel tools, streamed": (name) => chat(kTold, client, simple(`${name} parallel say first`, { tools: functions, stream: true }), simpleInput(`${name} parallel say first`)),
  "openai chat, tool results": (name) => chat(kTold, client, ...toolTurn(name)),
  "openai chat, tool results, streamed": (name) => chat(kTold, client, ...toolTurn(name, { stream: true })),
  "openai chat, image": (name) => chat(kTold, client, { model: "gpt-4o", messages: [{ role: "user", content: [{ type: "text", text: prompt(name) }, { type: "image_url", image_url: { url: `data:image/gif;base64,${kGif}` } }] }] },
    [text("user", prompt(name)), blob("user", "image/gif")]),
  "openai chat, error": failing,
  "openai responses": (name) => respond(responseBody(name), responseInput(name)),
  "openai responses, streamed": (name) => respondStreamed(responseBody(name), responseInput(name)),
  "openai responses, reasoning, streamed": (name) => respondStreamed(responseBody(`${name} think`), responseInput(`${name} think`)),
  "openai responses, parallel tools": (name) => respond(responseBody(`${name} parallel`, { tools: flatFunctions }), responseInput(`${name} parallel`)),
  "openai responses, parallel tools, streamed": (name) => respondStreamed(responseBody(`${name} parallel say first`, { tools: flatFunctions }), responseInput(`${name} parallel say first`)),
  "openai responses, tool results": (name) => respond(...responseToolTurn(name)),
  "openai responses, tool results, streamed": (name) => respondStreamed(...responseToolTurn(name)),
  "openai embeddings": (name) => embed(client, kTold, name),
  "openai realtime": realtime,
  "openai files": upload,
  "azure openai chat": (name) => chat({ ...kAzure }, azure, simple(name), simpleInput(name)),
  "azure openai chat, tools, streamed": (name) => chat({ ...kAzure }, azure, simple(name, { tools: functions, stream: true }), simpleInput(name)),
  "azure openai embeddings": (name) => embed(azure, kAzure, name),
};
