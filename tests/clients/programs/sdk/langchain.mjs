// LangChain on top of the providers' packages: what its caller sends and gets.
import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { ChatAnthropic } from "@langchain/anthropic";
import { ChatOpenAI } from "@langchain/openai";

import { call, kResult, kSchema, kSystem, kTools, prompt, result, text } from "./expected.mjs";

const openai = new ChatOpenAI({ model: "gpt-4o-mini", apiKey: "dummy", maxRetries: 0, streamUsage: true });
const responses = new ChatOpenAI({ model: "gpt-4.1", apiKey: "dummy", maxRetries: 0, useResponsesApi: true });
const anthropic = new ChatAnthropic({ model: "claude-sonnet-4-5", apiKey: "dummy", maxRetries: 0, maxTokens: 500 });
const kOpenAi = { host: "api.openai.com", provider: "openai", model: "gpt-4o-mini" };
const kResponses = { ...kOpenAi, model: "gpt-4.1" };
const kAnthropic = { host: "api.anthropic.com", provider: "anthropic", model: "claude-sonnet-4-5" };
const tools = kTools.map(([name, description]) => ({ type: "function", function: { name, description, parameters: kSchema } }));
const messages = (name) => [new SystemMessage(kSystem), new HumanMessage(prompt(name))];
const input = (name) => [text("system", kSystem), text("user", prompt(name))];

async function run(told, model, sent, input, streamed = false) {
  let got;
  if (streamed) for await (const chunk of await model.stream(sent)) got = got ? got.concat(chunk) : chunk;
  else got = await model.invoke(sent);
  const content = typeof got.content === "string" ? got.content : got.content.map((one) => one.text ?? "").join("");
  // Of Anthropic's streams LangChain adds the output tokens of the first event to those of the last.
  const counted = !(streamed && told === kAnthropic);
  return [{ ...told, operation: "chat", stream: streamed, input, output: [...(content ? [text("assistant", content)] : []), ...(got.tool_calls ?? []).map((one) => call(one.id, one.name, one.args))],
    usage: counted && [got.usage_metadata?.input_tokens, got.usage_metadata?.output_tokens] }];
}

const toolTurn = (name) => [[...messages(name), new AIMessage({ content: "", tool_calls: [{ id: "call_1", name: "get_weather", args: { city: "Bern" } }] }), new ToolMessage({ tool_call_id: "call_1", content: kResult })],
  [...input(name), call("call_1", "get_weather", { city: "Bern" }), result("call_1", kResult)]];

export const cases = {
  "langchain openai": (name) => run(kOpenAi, openai, messages(name), input(name)),
  "langchain openai, streamed": (name) => run(kOpenAi, openai, messages(name), input(name), true),
  "langchain openai, parallel tools, streamed": (name) => run(kOpenAi, openai.bindTools(tools), messages(`${name} parallel`), input(`${name} parallel`), true),
  "langchain openai, tool results": (name) => run(kOpenAi, openai.bindTools(tools), ...toolTurn(name)),
  "langchain openai responses": (name) => run(kResponses, responses, messages(name), input(name)),
  "langchain openai responses, streamed": (name) => run(kResponses, responses, messages(name), input(name), true),
  "langchain anthropic": (name) => run(kAnthropic, anthropic, messages(name), input(name)),
  "langchain anthropic, tools, streamed": (name) => run(kAnthropic, anthropic.bindTools(tools), messages(name), input(name), true),
  "langchain anthropic, tool results": (name) => run(kAnthropic, anthropic, ...toolTurn(name)),
};
