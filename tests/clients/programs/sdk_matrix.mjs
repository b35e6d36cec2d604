// An application that makes every call of the SDK matrix, one after the other, and says what it sent
// and got:  node sdk_matrix.mjs [WORD]     only the cases that hold the word
// A line of JSON for each case: {"case", "began", "ended", "expected": [exchange...]} or {"case", "error"};
// times in milliseconds of the system's clock. SDK_HTTP2=1 makes the packages that use fetch speak HTTP/2.
import { setTimeout as pause } from "node:timers/promises";

if (process.env.SDK_HTTP2) {
  const { Agent, setGlobalDispatcher } = await import("undici");
  setGlobalDispatcher(new Agent({ allowH2: true }));
}

const kModules = ["openai", "anthropic", "google", "bedrock", "azure", "mistral", "cohere", "ollama", "mcp", "langchain"];
const wanted = process.argv[2] ?? "";
for (const module of kModules) {
  const { cases } = await import(`./sdk/${module}.mjs`);
  for (const [name, run] of Object.entries(cases).filter(([one]) => one.includes(wanted))) {
    const began = Date.now();
    const got = await run(name).then((expected) => ({ expected }), (error) => ({ error: error.stack ?? String(error) }));
    await pause(5);
    process.stdout.write(`${JSON.stringify({ case: name, began, ended: Date.now(), ...got })}\n`);
    await pause(5);
  }
}
process.exit(0);
