// The TLS front that the mock providers stand behind, as real ones do: HTTP/1.1 or, with "h2", HTTP/2
// as well. It compresses with gzip for whoever accepts it, each event leaves at once, and connections
// that change their protocol are handed on as they are.
import { request as forward } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import { connect } from "node:net";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { constants, createGzip } from "node:zlib";

const kHopByHop = ["connection", "keep-alive", "transfer-encoding", "upgrade", "content-length"];

const answerFrom = (portOf, rawAnswerTo) => async (incoming, outgoing) => {
  if (!rawAnswerTo) return pass(portOf, incoming, incoming, outgoing);
  const parts = [];
  for await (const part of incoming) parts.push(part);
  const raw = rawAnswerTo(incoming.url, Buffer.concat(parts));
  if (!raw) return pass(portOf, incoming, Readable.from(parts), outgoing);
  outgoing.writeHead(raw.status, { "content-type": raw.type, "content-length": Buffer.byteLength(raw.body) });
  outgoing.end(raw.body);
};

// To the mock behind; `body` is what the client sends.
function pass(portOf, incoming, body, outgoing) {
  const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !name.startsWith(":")));
  headers.host ??= incoming.headers[":authority"];
  const { port, path } = portOf(headers.host, incoming.url);
  const inner = forward({ host: "127.0.0.1", port, method: incoming.method, path, headers });
  inner.on("response", (response) => {
    const compress = /\bgzip\b/.test(incoming.headers["accept-encoding"] ?? "") && !response.headers["content-encoding"];
    const kept = Object.entries(response.headers).filter(([name]) => compress || incoming.httpVersionMajor > 1 ? !kHopByHop.includes(name) : true);
    outgoing.writeHead(response.statusCode, { ...Object.fromEntries(kept), ...(compress ? { "content-encoding": "gzip" } : {}) });
    if (compress) response.pipe(createGzip({ flush: constants.Z_SYNC_FLUSH })).pipe(outgoing);
    else response.pipe(outgoing);
  });
  inner.on("error", () => outgoing.destroy());
  outgoing.on("close", () => inner.destroy());
  body.pipe(inner);
}

const tunnelFrom = (portOf) => (incoming, socket, head) => {
  const { port, path } = portOf(incoming.headers.host, incoming.url);
  const inner = connect(port, "127.0.0.1", () => {
    const fields = Array.from({ length: incoming.rawHeaders.length / 2 }, (_, i) => `${incoming.rawHeaders[2 * i]}: ${incoming.rawHeaders[2 * i + 1]}\r\n`);
    inner.write(`${incoming.method} ${path} HTTP/1.1\r\n${fields.join("")}\r\n`);
    inner.write(head);
    socket.pipe(inner).pipe(socket);
  });
  inner.on("error", () => socket.destroy());
  socket.on("error", () => inner.destroy()).on("close", () => inner.destroy());
};

// `portOf(host, path)` says where a request goes: {port on loopback, path there}. `rawAnswerTo(path,
// body)`, if there is one, may answer in the mock's place: {status, type, body}, or null.
export function front({ certificate, key, h2 }, portOf, rawAnswerTo) {
  const identity = { cert: readFileSync(certificate), key: readFileSync(key) };
  const answer = answerFrom(portOf, rawAnswerTo);
  const server = h2
    ? createSecureServer({ ...identity, allowHTTP1: true }, answer)
    : createTlsServer({ ...identity, ALPNProtocols: ["http/1.1"] }, answer);
  return server.on("upgrade", tunnelFrom(portOf));
}

export const listen = (server, port, host) => new Promise((resolve, reject) => {
  server.once("error", reject).listen({ port, host, backlog: 512 }, () => resolve(server.address().port));
});
