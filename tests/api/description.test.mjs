// The description of the API is valid OpenAPI 3.1, and the collector keeps to it whatever it is
// sent: own statuses, own media types, bodies as described, and never 500. The requests come from
// the description itself, right ones and wrong ones; SONDE_SEED repeats a run.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { packages } from "../portal/browser.mjs";
import { call, startCollector } from "../portal/collector.mjs";

const load = (name) => import(pathToFileURL(packages.resolve(name)).href);
const { Validator } = await load("@seriousme/openapi-schema-validator");
const { default: Ajv } = await load("ajv/dist/2020.js");

const kFile = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "collector", "api", "openapi.yaml");
const kRounds = Number(process.env.SONDE_FUZZ_ROUNDS ?? 12);
const seed = Number(process.env.SONDE_SEED ?? Date.now() % 2 ** 31);

let state = seed >>> 0;
const draw = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
const pick = (list) => list[Math.floor(draw() * list.length)];
const chance = (share) => draw() < share;

const kHostile = [
  "", " ", "'", "\"", "' OR '1'='1", "1; DROP TABLE alerts; --", "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "{{7*7}}", "${7*7}",
  "../../../../etc/passwd", "%00", "%2e%2e%2f", "\u0000", "\u202e\u200b\ufeff", "\ud83d\ude00".repeat(40), "a".repeat(5000), "\r\nSet-Cookie: x=1", "null", "-1", "9".repeat(40),
  "1e309", "NaN", "=cmd|' /C calc'!A0", "*", "*:*", "\"unclosed", "a* AND (b", "NEAR(a b)", "\\", "%", "_", "İ", "\u0600", "true", "[]", "{}",
];

const { validator, description } = await (async () => {
  const made = new Validator();
  const checked = await made.validate(kFile);
  return { validator: checked, description: made.specification };
})();
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });

/** What a $ref stands for. */
function resolve(node) {
  if (!node?.$ref) return node;
  return resolve(node.$ref.slice(2).split("/").reduce((at, key) => at[key.replaceAll("~1", "/")], description));
}

/** A value as the schema wants it, for the most part. */
function make(schemaOrRef, depth = 0) {
  const schema = resolve(schemaOrRef) ?? {};
  if (chance(0.12) || depth > 6) return pick([null, 0, -1, 1.5, true, [], {}, [[]], ...kHostile]);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return pick(schema.enum);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => make(part, depth + 1)));
  const type = Array.isArray(schema.type) ? pick(schema.type) : schema.type;
  switch (type) {
    case "object": {
      const value = {};
      for (const [name, part] of Object.entries(schema.properties ?? {})) {
        if (schema.required?.includes(name) ? chance(0.95) : chance(0.5)) value[name] = make(part, depth + 1);
      }
      if (chance(0.08)) value[pick(kHostile) || "x"] = pick(kHostile);
      return value;
    }
    case "array": return Array.from({ length: Math.floor(draw() * 4) }, () => make(schema.items ?? {}, depth + 1));
    case "integer": return pick([schema.minimum ?? 0, schema.maximum ?? 2 ** 31, 1, 7, 50, -1, 2 ** 53, Math.floor(draw() * 1000)]);
    case "number": return draw();
    case "boolean": return chance(0.5);
    case "null": return null;
    default: return chance(0.5) ? pick(kHostile) : pick(["admin", "mira", "web-1", "high", "new", "credential.", "alert", "INC-1", "agt-test"]);
  }
}

let collector;
let tokens;
let seen;
const faults = [];

function sendRaw(method, path, headers, body) {
  return new Promise((resolve_) => {
    const outgoing = request(collector.base + path, { method, headers, rejectUnauthorized: false }, (response) => {
      const type = response.headers["content-type"] ?? "";
      // The live view never ends; its head is all there is to see.
      if (type.startsWith("text/event-stream")) { outgoing.destroy(); return resolve_({ status: response.statusCode, type, text: "" }); }
      let text = "";
      response.setEncoding("utf8").on("data", (part) => { text += part; }).on("end", () => resolve_({ status: response.statusCode, type, text, headers: response.headers }));
    });
    outgoing.on("error", (error) => resolve_({ status: 0, type: "", text: error.message }));
    outgoing.end(body);
  });
}

/** Known things and hostile words, for {uid} and the like. */
function pathOf(pattern) {
  return pattern.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(pick([...(seen[name] ?? []), ...kHostile, "1", "999999999999", "nobody"])) || "x"));
}

