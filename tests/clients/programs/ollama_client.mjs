// An application on the `ollama` package: for each line of JSON on its input {"origin", "body"} one
// call, and one line with the text it got.
import { createInterface } from "node:readline";

import { Ollama } from "ollama";

async function call({ origin, body }) {
  const answer = await new Ollama({ host: origin }).chat(body);
  if (!body.stream) return { text: answer.message.content };
  let text = "";
  for await (const part of answer) text += part.message.content;
  return { text };
}

for await (const line of createInterface({ input: process.stdin })) {
  const got = await call(JSON.parse(line)).catch((error) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify(got)}\n`);
}
