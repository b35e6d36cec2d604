// POSTs a file over TLS: node:https where the runtime is Node, fetch in Bun and Deno.
// client.mjs URL FILE ANSWER_BYTES
import { readFileSync } from "node:fs";
import https from "node:https";
import process from "node:process";

const [url, path, answer] = process.argv.slice(-3);
const body = readFileSync(path);

function withHttps() {
  return new Promise((resolve, reject) => {
    const request = https.request(url, { method: "POST", rejectUnauthorized: false,
      headers: { "Content-Length": body.length } }, (response) => {
      let got = 0;
      response.on("data", (chunk) => { got += chunk.length; });
      response.on("end", () => resolve(got));
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function withFetch() {
  const response = await fetch(url, { method: "POST", body, tls: { rejectUnauthorized: false } });
  return (await response.arrayBuffer()).byteLength;
}

const native = globalThis.Bun || globalThis.Deno;
const got = await (native ? withFetch() : withHttps());
if (got !== Number(answer)) {
  console.error(`${got} bytes of answer, ${answer} expected`);
  process.exit(1);
}