function queryOf(parameters) {
  const query = new URLSearchParams();
  for (const reference of parameters) {
    const parameter = resolve(reference);
    if (parameter.in !== "query" || !chance(0.35)) continue;
    const value = chance(0.6) ? make(parameter.schema) : pick([...kHostile, ...(seen[parameter.name] ?? [])]);
    query.append(parameter.name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  if (chance(0.05)) query.append(pick(kHostile) || "x", pick(kHostile));
  const text = query.toString();
  return text ? `?${text}` : "";
}

function bodyOf(operation) {
  const content = resolve(operation.requestBody)?.content;
  if (!content) return {};
  const [type, { schema }] = pick(Object.entries(content));
  if (chance(0.06)) return { type: pick(["text/plain", "application/x-www-form-urlencoded", "", type]), body: pick(["", "{", "null", "[]", "\u0000", "a=b", "{\"a\":".repeat(3000)]) };
  const value = make(schema);
  return { type, body: type.includes("json") && typeof value !== "string" ? JSON.stringify(value) : String(value) };
}

function check(name, operation, answer, sent) {
  const fault = (what) => faults.push(`${name}: ${what}\n  sent ${sent}\n  got ${answer.status} ${answer.text.slice(0, 300)}`);
  if (answer.status === 0) return fault("no answer");
  if (answer.status >= 500 && answer.status !== 501 && answer.status !== 503) return fault("the collector failed");
  // What any operation may answer: see the conventions in the description, and RFC 9110.
  if ([429, 503, 413, 415, 431, 400, 404].includes(answer.status) && !operation.responses[answer.status]) {
    if (!answer.type.startsWith("application/problem+json")) fault("an error that is no problem");
    return;
  }
  const described = resolve(operation.responses[String(answer.status)]);
  if (!described) return fault("a status that is not described");
  if (!described.content || !answer.text) return;
  const media = Object.entries(described.content).find(([type]) => answer.type.startsWith(type.split(";")[0]));
  if (!media) return fault(`the media type ${answer.type} is not described`);
  if (!media[0].includes("json")) return;
  let parsed;
  try { parsed = JSON.parse(answer.text); } catch { return fault("a body that is no JSON"); }
  const schema = { ...media[1].schema, components: description.components };
  if (!ajv.validate(schema, parsed)) fault(`a body that is not as described: ${ajv.errorsText().slice(0, 300)}`);
}

before(async () => {
  collector = await startCollector("limits: {requests_per_second: 100000}\n");
  const { makeAlert, scenarioOf } = await import(pathToFileURL(join(process.env.SONDE_PORTAL_ROOT, "fixture", "data.mjs")).href);
  const names = ["prompt_attack.document", "tool.tainted_call", "credential.response", "ascii_smuggling"];
  const uids = [];
  for (const name of names) {
    const { ocsf } = makeAlert(scenarioOf(name), Date.now());
    ocsf.unmapped.sonde.agent_id = "agt-test";
    uids.push(ocsf.finding_info.uid);
    await collector.deliver({ type: "alert", alert: ocsf });
  }
  tokens = collector.tokens;
  for (let attempt = 0; attempt < 50; attempt++) {
    const { text } = await call(`${collector.base}/api/v1/incidents`, { token: tokens.admin });
    seen = { uid: [...uids, "agt-test", ...JSON.parse(text).items.map((incident) => incident.uid)], id: [1, 2, 3], name: ["mira", "vera"] };
    if (seen.uid.length > uids.length + 1) break;
    await new Promise((done) => setTimeout(done, 100));
  }
});
after(() => collector?.stop());

test("the description is valid OpenAPI 3.1", () => {
  assert.ok(validator.valid, JSON.stringify(validator.errors, null, 1));
  assert.equal(description.openapi, "3.1.0");
});

test(`the collector keeps to the description (seed ${seed})`, async () => {
  const operations = Object.entries(description.paths).flatMap(([path, item]) => Object.entries(item)
    .filter(([method]) => ["get", "post", "patch", "delete", "put"].includes(method))
    .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation, parameters: [...(item.parameters ?? []), ...(operation.parameters ?? [])] })));
  assert.ok(operations.length > 40);
  for (let round = 0; round < kRounds; round++) {
    for (const { path, method, operation, parameters } of operations) {
      const role = chance(0.8) ? { agent: "agent", none: "none" }[operation["x-role"]] ?? "admin" : pick(["viewer", "analyst", "admin", "agent", "none"]);
      const target = pathOf(path) + queryOf(parameters);
      const { type, body } = bodyOf(operation);
      const headers = { ...(tokens[role] ? { Authorization: `Bearer ${tokens[role]}` } : {}), ...(type ? { "Content-Type": type } : {}), ...(body !== undefined ? { "Content-Length": Buffer.byteLength(body) } : {}) };
      const answer = await sendRaw(method, target, headers, body);
      check(`${method} ${path}`, operation, answer, `${target} as ${role} ${body?.slice(0, 300) ?? ""}`);
    }
  }
  assert.deepEqual(faults.slice(0, 10), [], `${faults.length} faults`);
});

test("what no client would send is refused, and the collector lives", async () => {
  for (const path of ["/api/v1/alerts/%", "/api/v1/alerts/%zz", "/api/v1/alerts/%00", "/api//v1/alerts", "/..%2f..%2fetc/passwd", "/assets/../../etc/passwd", "/%5c..%5c", "/api/v1/alerts?limit=%", `/${"a/".repeat(4000)}`]) {
    const answer = await sendRaw("GET", path, { Authorization: `Bearer ${tokens.admin}` });
    assert.ok(answer.status === 0 || (answer.status >= 400 && answer.status < 500) || (answer.status === 200 && answer.type.startsWith("text/html")), `${path.slice(0, 60)}: ${answer.status}`);
    assert.ok(!answer.text.includes("root:"), path);
  }
  for (const method of ["TRACE", "OPTIONS", "PROPFIND", "PUT"]) {
    const answer = await sendRaw(method, "/api/v1/alerts", { Authorization: `Bearer ${tokens.admin}` });
    assert.ok([400, 405, 501].includes(answer.status), `${method}: ${answer.status}`);
  }
  assert.equal((await call(`${collector.base}/healthz`)).status, 200);
});
