// The `@modelcontextprotocol/sdk` package: one client over streamable HTTP, one over the older SSE.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CreateMessageRequestSchema } from "@modelcontextprotocol/sdk/types.js";

import { prompt } from "./expected.mjs";

const kTold = { host: "mcp.example.net" };

// One session that does everything; each request becomes one exchange.
async function session(transport, name) {
  const client = new Client({ name: "sonde-matrix", version: "1.0.0" }, { capabilities: { sampling: {} } });
  const asked = [];
  client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
    asked.push(params.messages[0].content.text);
    return { model: "host-model", role: "assistant", stopReason: "endTurn", content: { type: "text", text: `The host's model says: ${name}` } };
  });
  await client.connect(transport);
  const { tools } = await client.listTools();
  const echo = await client.callTool({ name: "echo", arguments: { text: prompt(name), count: 2 } });
  const sampled = await client.callTool({ name: "ask", arguments: { question: prompt(name) } });
  const failed = await client.callTool({ name: "fail", arguments: {} });
  const { resources } = await client.listResources();
  const { contents } = await client.readResource({ uri: resources[0].uri });
  const { messages } = await client.getPrompt({ name: "greet", arguments: { who: "Zoë" } });
  await transport.terminateSession?.();
  await client.close();
  const method = (mcp_method, fields) => ({ ...kTold, mcp_method, ...fields });
  return [
    method("initialize"),
    method("tools/list", { tools: tools.map((one) => one.name) }),
    method("tools/call", { holds: [prompt(name), ...echo.content.map((one) => one.text)] }),
    method("tools/call", { holds: [prompt(name), ...sampled.content.map((one) => one.text)] }),
    method("sampling/createMessage", { holds: [...asked, `The host's model says: ${name}`] }),
    method("tools/call", { holds: failed.content.map((one) => one.text) }),
    method("resources/list"),
    method("resources/read", { holds: contents.map((one) => one.text) }),
    method("prompts/get", { holds: messages.map((one) => one.content.text) }),
  ];
}

export const cases = {
  "mcp streamable http": (name) => session(new StreamableHTTPClientTransport(new URL("https://mcp.example.net/mcp")), name),
  "mcp sse": (name) => session(new SSEClientTransport(new URL("https://mcp.example.net/sse")), name),
};
