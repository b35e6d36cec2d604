// Servers whose answers are told by the request's query, and which keep the truth of each exchange:
//   size, seed: of the answer's text; coding: gzip, deflate, br, or several with commas;
//   pieces: writes; status; trailers.
import http from 'node:http';
import http2 from 'node:http2';
import zlib from 'node:zlib';

const table = Array.from({length: 256}, (_, n) => {
  for (let k = 0; k < 8; ++k) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n >>> 0;
});
export function crc32(bytes) {
  let sum = ~0;
  for (const byte of bytes) sum = (sum >>> 8) ^ table[(sum ^ byte) & 0xff];
  return ~sum >>> 0;
}

// JSON text of about `size` bytes, the same for the same seed.
export function text(size, seed) {
  const words = ['prompt', 'answer', 'tool', 'übermäßig', '"quoted"', '\r\n\r\n', 'HTTP/1.1 200 OK\r\n', '{}'];
  let state = seed + 1;
  let out = '';
  while (out.length < size) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    out += JSON.stringify(words[(state >>> 16) % words.length] + state);
  }
  return Buffer.from(out);
}

const coders = {
  gzip: zlib.gzipSync,
  deflate: zlib.deflateSync,
  raw: zlib.deflateRawSync,  // what some servers call deflate
  br: (bytes) => zlib.brotliCompressSync(bytes, {params: {[zlib.constants.BROTLI_PARAM_QUALITY]: 4}}),
};

function facts(bytes) {
  return {bytes: bytes.length, crc: crc32(bytes)};
}

async function answer(request, response, truth) {
  const received = [];
  for await (const part of request) received.push(part);
  const query = new URL(request.url, 'http://host').searchParams;
  const body = query.has('size') ? text(Number(query.get('size')), Number(query.get('seed') ?? 0)) : Buffer.alloc(0);
  const codings = (query.get('coding') ?? '').split(',').filter(Boolean);
  const encoded = codings.reduce((bytes, coding) => coders[coding](bytes), body);
  const status = Number(query.get('status') ?? 200);
  const bodiless = request.method === 'HEAD' || status === 204 || status === 304;
  truth.push({
    method: request.method, target: request.url, status,
    request: facts(Buffer.concat(received)), response: facts(bodiless ? Buffer.alloc(0) : body),
  });
  response.statusCode = status;
  if (codings.length) response.setHeader('content-encoding', codings.join(', ').replace('raw', 'deflate'));
  if (bodiless) return response.end();
  const pieces = Number(query.get('pieces') ?? 0);
  if (pieces === 0) {
    response.setHeader('content-length', encoded.length);
    return response.end(encoded);
  }
  const trailers = query.has('trailers') && request.httpVersion !== '1.0';
  if (trailers) response.setHeader('trailer', 'x-checksum');
  const step = Math.ceil(encoded.length / pieces);
  for (let at = 0; at < encoded.length; at += step) {
    response.write(encoded.subarray(at, at + step));
    await new Promise(setImmediate);
  }
  if (trailers) response.addTrailers({'x-checksum': 'none'});
  response.end();
}

export async function serve(protocol) {
  const truth = [];
  const handler = (request, response) => answer(request, response, truth).catch(() => response.destroy());
  const server = protocol === 'http2' ? http2.createServer(handler) : http.createServer(handler);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {port: server.address().port, truth, close: () => { server.closeAllConnections?.(); server.close(); }};
}
