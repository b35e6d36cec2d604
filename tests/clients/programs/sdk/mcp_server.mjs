// A server of the Model Context Protocol, made with its SDK: tools, a resource, a prompt, and a tool
// that asks the client's model; over streamable HTTP at /mcp and over the older SSE at /sse.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";

import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";

const say = (text, isError = false) => ({ content: [{ type: "text", text }], isError });

function make() {
  const server = new McpServer({ name: "matrix-server", version: "2.0.0" });
  server.registerTool("echo", { description: "Says it again", inputSchema: { text: z.string(), count: z.number() } },
    async ({ text, count }) => ({ content: Array.from({ length: count }, (_, i) => ({ type: "text", text: `${i}: ${text}` })) }));
  server.registerTool("ask", { description: "Asks the client's model", inputSchema: { question: z.string() } }, async ({ question }) => {
    const answer = await server.server.createMessage({ maxTokens: 50, messages: [{ role: "user", content: { type: "text", text: `Asked: ${question}` } }] });
    return say(`It said: ${answer.content.text}`);
  });
  server.registerTool("fail", { description: "Fails" }, async () => say("This went wrong: ÖÄÜ", true));
  server.registerResource("notes", "notes://today", { description: "Notes" }, async (uri) => ({ contents: [{ uri: uri.href, mimeType: "text/plain", text: "Notes: buy milk 🥛" }] }));
  server.registerPrompt("greet", { description: "A greeting", argsSchema: { who: z.string() } }, ({ who }) => ({ messages: [{ role: "user", content: { type: "text", text: `Greet ${who} kindly.` } }] }));
  return server;
}

export function mcpServer() {
  const sessions = new Map();
  const open = async (transport) => { await make().connect(transport); return transport; };
  async function answer(incoming, outgoing) {
    const url = new URL(incoming.url, "http://localhost");
    if (url.pathname === "/sse") {
      const transport = new SSEServerTransport("/messages", outgoing);
      sessions.set(transport.sessionId, transport);
      return open(transport);
    }
    if (url.pathname === "/messages") return sessions.get(url.searchParams.get("sessionId")).handlePostMessage(incoming, outgoing);
    const known = sessions.get(incoming.headers["mcp-session-id"]);
    if (known) return known.handleRequest(incoming, outgoing);
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID, onsessioninitialized: (id) => sessions.set(id, transport) });
    return (await open(transport)).handleRequest(incoming, outgoing);
  }
  return createServer((incoming, outgoing) => answer(incoming, outgoing).catch((error) => outgoing.writeHead(500).end(String(error))));
}
