// An application on the `@anthropic-ai/sdk` package: for each line of JSON on its input
// {"origin", "body", "headers"} one call, and one line with what the application got of it.
import { createInterface } from "node:readline";

import Anthropic from "@anthropic-ai/sdk";

async function call({ origin, body, headers }) {
  const client = new Anthropic({ baseURL: origin, apiKey: "dummy", maxRetries: 0, defaultHeaders: headers });
  const { stream, ...rest } = body;
  const message = stream ? await client.messages.stream(rest).finalMessage() : await client.messages.create(rest);
  const blocks = (type) => message.content.filter((block) => block.type === type);
  return {
    id: message.id, model: message.model, finish_reason: message.stop_reason,
    text: blocks("text").map((block) => block.text).join(""),
    tool_calls: blocks("tool_use").map(({ id, name, input }) => ({ id, name, arguments: JSON.stringify(input) })),
    input_tokens: message.usage.input_tokens, output_tokens: message.usage.output_tokens,
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const got = await call(JSON.parse(line)).catch((error) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify(got)}\n`);
}
