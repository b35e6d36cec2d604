// An agent on the `openai` package: reads, lets the model choose tools, runs what the model says, and
// goes on until it answers. For each line of JSON on its input {"origin", "model", "task"} one run.
// Tools: read_page (gives the page that came with the task) and run_command (a shell).
import { exec } from "node:child_process";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import OpenAI from "openai";

const shell = promisify(exec);
const kMostTurns = 8;

const tools = [["read_page", "Reads a web page", { url: { type: "string" } }], ["run_command", "Runs a shell command", { command: { type: "string" } }]]
  .map(([name, description, properties]) => ({ type: "function", function: { name, description, parameters: { type: "object", properties } } }));

async function use({ function: { name, arguments: text } }, page) {
  if (name === "read_page") return page;
  const { stdout } = await shell(JSON.parse(text).command, { timeout: 10_000 });
  return stdout;
}

async function run({ origin, model, task, page }) {
  const client = new OpenAI({ baseURL: `${origin}/v1`, apiKey: "dummy", maxRetries: 0 });
  const messages = [{ role: "system", content: "You are a research assistant with tools." }, { role: "user", content: task }];
  for (let turn = 0; turn < kMostTurns; ++turn) {
    const { choices: [{ message }] } = await client.chat.completions.create({ model, messages, tools });
    messages.push(message);
    if (!message.tool_calls?.length) return { text: message.content, turns: turn + 1 };
    for (const call of message.tool_calls) messages.push({ role: "tool", tool_call_id: call.id, content: await use(call, page) });
  }
  return { error: "the model does not come to an end" };
}

for await (const line of createInterface({ input: process.stdin })) {
  const got = await run(JSON.parse(line)).catch((error) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify(got)}\n`);
}
