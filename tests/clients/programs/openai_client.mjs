// An application on the `openai` package: for each line of JSON on its input
// {"origin", "body", "headers"} one call, and one line with what the application got of it; a list of
// those is called all at once. "abort_after" ends a stream after so many pieces of text.
import { createInterface } from "node:readline";

import OpenAI from "openai";

async function call({ origin, body, headers, abort_after }) {
  const client = new OpenAI({ baseURL: `${origin}/v1`, apiKey: "dummy", maxRetries: 0, defaultHeaders: headers });
  if (!body.stream) {
    const { id, model, choices: [{ message, finish_reason }], usage } = await client.chat.completions.create(body);
    const tool_calls = (message.tool_calls ?? []).map((one) => ({ id: one.id, name: one.function.name, arguments: one.function.arguments }));
    return { id, model, text: message.content ?? "", tool_calls, finish_reason, input_tokens: usage.prompt_tokens, output_tokens: usage.completion_tokens };
  }
  const got = { text: "", tool_calls: [] };
  const stream = await client.chat.completions.create(body);
  let pieces = 0;
  for await (const chunk of stream) {
    Object.assign(got, { id: chunk.id, model: chunk.model });
    if (chunk.usage) Object.assign(got, { input_tokens: chunk.usage.prompt_tokens, output_tokens: chunk.usage.completion_tokens });
    for (const { delta, finish_reason } of chunk.choices) {
      got.text += delta.content ?? "";
      if (delta.content && ++pieces === abort_after) {
        stream.controller.abort();
        return got;
      }
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
  const job = JSON.parse(line);
  const one = (single) => call(single).catch((error) => ({ error: String(error), status: error.status }));
  const got = await (Array.isArray(job) ? Promise.all(job.map(one)) : one(job));
  process.stdout.write(`${JSON.stringify(got)}\n`);
}
