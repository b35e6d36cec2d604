// The `@aws-sdk/client-bedrock-runtime` package: converse and invoke, whole and streamed.
import { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand, InvokeModelCommand, InvokeModelWithResponseStreamCommand } from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";

import { outputOf as anthropicOutput } from "./anthropic.mjs";
import { call, collected, kResult, kSchema, kSystem, kTools, prompt, result, text } from "./expected.mjs";

// Of itself this package speaks HTTP/2.
const options = { region: "us-east-1", credentials: { accessKeyId: "AKIADUMMY", secretAccessKey: "dummy" }, maxAttempts: 1 };
const client = new BedrockRuntimeClient(process.env.SDK_HTTP2 ? options : { ...options, requestHandler: new NodeHttpHandler() });
const kModel = "anthropic.claude-3-5-sonnet-20240620-v1:0";
const kTold = { host: "bedrock-runtime.us-east-1.amazonaws.com", provider: "aws.bedrock", operation: "chat", model: kModel };
const toolConfig = { tools: kTools.map(([name, description]) => ({ toolSpec: { name, description, inputSchema: { json: kSchema } } })) };

const converseOutput = (content) => content.map((block) => (block.toolUse ? call(block.toolUse.toolUseId, block.toolUse.name, block.toolUse.input) : text("assistant", block.text)));

function assembled(events) {
  const blocks = new Map();
  for (const { contentBlockStart: start, contentBlockDelta: piece } of events) {
    if (start?.start?.toolUse) blocks.set(start.contentBlockIndex, { toolUse: { ...start.start.toolUse, input: "" } });
    if (piece?.delta?.text !== undefined) blocks.set(piece.contentBlockIndex, { text: (blocks.get(piece.contentBlockIndex)?.text ?? "") + piece.delta.text });
    if (piece?.delta?.toolUse) blocks.get(piece.contentBlockIndex).toolUse.input += piece.delta.toolUse.input;
  }
  return [...blocks.values()];
}

async function converse(fields, input, streamed = false) {
  const body = { modelId: kModel, inferenceConfig: { maxTokens: 300 }, ...fields };
  const tools = body.toolConfig ? kTools.map(([name]) => name) : [];
  if (!streamed) {
    const got = await client.send(new ConverseCommand(body));
    return [{ ...kTold, input, tools, output: converseOutput(got.output.message.content), finish: [got.stopReason], usage: [got.usage.inputTokens, got.usage.outputTokens] }];
  }
  const events = await collected((await client.send(new ConverseStreamCommand(body))).stream);
  const usage = events.find((one) => one.metadata)?.metadata.usage;
  return [{ ...kTold, input, tools, stream: true, output: converseOutput(assembled(events)), finish: [events.find((one) => one.messageStop).messageStop.stopReason], usage: usage && [usage.inputTokens, usage.outputTokens] }];
}

async function invoke(fields, input, streamed = false) {
  const body = { anthropic_version: "bedrock-2023-05-31", max_tokens: 300, ...fields };
  const command = { modelId: kModel, contentType: "application/json", accept: "application/json", body: JSON.stringify(body) };
  const tools = (body.tools ?? []).map((one) => one.name);
  if (!streamed) {
    const got = JSON.parse(Buffer.from((await client.send(new InvokeModelCommand(command))).body).toString());
    return [{ ...kTold, input, tools, output: anthropicOutput(got.content), finish: [got.stop_reason], id: got.id, usage: [got.usage.input_tokens, got.usage.output_tokens] }];
  }
  const answer = await client.send(new InvokeModelWithResponseStreamCommand(command));
  const events = (await collected(answer.body)).map((one) => JSON.parse(Buffer.from(one.chunk.bytes).toString()));
  const content = [];
  for (const event of events) {
    if (event.type === "content_block_start") content[event.index] = { ...event.content_block, json: "" };
    if (event.type !== "content_block_delta") continue;
    const block = content[event.index];
    if (event.delta.type === "text_delta") block.text += event.delta.text;
    if (event.delta.type === "input_json_delta") block.json += event.delta.partial_json;
  }
  const blocks = content.map((block) => (block.type === "tool_use" ? { ...block, input: JSON.parse(block.json || "{}") } : block));
  const start = events.find((one) => one.type === "message_start").message;
  const end = events.find((one) => one.type === "message_delta");
  return [{ ...kTold, input, tools, stream: true, output: anthropicOutput(blocks), finish: [end.delta.stop_reason], id: start.id, usage: [start.usage.input_tokens, end.usage.output_tokens] }];
}

const user = (name) => ({ role: "user", content: [{ text: prompt(name) }] });
const input = (name) => [text("user", prompt(name))];
const withSystem = (name) => [text("system", kSystem), ...input(name)];

const toolTurn = (name) => [{ toolConfig, system: [{ text: kSystem }], messages: [user(name),
  { role: "assistant", content: [{ toolUse: { toolUseId: "tooluse_1", name: "get_weather", input: { city: "Bern" } } }] },
  { role: "user", content: [{ toolResult: { toolUseId: "tooluse_1", content: [{ text: kResult }] } }] }] },
[...withSystem(name), call("tooluse_1", "get_weather", { city: "Bern" }), result("tooluse_1", kResult)]];
const message = (name, fields) => ({ system: kSystem, messages: [{ role: "user", content: prompt(name) }], ...fields });
const tools = kTools.map(([name, description]) => ({ name, description, input_schema: kSchema }));

export const cases = {
  "bedrock converse": (name) => converse({ system: [{ text: kSystem }], messages: [user(name)] }, withSystem(name)),
  "bedrock converse, streamed": (name) => converse({ messages: [user(name)] }, input(name), true),
  "bedrock converse, parallel tools": (name) => converse({ messages: [user(`${name} parallel say first`)], toolConfig }, input(`${name} parallel say first`)),
  "bedrock converse, parallel tools, streamed": (name) => converse({ messages: [user(`${name} parallel say first`)], toolConfig }, input(`${name} parallel say first`), true),
  "bedrock converse, tool results": (name) => converse(...toolTurn(name)),
  "bedrock invoke": (name) => invoke(message(name), withSystem(name)),
  "bedrock invoke, streamed": (name) => invoke(message(name), withSystem(name), true),
  "bedrock invoke, tools": (name) => invoke(message(name, { tools }), withSystem(name)),
  "bedrock invoke, parallel tools, streamed": (name) => invoke(message(`${name} parallel say first`, { tools }), withSystem(`${name} parallel say first`), true),
};
