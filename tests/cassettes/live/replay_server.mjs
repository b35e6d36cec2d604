// Answers with recorded bodies over TLS: HTTP/1.1 and HTTP/2 on one port.
//
//   node replay_server.mjs '{"recordings": FILE, "address": "127.9.8.7", "certificate": FILE, "key": FILE}'
//
// FILE has a recording a line (to_jsonl.py). A request says in its fields which it wants and how: the
// number in x-recording, a content coding in x-coding, and in x-piece how many bytes are sent at a
// time (0: all at once), each piece a chunk, or a frame, of its own. Prints {"port"} when it listens.
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";

const options = JSON.parse(process.argv[2]);
const recordings = readFileSync(options.recordings, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
const kCodings = { identity: (body) => body, gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync };

async function send(outgoing, body, piece) {
  for (let at = 0; at < body.length; at += piece) {
    outgoing.write(body.subarray(at, at + piece));
    await new Promise(setImmediate);
  }
  outgoing.end();
}

function answer(incoming, outgoing) {
  const { "x-recording": number, "x-coding": coding, "x-piece": piece } = incoming.headers;
  const { status, response, response_type } = recordings[number];
  const body = kCodings[coding](Buffer.from(response, "base64"));
  if (response_type) outgoing.setHeader("content-type", response_type);
  if (coding !== "identity") outgoing.setHeader("content-encoding", coding);
  outgoing.statusCode = status;
  incoming.resume().on("end", () => {
    if (Number(piece) === 0) outgoing.end(body);
    else send(outgoing, body, Number(piece)).catch(() => outgoing.destroy());
  });
}

const identity = { cert: readFileSync(options.certificate), key: readFileSync(options.key) };
const server = createSecureServer({ ...identity, allowHTTP1: true, settings: { maxConcurrentStreams: 200 } }, answer);
server.listen(0, options.address, () => process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`));
