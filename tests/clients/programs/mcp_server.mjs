// A server on `@modelcontextprotocol/sdk` over standard input and output, with one tool that repeats
// a text.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

const server = new McpServer({ name: "echo-server", version: "1.2.3" });
server.registerTool("repeat", { description: "Says a text several times", inputSchema: { text: z.string(), times: z.number() } },
  async ({ text, times }) => ({ content: [{ type: "text", text: text.repeat(times) }] }));
await server.connect(new StdioServerTransport());
