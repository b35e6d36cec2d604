// The `ollama` package: chat, generate, embed.
import { Ollama } from "ollama";

import { blob, call, collected, kGif, kResult, kSchema, kSystem, kTools, prompt, text } from "./expected.mjs";

const client = new Ollama({ host: "https://llm.example.net" });
const kTold = { host: "llm.example.net", provider: "ollama" };
const tools = kTools.map(([name, description]) => ({ type: "function", function: { name, description, parameters: kSchema } }));
const messages = (name) => [{ role: "system", content: kSystem }, { role: "user", content: prompt(name) }];
const input = (name) => [text("system", kSystem), text("user", prompt(name))];

async function chat(name, fields = {}, sent = input(name)) {
  const body = { model: "llama3.2", messages: messages(name), ...fields };
  const got = body.stream ? await collected(await client.chat(body)) : [await client.chat(body)];
  const said = got.map((one) => one.message.content ?? "").join("");
  const calls = got.flatMap((one) => one.message.tool_calls ?? []).map((one) => call(one.id, one.function.name, one.function.arguments));
  const last = got.at(-1);
  return [{ ...kTold, operation: "chat", model: body.model, response_model: last.model, finish: [last.done_reason], input: sent, output: [...(said ? [text("assistant", said)] : []), ...calls],
    tools: body.tools ? kTools.map(([tool]) => tool) : [], usage: [last.prompt_eval_count, last.eval_count] }];
}

async function generate(name, stream) {
  const body = { model: "llama3.2", system: kSystem, prompt: prompt(name), stream };
  const got = stream ? await collected(await client.generate(body)) : [await client.generate(body)];
  return [{ ...kTold, model: body.model, input: input(name), output: [text("assistant", got.map((one) => one.response).join(""))] }];
}

async function embed(name) {
  await client.embed({ model: "nomic-embed-text", input: [prompt(name), "second"] });
  return [{ ...kTold, operation: "embeddings", model: "nomic-embed-text", input: [text("user", prompt(name)), text("user", "second")], output: [] }];
}

const toolTurn = (name) => [name, { tools, messages: [...messages(name), { role: "assistant", content: "", tool_calls: [{ function: { name: "get_weather", arguments: { city: "Bern" } } }] }, { role: "tool", tool_name: "get_weather", content: kResult }] },
  [...input(name), call(undefined, "get_weather", { city: "Bern" }), ["tool", "tool_call_response", null, kResult]]];

export const cases = {
  "ollama chat": (name) => chat(name),
  "ollama chat, streamed": (name) => chat(name, { stream: true }),
  "ollama chat, tools": (name) => chat(`${name} parallel`, { tools }),
  "ollama chat, tools, streamed": (name) => chat(`${name} parallel`, { tools, stream: true }),
  "ollama chat, tool results": (name) => chat(...toolTurn(name)),
  "ollama chat, image": (name) => chat(name, { messages: [{ role: "user", content: prompt(name), images: [kGif] }] }, [text("user", prompt(name)), blob("user", "image/gif")]),
  "ollama generate": (name) => generate(name, false),
  "ollama generate, streamed": (name) => generate(name, true),
  "ollama embed": embed,
};
