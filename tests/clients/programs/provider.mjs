// A provider of LLM APIs for the tests: aimock behind TLS, as real ones stand behind a front.
//
//   node provider.mjs '{"address": "127.9.8.7", "port": 443, "certificate": FILE, "key": FILE, "h2": false}'
//
// Prints one line of JSON when it listens: {"port": of the front, "control": port for POST /answers},
// where {MARKER: answer} sets an answer and {MARKER: null} forgets it.
// An answer {"raw": {"status", "type", "body"}} is sent as it stands to a request whose body or target
// holds its marker.
// The front compresses with gzip for whoever accepts it, as real providers do. A request whose texts
// hold a registered marker gets that marker's answer; any other gets its last text back. A prompt that
// says "slowly" gets a stream with pauses.
import { createServer, request as forward } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import { Readable } from "node:stream";
import { readFileSync } from "node:fs";
import { constants, createGzip } from "node:zlib";

import { LLMock } from "@copilotkit/aimock";

const options = JSON.parse(process.argv[2]);
const kHopByHop = ["connection", "keep-alive", "transfer-encoding", "upgrade", "content-length"];
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

const rawAnswerTo = (target, body) => {
  for (const [marker, { raw }] of answers) {
    if (raw && (target.includes(marker) || body.includes(marker))) return raw;
  }
  return null;
};

async function answer(incoming, outgoing) {
  if ([...answers.values()].every(({ raw }) => !raw)) return pass(incoming, incoming, outgoing);
  const parts = [];
  for await (const part of incoming) parts.push(part);
  const body = Buffer.concat(parts);
  const raw = rawAnswerTo(incoming.url, body);
  if (!raw) return pass(incoming, Readable.from(parts), outgoing);
  outgoing.writeHead(raw.status, { "content-type": raw.type, "content-length": Buffer.byteLength(raw.body) });
  outgoing.end(raw.body);
}

// To the mock behind; `body` is what the client sends.
function pass(incoming, body, outgoing) {
  const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !name.startsWith(":")));
  const inner = forward({ host: "127.0.0.1", port: mock.port, method: incoming.method, path: incoming.url, headers });
  inner.on("response", (response) => {
    const compress = /\bgzip\b/.test(incoming.headers["accept-encoding"] ?? "");
    const kept = Object.entries(response.headers).filter(([name]) => compress || incoming.httpVersionMajor > 1 ? !kHopByHop.includes(name) : true);
    outgoing.writeHead(response.statusCode, { ...Object.fromEntries(kept), ...(compress ? { "content-encoding": "gzip" } : {}) });
    // Each event leaves at once, compressed or not.
    if (compress) response.pipe(createGzip({ flush: constants.Z_SYNC_FLUSH })).pipe(outgoing);
    else response.pipe(outgoing);
  });
  inner.on("error", () => outgoing.destroy());
  outgoing.on("close", () => inner.destroy());
  body.pipe(inner);
}

const identity = { cert: readFileSync(options.certificate), key: readFileSync(options.key) };
const front = options.h2
  ? createSecureServer({ ...identity, allowHTTP1: true }, answer)
  : createTlsServer({ ...identity, ALPNProtocols: ["http/1.1"] }, answer);
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

const listen = (server, port, host) => new Promise((resolve, reject) => {
  server.once("error", reject).listen({ port, host, backlog: 512 }, () => resolve(server.address().port));
});
const ports = { port: await listen(front, options.port ?? 0, options.address), control: await listen(control, 0, "127.0.0.1") };
process.stdout.write(`${JSON.stringify(ports)}\n`);
