// What a session hears of real clients and servers is what they sent and received. The bytes pass a
// relay on loopback that writes them down; they are then played to a session as they came, cut
// finer, with one direction late, with gaps, and joined in the middle.
import assert from 'node:assert/strict';
import {execFile, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import path from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';

import {crc32, serve, text} from './echo_server.mjs';
import {RECEIVED, SENT, tee} from './tee.mjs';

const TRANSCRIPT = process.env.SONDE_HTTP_TRANSCRIPT;
assert.ok(TRANSCRIPT, "SONDE_HTTP_TRANSCRIPT names the program that tells what is heard");
const here = path.dirname(fileURLToPath(import.meta.url));
const run = promisify(execFile);

// ---- playing what was written down

function encode(pieces) {
  return Buffer.concat(pieces.map(({kind, bytes, lost}) => {
    const header = Buffer.alloc(5);
    header[0] = lost === undefined ? kind : kind + 2;
    header.writeUInt32BE(lost ?? bytes.length, 1);
    return lost === undefined ? Buffer.concat([header, bytes]) : header;
  }));
}
function hear(pieces, ...options) {
  const result = spawnSync(TRANSCRIPT, options, {input: encode(pieces), maxBuffer: 1 << 28});
  assert.equal(result.status, 0, `transcript ended with ${result.status ?? result.signal}`);
  return result.stdout.toString().split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

const key = (exchange) => JSON.stringify([
  exchange.method, exchange.target, exchange.status,
  exchange.request.bytes, exchange.request.crc, exchange.response.bytes, exchange.response.crc]);
const whole = (exchange) => exchange.request.whole && exchange.response.whole;

function expectAll(connections, truth, ...options) {
  const heard = connections.flatMap((pieces) => hear(pieces, ...options));
  assert.deepEqual(heard.map(key).sort(), truth.map(key).sort());
  assert.ok(heard.every(whole), 'every exchange is whole');
}
// Whatever claims to be whole is true; how many are is for the caller to judge.
function expectNothingInvented(heard, truth) {
  const bodies = ({request, response}) => JSON.stringify([request.bytes, request.crc, response.bytes, response.crc]);
  const known = new Set(truth.map(bodies));
  const claimed = heard.filter(whole);
  for (const exchange of claimed) assert.ok(known.has(bodies(exchange)), `invented: ${JSON.stringify(exchange)}`);
  return claimed.length;
}

// A linear congruential generator: the cuts are the same in every run.
function dice(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
function cutFiner(pieces, roll) {
  return pieces.flatMap(({kind, bytes}) => {
    const parts = [];
    for (let at = 0; at < bytes.length;) {
      const size = roll(4) ? 1 + roll(5000) : 1 + roll(12);
      parts.push({kind, bytes: bytes.subarray(at, at + size)});
      at += size;
    }
    return parts;
  });
}
// Requests are heard up to `lag` pieces late, as when the writing thread is the slower one.
function delayRequests(pieces, lag) {
  const delayed = pieces.map((piece, at) => ({piece, at: piece.kind === SENT ? at + lag + 0.5 : at}));
  let last = -1;
  for (const entry of delayed) if (entry.piece.kind === SENT) last = entry.at = Math.max(entry.at, last);
  return delayed.sort((a, b) => a.at - b.at).map(({piece}) => piece);
}
function withGaps(pieces, roll, every) {
  return pieces.flatMap((piece) => {
    if (roll(every) || piece.bytes.length < 2) return [piece];
    const from = roll(piece.bytes.length);
    const count = 1 + roll(Math.min(piece.bytes.length - from, 3000));
    return [{kind: piece.kind, bytes: piece.bytes.subarray(0, from)}, {kind: piece.kind, lost: count},
      {kind: piece.kind, bytes: piece.bytes.subarray(from + count)}].filter(({bytes}) => bytes?.length !== 0);
  });
}

function checkEveryWay(connections, truth) {
  expectAll(connections, truth);
  expectAll(connections.map((pieces) => cutFiner(pieces, dice(1))), truth);
  if (connections.flat().reduce((sum, {bytes}) => sum + bytes.length, 0) < 4 << 20) expectAll(connections, truth, '--every-byte');
  expectAll(connections.map((pieces) => delayRequests(pieces, 2)), truth);
  let survivors = 0;
  for (let seed = 1; seed <= 6; ++seed) {
    const damaged = connections.flatMap((pieces) => hear(withGaps(pieces, dice(seed), 8)));
    survivors += expectNothingInvented(damaged, truth);
    const late = connections.flatMap((pieces) => {
      const rest = cutFiner(pieces, dice(seed));
      return hear(rest.slice(dice(seed)(Math.ceil(rest.length / 2))), '--late');
    });
    survivors += expectNothingInvented(late, truth);
  }
  return survivors / (12 * truth.length);
}

async function withServer(protocol, use) {
  const server = await serve(protocol);
  const relay = await tee(server.port);
  try {
    await use(relay.port);
    await new Promise((resolve) => setTimeout(resolve, 50));
  } finally {
    await relay.close();
    server.close();
  }
  return {connections: relay.connections, truth: server.truth};
}

const QUERIES = [
  'size=0', 'size=1', 'size=700', 'size=5000&pieces=3', 'size=90000&coding=gzip', 'size=90000&coding=br&pieces=9',
  'size=3000&coding=deflate', 'size=3000&coding=raw', 'size=20000&coding=gzip,br&pieces=4', 'size=40000&pieces=5&trailers=1',
  'status=204', 'status=404&size=30', 'status=304', 'size=300000&coding=gzip&pieces=30', 'size=2000000&pieces=20',
].map((query, index) => `/v1/chat/completions?${query}&seed=${index}`);

// ---- clients

function send1(agent, port, method, target, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({agent, port, host: '127.0.0.1', method, path: target}, (response) => {
      response.resume().on('end', resolve);
    });
    request.on('error', reject).end(body);
  });
}
function send2(session, method, target, body) {
  return new Promise((resolve, reject) => {
    const stream = session.request({':method': method, ':path': target, 'user-agent': 'node', 'x-request': target});
    stream.on('error', reject).on('close', resolve).resume();
    stream.end(body);
  });
}

test('Node over HTTP/1.1, two connections kept alive', async () => {
  const {connections, truth} = await withServer('http1', async (port) => {
    const agent = new http.Agent({keepAlive: true, maxSockets: 2});
    await Promise.all(QUERIES.map((target, index) =>
      send1(agent, port, index % 5 === 4 ? 'GET' : 'POST', target, index % 5 === 4 ? undefined : text(index * 3000, index))));
    await send1(agent, port, 'HEAD', '/v1/models?size=100', undefined);
    agent.destroy();
  });
  assert.equal(connections.length, 2);
  assert.equal(truth.length, QUERIES.length + 1);
  assert.ok(checkEveryWay(connections, truth) > 0.3, 'most exchanges survive gaps and joining late');
});

test('Node over HTTP/2, all requests at once on one connection', async () => {
  const {connections, truth} = await withServer('http2', async (port) => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    await Promise.all(QUERIES.map((target, index) => send2(session, 'POST', target, text(index * 3000, index))));
    for (const target of QUERIES) await send2(session, 'POST', `${target}&again=1`, text(100, 1));
    await new Promise((resolve) => session.close(resolve));
  });
  assert.equal(connections.length, 1);
  assert.equal(truth.length, 2 * QUERIES.length);
  assert.ok(checkEveryWay(connections, truth) > 0.3, 'most exchanges survive gaps and joining late');
});

