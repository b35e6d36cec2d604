// POSTs a file over plain HTTP: plain_client.mjs fetch|request URL FILE ANSWER_BYTES
import { readFileSync } from "node:fs";
import http from "node:http";
import process from "node:process";

const [how, url, path, answer] = process.argv.slice(-4);
const body = readFileSync(path);

function withRequest() {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: "POST", headers: { "Content-Length": body.length } }, (response) => {
      let got = 0;
      response.on("data", (chunk) => { got += chunk.length; });
      response.on("end", () => resolve(got));
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function withFetch() {
  const response = await fetch(url, { method: "POST", body });
  return (await response.arrayBuffer()).byteLength;
}

const got = await (how === "fetch" ? withFetch() : withRequest());
if (got !== Number(answer)) {
  console.error(`${got} bytes of answer, ${answer} expected`);
  process.exit(1);
}
