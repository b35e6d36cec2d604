// The `@google/genai` package: Gemini and Vertex AI.
import { GoogleGenAI } from "@google/genai";

import { blob, call, collected, kGif, kSystem, kTools, prompt, reasoning, result, text } from "./expected.mjs";

const gemini = new GoogleGenAI({ apiKey: "dummy" });
const vertex = new GoogleGenAI({ vertexai: true, apiKey: "dummy" });
const kGemini = { host: "generativelanguage.googleapis.com", provider: "gcp.gemini" };
const kVertex = { host: "aiplatform.googleapis.com", provider: "gcp.vertex_ai" };
const tools = [{ functionDeclarations: kTools.map(([name, description]) => ({ name, description, parameters: { type: "OBJECT", properties: { city: { type: "STRING" } } } })) }];

// A stream's texts go on until something else comes.
function outputOf(parts) {
  const output = [];
  for (const part of parts) {
    const one = part.functionCall ? call(part.functionCall.id, part.functionCall.name, part.functionCall.args) : part.thought ? reasoning(part.text) : text("assistant", part.text);
    const last = output.at(-1);
    if (last && last[1] === one[1] && one[1] !== "tool_call") last[2] += one[2];
    else if (one[1] === "tool_call" || one[2]) output.push(one);
  }
  return output;
}

async function generate(told, from, body, input, streamed = false) {
  const request = { model: "gemini-2.5-flash", ...body };
  const got = streamed ? await collected(await from.models.generateContentStream(request)) : [await from.models.generateContent(request)];
  const last = got.at(-1);
  return [{ ...told, operation: "generate_content", model: request.model, response_model: last.modelVersion, stream: streamed, input,
    finish: [last.candidates[0].finishReason],
    output: outputOf(got.flatMap((one) => one.candidates?.[0]?.content?.parts ?? [])), tools: request.config?.tools ? kTools.map(([name]) => name) : [],
    usage: [last.usageMetadata?.promptTokenCount, last.usageMetadata?.candidatesTokenCount] }];
}

const simple = (name, config) => ({ contents: prompt(name), ...(config ? { config } : {}) });
const input = (name) => [text("user", prompt(name))];

function toolTurn(name) {
  const contents = [{ role: "user", parts: [{ text: prompt(name) }, { inlineData: { mimeType: "image/gif", data: kGif } }] },
    { role: "model", parts: [{ functionCall: { name: "get_weather", args: { city: "Bern" } } }] },
    { role: "user", parts: [{ functionResponse: { name: "get_weather", response: { celsius: 3 } } }] }];
  return [{ contents, config: { tools, systemInstruction: kSystem } },
    [text("system", kSystem), ...input(name), blob("user", "image/gif"), call(undefined, "get_weather", { city: "Bern" }), result(undefined, '{"celsius":3}')]];
}

async function embed(name) {
  await gemini.models.embedContent({ model: "gemini-embedding-001", contents: [prompt(name)] });
  return [{ ...kGemini, operation: "embeddings", model: "gemini-embedding-001", input: input(name), output: [] }];
}

const functions = kTools.map(([name, description]) => ({ type: "function", name, description, parameters: { type: "object", properties: { city: { type: "string" } } } }));
const stepOutput = (steps) => steps.flatMap((step) => (step.type === "function_call" ? [call(step.id, step.name, step.arguments)] : (step.content ?? []).map((one) => text("assistant", one.text))));

// The steps of a streamed interaction, as its events tell them.
function assembled(events) {
  const steps = [];
  for (const { event_type, index, step, delta } of events) {
    if (event_type === "step.start") steps[index] = { ...step, arguments: "", content: step.type === "model_output" ? [{ text: "" }] : [] };
    if (event_type === "step.delta" && delta.type === "text") steps[index].content[0].text += delta.text;
    if (event_type === "step.delta" && delta.type === "arguments_delta") steps[index].arguments += delta.arguments;
  }
  return steps;
}

async function interact(name, stream, fields = {}) {
  const got = await gemini.interactions.create({ model: "gemini-2.5-flash", input: prompt(name), system_instruction: kSystem, stream, ...fields });
  const events = stream ? await collected(got) : [];
  const last = stream ? events.find((one) => one.event_type === "interaction.completed").interaction : got;
  return [{ ...kGemini, operation: "generate_content", model: "gemini-2.5-flash", id: last.id, finish: [last.status], stream, tools: fields.tools ? kTools.map(([tool]) => tool) : [],
    input: [text("system", kSystem), ...input(name)], output: stepOutput(stream ? assembled(events) : got.steps), usage: [last.usage.total_input_tokens, last.usage.total_output_tokens] }];
}

export const cases = {
  "gemini": (name) => generate(kGemini, gemini, simple(name, { systemInstruction: kSystem }), [text("system", kSystem), ...input(name)]),
  "gemini, streamed": (name) => generate(kGemini, gemini, simple(name), input(name), true),
  "gemini, thoughts, streamed": (name) => generate(kGemini, gemini, simple(`${name} think`, { thinkingConfig: { includeThoughts: true } }), input(`${name} think`), true),
  "gemini, parallel tools": (name) => generate(kGemini, gemini, simple(`${name} parallel`, { tools }), input(`${name} parallel`)),
  "gemini, parallel tools, streamed": (name) => generate(kGemini, gemini, simple(`${name} parallel say first`, { tools }), input(`${name} parallel say first`), true),
  "gemini, tool results": (name) => generate(kGemini, gemini, ...toolTurn(name)),
  "gemini embeddings": embed,
  "gemini interactions": (name) => interact(name, false),
  "gemini interactions, streamed": (name) => interact(name, true),
  "gemini interactions, parallel tools": (name) => interact(`${name} parallel`, false, { tools: functions }),
  "gemini interactions, parallel tools, streamed": (name) => interact(`${name} parallel say first`, true, { tools: functions }),
  "vertex": (name) => generate(kVertex, vertex, simple(name), input(name)),
  "vertex, tools, streamed": (name) => generate(kVertex, vertex, simple(name, { tools }), input(name), true),
};