test('A stream that is reset ends cut, the others whole', async () => {
  const {connections, truth} = await withServer('http2', async (port) => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    const stream = session.request({':method': 'POST', ':path': '/reset?size=400000&pieces=400'});
    stream.on('error', () => {}).end('x');
    await once(stream, 'data');
    const closed = once(stream, 'close');
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await closed;
    await send2(session, 'POST', '/after?size=10', 'y');
    await new Promise((resolve) => session.close(resolve));
  });
  const heard = connections.flatMap((pieces) => hear(pieces));
  assert.deepEqual(heard.map(({target}) => target.split('?')[0]), ['/reset', '/after']);
  assert.equal(heard[0].response.whole, false);
  assert.equal(key(heard[1]), key(truth.find(({target}) => target.startsWith('/after'))));
  assert.ok(whole(heard[1]));
});

test('Bodies of 8 MiB arrive whole, up and down', async () => {
  for (const protocol of ['http1', 'http2']) {
    const {connections, truth} = await withServer(protocol, async (port) => {
      const body = text(8 << 20, 5);
      if (protocol === 'http1') return send1(new http.Agent(), port, 'POST', `/?size=${8 << 20}`, body);
      const session = http2.connect(`http://127.0.0.1:${port}`);
      await send2(session, 'POST', `/?size=${8 << 20}`, body);
      return new Promise((resolve) => session.close(resolve));
    });
    assert.ok(truth[0].request.bytes >= 8 << 20);
    expectAll(connections, truth);
  }
});

