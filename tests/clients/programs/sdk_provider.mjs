// All providers of the SDK matrix behind one TLS front: aimock, a server made with the MCP SDK, and
// documented shapes (sdk/shapes.mjs) for what aimock has not.
//
//   node sdk_provider.mjs '{"address": "127.9.8.7", "port": 443, "certificate": FILE, "key": FILE, "h2": true}'
//
// Prints one line of JSON when it listens: {"port": of the front}.
import { createServer } from "node:http";

import { LLMock } from "@copilotkit/aimock";

import { front, listen } from "./front.mjs";
import { mcpServer } from "./sdk/mcp_server.mjs";
import { isShaped, shapes } from "./sdk/shapes.mjs";

const options = JSON.parse(process.argv[2]);
const kUsage = {
  prompt_tokens: 31, completion_tokens: 17, input_tokens: 31, output_tokens: 17,
  promptTokenCount: 31, candidatesTokenCount: 17, totalTokenCount: 48,
};
const kCalls = [
  { name: "get_weather", arguments: '{"city":"Zürich","days":3}' },
  { name: "get_time", arguments: '{"zone":"Europe/Zurich","precise":true,"offsets":[1,-2.5,null]}' },
];

const textOf = ({ content }) =>
  typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("");

// A request with tools gets calls of them until their results are there; "think" gets reasoning too.
function answerTo({ model, messages = [], tools, embeddingInput }) {
  if (model === "gpt-none") return { status: 404, error: { message: "The model `gpt-none` does not exist: ünïcode", type: "invalid_request_error", code: "model_not_found" } };
  if (embeddingInput !== undefined) return { embedding: [0.25, -0.5, 0.125] };
  const last = messages.findLast(({ role }) => role === "user");
  const prompt = last ? textOf(last) : "";
  const reasoning = prompt.includes("think") ? { reasoning: "First – weigh it: ½ of 8 is 4.\nThen answer." } : {};
  const answered = messages.at(-1)?.role === "tool";
  if (tools?.length && !answered) {
    const toolCalls = prompt.includes("parallel") ? kCalls : kCalls.slice(0, 1);
    return { usage: kUsage, toolCalls, ...reasoning, ...(prompt.includes("say first") ? { content: "Let me look. 🔎" } : {}) };
  }
  return { usage: kUsage, content: `Answer to “${prompt}”: it's "four"\\4, 四, 🦉.\n\t- one\n- ${"and more, ".repeat(20)}`, ...reasoning };
}

const mock = new LLMock({ host: "127.0.0.1", port: 0, logLevel: "silent", journalMaxEntries: 1 });
mock.on({ predicate: () => true }, answerTo, { chunkSize: 7 });
for (const endpoint of ["realtime", "embedding"]) mock.on({ endpoint, predicate: () => true }, answerTo, { chunkSize: 7 });
mock.onRerank(/./, [{ index: 1, relevance_score: 0.9 }, { index: 0, relevance_score: 0.1 }]);
await mock.start();
const mcp = await listen(mcpServer(), 0, "127.0.0.1");
const shaped = await listen(createServer(shapes), 0, "127.0.0.1");

// Vertex AI's express mode leaves out the project.
const mockPath = (path) => path.replace(/^\/v1(beta1)?\/publishers\/google\/models\//, "/v1/projects/p/locations/l/publishers/google/models/");

function portOf(host, path) {
  if (host.startsWith("mcp.")) return { port: mcp, path };
  return isShaped(host, path) ? { port: shaped, path } : { port: mock.port, path: mockPath(path) };
}
const port = await listen(front(options, portOf), options.port ?? 0, options.address);
process.stdout.write(`${JSON.stringify({ port })}\n`);
