// A provider of LLM APIs for the tests: aimock behind TLS, as real ones stand behind a front.
//
//   node provider.mjs '{"address": "127.9.8.7", "port": 443, "certificate": FILE, "key": FILE, "h2": false}'
//
// Prints one line of JSON when it listens: {"port": of the front, "control": port for POST /answers},
// where {MARKER: answer} sets an answer and {MARKER: null} forgets it.
// An answer {"raw": {"status", "type", "body"}} is sent as it stands to a request whose body or target
// holds its marker.
// A request whose texts hold a registered marker gets that marker's answer; any other gets its last
// text back. A prompt that says "slowly" gets a stream with pauses.
import { createServer } from "node:http";

import { LLMock } from "@copilotkit/aimock";

import { front, listen } from "./front.mjs";

const options = JSON.parse(process.argv[2]);
const kUsage = { prompt_tokens: 31, completion_tokens: 17, input_tokens: 31, output_tokens: 17 };
const answers = new Map();

const textOf = ({ content }) =>
  typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("");

function answerTo({ messages }) {
  const texts = messages.map(textOf);
  for (const [marker, answer] of answers) {
    if (texts.some((text) => text.includes(marker))) return { usage: kUsage, ...answer };
  }
  return { usage: kUsage, content: texts.at(-1) };
}

const mock = new LLMock({ host: "127.0.0.1", port: 0, logLevel: "silent", journalMaxEntries: 1 });
mock.on({ userMessage: "slowly" }, answerTo, { chunkSize: 24, latency: 20 });
mock.on({ predicate: () => true }, answerTo, { chunkSize: 24 });
await mock.start();

const control = createServer((incoming, outgoing) => {
  let body = "";
  incoming.setEncoding("utf8").on("data", (part) => { body += part; }).on("end", () => {
    for (const [marker, given] of Object.entries(JSON.parse(body))) {
      if (given) answers.set(marker, given);
      else answers.delete(marker);
    }
    outgoing.end();
  });
});

function rawAnswerTo(target, body) {
  for (const [marker, { raw }] of answers) {
    if (raw && (target.includes(marker) || body.includes(marker))) return raw;
  }
  return null;
}

const behind = front(options, (host, path) => ({ port: mock.port, path }), rawAnswerTo);
const ports = { port: await listen(behind, options.port ?? 0, options.address), control: await listen(control, 0, "127.0.0.1") };
process.stdout.write(`${JSON.stringify(ports)}\n`);
