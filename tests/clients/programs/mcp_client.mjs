// An agent on `@modelcontextprotocol/sdk` that starts mcp_server.mjs: for each line of JSON on its
// input, arguments of the tool, one call. Says {"server": pid} first, then a line for each answer.
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const server = fileURLToPath(new URL("mcp_server.mjs", import.meta.url));
const transport = new StdioClientTransport({ command: process.execPath, args: [server] });
const client = new Client({ name: "test-agent", version: "0.1.0" });
await client.connect(transport);
const { tools } = await client.listTools();
process.stdout.write(`${JSON.stringify({ server: transport.pid, tools: tools.map(({ name }) => name) })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const { content } = await client.callTool({ name: "repeat", arguments: JSON.parse(line) });
  process.stdout.write(`${JSON.stringify({ text: content[0].text })}\n`);
}
await client.close();