async function curl(options, urls, body) {
  const outputs = urls.flatMap((url) => ['-o', '/dev/null', url]);
  const child = spawn('curl', ['-sS', '--compressed', ...options, '-H', 'content-type: application/json', '--data-binary', '@-', ...outputs]);
  let errors = '';
  child.stderr.on('data', (part) => { errors += part; });
  child.stdin.end(body);
  const [code] = await once(child, 'close');
  assert.equal(code, 0, errors);
}

test('curl over HTTP/1.1, HTTP/1.0 and HTTP/2 with prior knowledge', async () => {
  const body = text(200000, 3).toString();
  for (const [protocol, options] of [['http1', ['--http1.1']], ['http1', ['--http1.0']], ['http2', ['--http2-prior-knowledge']]]) {
    const {connections, truth} = await withServer(protocol, async (port) => {
      const urls = QUERIES.filter((target) => !/raw|,/.test(target)).map((target) => `http://127.0.0.1:${port}${target}`);
      // curl 7.88 fails when it uses a connection with prior knowledge again.
      for (const batch of protocol === 'http2' ? urls.map((url) => [url]) : [urls]) await curl(options, batch, body);
    });
    assert.ok(truth.length > 10);
    assert.equal(truth[0].request.crc, crc32(Buffer.from(body)));
    expectAll(connections, truth);
    expectAll(connections.map((pieces) => cutFiner(pieces, dice(3))), truth);
  }
});

test('WebSocket messages, fragmented, compressed with and without context', async () => {
  const script = path.join(here, 'websocket_pair.py');
  const server = spawn('/usr/bin/python3', [script, 'serve']);
  try {
    const upstream = Number((await once(server.stdout, 'data'))[0]);
    for (const deflate of ['none', 'takeover', 'no_takeover']) {
      const relay = await tee(upstream);
      const {stdout} = await run('/usr/bin/python3', [script, 'talk', String(relay.port), deflate])
        .finally(() => relay.close());
      const truth = JSON.parse(stdout);
      for (const pieces of [relay.connections[0], cutFiner(relay.connections[0], dice(2)), delayRequests(relay.connections[0], 2)]) {
        const [heard, ...more] = hear(pieces);
        assert.equal(more.length, 0);
        assert.equal(heard.target, '/v1/realtime?model=m');
        assert.equal(heard.status, 101);
        assert.deepEqual(heard.request, {...truth.request, whole: true});
        assert.deepEqual(heard.response, {...truth.response, whole: true});
      }
    }
  } finally {
    server.stdin.end();
    await once(server, 'close');
  }
});
