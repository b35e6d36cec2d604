// A real collector for the browser tests: its own folder, certificate, users and tokens.
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
export const kPassword = "correct horse battery staple 42";

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The configured store: SQLite in the folder, or what SONDE_TEST_STORE_URL names. */
const storeOf = () => (process.env.SONDE_TEST_STORE_URL ? `store: {url: "${process.env.SONDE_TEST_STORE_URL}"}\n` : "");

/** One HTTPS request; the collector's certificate is its own. */
export function call(url, { method = "GET", token, body, type = "application/json" } = {}) {
  return new Promise((resolve, reject) => {
    const headers = { ...(token ? { Authorization: `Bearer ${token}` } : {}), ...(body ? { "Content-Type": type, "Content-Length": Buffer.byteLength(body) } : {}) };
    const outgoing = request(url, { method, headers, rejectUnauthorized: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part) => { text += part; }).on("end", () => resolve({ status: response.statusCode, text }));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

async function waitUntilHealthy(base, child) {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`the collector ended with ${child.exitCode}`);
    const health = await call(`${base}/healthz`).catch(() => null);
    if (health?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the collector does not answer");
}

/**
 * Starts SONDE_COLLECTOR with users admin, mira (analyst) and vera (viewer), an agent's token, and one
 * for each role of a person. `more` is added to the configuration; SONDE_TEST_STORE_URL names another
 * store than SQLite.
 */
export async function startCollector(more = "") {
  const binary = process.env.SONDE_COLLECTOR;
  if (!binary) throw new Error("SONDE_COLLECTOR must name the collector's executable");
  const folder = mkdtempSync(join(tmpdir(), "sonde-collector-"));
  const port = await freePort();
  const base = `https://127.0.0.1:${port}`;
  const config = join(folder, "collector.yaml");
  writeFileSync(config, `listen: 127.0.0.1:${port}\nstate_directory: ${folder}/state\n${storeOf()}${more}`, { mode: 0o600 });
  const password = join(folder, "password");
  writeFileSync(password, `${kPassword}\n`, { mode: 0o600 });
  for (const [name, role] of [["admin", "admin"], ["mira", "analyst"], ["vera", "viewer"]]) {
    await run(binary, ["--config", config, "user", "add", name, "--role", role, "--password-file", password]);
  }
  const { stdout } = await run(binary, ["--config", config, "token", "create", "agt-test", "--role", "agent"]);
  const token = stdout.trim().split(/\s+/).at(-1);
  const tokens = { agent: token };
  for (const role of ["viewer", "analyst", "admin"]) {
    const made = await run(binary, ["--config", config, "token", "create", `test-${role}`, "--role", role]);
    tokens[role] = made.stdout.trim();
  }
  const child = spawn(binary, ["--config", config], { stdio: ["ignore", "ignore", "inherit"] });
  await waitUntilHealthy(base, child);
  const deliver = async (...envelopes) => {
    const body = envelopes.map((envelope) => JSON.stringify(envelope)).join("\n") + "\n";
    const answer = await call(`${base}/api/v1/ingest`, { method: "POST", token, body, type: "application/x-ndjson" });
    if (answer.status !== 200) throw new Error(`ingest answered ${answer.status}: ${answer.text}`);
    return JSON.parse(answer.text);
  };
  const stop = async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { base, deliver, stop, tokens, config, state: join(folder, "state") };
}
