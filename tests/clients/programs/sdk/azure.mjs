// The `@azure-rest/ai-inference` package: Azure AI Model Inference.
import createClient from "@azure-rest/ai-inference";
import { AzureKeyCredential } from "@azure/core-auth";

import { call, kSchema, kSystem, kTools, prompt, text } from "./expected.mjs";

const client = createClient("https://demo.services.ai.azure.com/models", new AzureKeyCredential("dummy"), { retryOptions: { maxRetries: 0 } });
const kTold = { host: "demo.services.ai.azure.com", provider: "azure.ai.inference" };
const tools = kTools.map(([name, description]) => ({ type: "function", function: { name, description, parameters: kSchema } }));
const input = (name) => [text("system", kSystem), text("user", prompt(name))];
const body = (name, fields) => ({ model: "Phi-4", messages: [{ role: "system", content: kSystem }, { role: "user", content: prompt(name) }], ...fields });

async function chat(name, fields = {}) {
  const sent = body(name, fields);
  const { body: got } = await client.path("/chat/completions").post({ body: sent });
  const [{ message, finish_reason }] = got.choices;
  return [{ ...kTold, operation: "chat", model: sent.model, response_model: got.model, id: got.id, finish: [finish_reason], stream: false, input: input(name),
    output: [...(message.content ? [text("assistant", message.content)] : []), ...(message.tool_calls ?? []).map((one) => call(one.id, one.function.name, one.function.arguments))],
    tools: sent.tools ? kTools.map(([tool]) => tool) : [], usage: [got.usage.prompt_tokens, got.usage.completion_tokens] }];
}

async function streamed(name) {
  const sent = body(name, { stream: true });
  const answer = await client.path("/chat/completions").post({ body: sent }).asNodeStream();
  let raw = "";
  for await (const piece of answer.body.setEncoding("utf8")) raw += piece;
  const events = raw.split("\n").filter((line) => line.startsWith("data: {")).map((line) => JSON.parse(line.slice(6)));
  const content = events.map((one) => one.choices[0]?.delta.content ?? "").join("");
  return [{ ...kTold, operation: "chat", model: sent.model, response_model: events[0].model, id: events[0].id, stream: true, input: input(name), output: [text("assistant", content)] }];
}

async function embed(name) {
  const { body: got } = await client.path("/embeddings").post({ body: { model: "text-embedding-3-small", input: [prompt(name)] } });
  return [{ ...kTold, operation: "embeddings", model: "text-embedding-3-small", response_model: got.model, input: [text("user", prompt(name))], output: [] }];
}

export const cases = {
  "azure inference chat": (name) => chat(name),
  "azure inference chat, tools": (name) => chat(name, { tools }),
  "azure inference chat, streamed": streamed,
  "azure inference embeddings": embed,
};
