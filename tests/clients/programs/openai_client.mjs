// An application on the `openai` package: for each line of JSON on its input
// {"origin", "body", "headers"} one call, and one line with what the application got of it.
import { createInterface } from "node:readline";

import OpenAI from "openai";

async function call({ origin, body, headers }) {
  const client = new OpenAI({ baseURL: `${origin}/v1`, apiKey: "dummy", maxRetries: 0, defaultHeaders: headers });
  if (!body.stream) {
    const { id, model, choices: [{ message, finish_reason }], usage } = await client.chat.completions.create(body);
    const tool_calls = (message.tool_calls ?? []).map((one) => ({ id: one.id, name: one.function.name, arguments: one.function.arguments }));
    return { id, model, text: message.content ?? "", tool_calls, finish_reason, input_tokens: usage.prompt_tokens, output_tokens: usage.completion_tokens };
  }
  const got = { text: "", tool_calls: [] };
  for await (const chunk of await client.chat.completions.create(body)) {
    Object.assign(got, { id: chunk.id, model: chunk.model });
    if (chunk.usage) Object.assign(got, { input_tokens: chunk.usage.prompt_tokens, output_tokens: chunk.usage.completion_tokens });
    for (const { delta, finish_reason } of chunk.choices) {
      got.text += delta.content ?? "";
      got.finish_reason = finish_reason ?? got.finish_reason;
      for (const part of delta.tool_calls ?? []) {
        const one = (got.tool_calls[part.index] ??= { id: "", name: "", arguments: "" });
        one.id += part.id ?? "";
        one.name += part.function?.name ?? "";
        one.arguments += part.function?.arguments ?? "";
      }
    }
  }
  return got;
}

for await (const line of createInterface({ input: process.stdin })) {
  const got = await call(JSON.parse(line)).catch((error) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify(got)}\n`);
}
