// Makes every recorded request, under its own host's name, to the server that replays the answers.
//
//   node replay_client.mjs '{"recordings": FILE, "address", "port", "ca": FILE, "http2": true,
//                            "coding": "br", "pieces": [0, 1, 7], "parallel": 8}'
//
// Recording i is sent and asked for in pieces of pieces[i % length]. The User-Agent of each request is
// "replay/NUMBER". What came is compared with the recording; ends with {"made", "wrong"}.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import http2 from "node:http2";
import https from "node:https";
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";

const options = JSON.parse(process.argv[2]);
const recordings = readFileSync(options.recordings, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
const kCodings = { identity: (body) => body, gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync, zstd: zstdDecompressSync };
const tls = { ca: readFileSync(options.ca), servername: "localhost" };
// Bodies in pieces of a few bytes take a record each: long ones are cut less finely.
const kMostPieces = 2000;

const digest = (body) => createHash("sha256").update(body).digest("hex");
const collect = (stream) => new Promise((resolve, reject) => {
  const parts = [];
  stream.on("data", (part) => parts.push(part)).on("end", () => resolve(Buffer.concat(parts))).on("error", reject);
});

function fieldsOf(number, piece) {
  const { request_type } = recordings[number];
  return { "user-agent": `replay/${number}`, "x-recording": String(number), "x-coding": options.coding, "x-piece": String(piece), ...(request_type ? { "content-type": request_type } : {}) };
}

async function sendBody(outgoing, body, piece) {
  if (piece === 0) return outgoing.end(body);
  for (let at = 0; at < body.length; at += piece) {
    outgoing.write(body.subarray(at, at + piece));
    await new Promise(setImmediate);
  }
  return outgoing.end();
}

const agent = new https.Agent({ keepAlive: true, maxSockets: options.parallel, ...tls });
async function overHttp1({ method, host, target }, fields, body, piece) {
  const length = piece === 0 && method !== "GET" ? { "content-length": body.length } : {};
  const outgoing = https.request({ agent, host: options.address, port: options.port, method, path: target, headers: { host, ...fields, ...length } });
  const answered = new Promise((resolve, reject) => { outgoing.on("response", resolve).on("error", reject); });
  await sendBody(outgoing, body, piece);
  return collect(await answered);
}

let session;
async function overHttp2({ method, host, target }, fields, body, piece) {
  session ??= http2.connect(`https://${options.address}:${options.port}`, tls);
  const stream = session.request({ ":method": method, ":path": target, ":authority": host, ":scheme": "https", ...fields }, { endStream: body.length === 0 });
  if (body.length > 0) await sendBody(stream, body, piece);
  return collect(stream);
}

let made = 0;
let wrong = 0;
let next = 0;
async function work() {
  while (next < recordings.length) {
    const number = next++;
    const recorded = recordings[number];
    const body = Buffer.from(recorded.request, "base64");
    const answer = Buffer.from(recorded.response, "base64");
    const wanted = options.pieces[number % options.pieces.length];
    const piece = wanted && Math.max(wanted, Math.ceil(Math.max(body.length, answer.length) / kMostPieces));
    const got = await (options.http2 ? overHttp2 : overHttp1)(recorded, fieldsOf(number, piece), body, piece);
    made += 1;
    if (digest(kCodings[options.coding](got)) !== digest(answer)) wrong += 1;
  }
}
await Promise.all(Array.from({ length: options.parallel }, work));
process.stdout.write(`${JSON.stringify({ made, wrong })}\n`);
process.exit(0);
