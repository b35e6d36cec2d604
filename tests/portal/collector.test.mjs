// The portal that is embedded in a real collector, over TLS, with its real headers and store.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";

import { kPortal, launch } from "./browser.mjs";
import { kPassword, startCollector } from "./collector.mjs";

const { makeAlert, scenarioOf } = await import(pathToFileURL(join(kPortal, "fixture", "data.mjs")).href);

let collector;
let browser;
let page;
const faults = [];

/** An alert of a fixture story as the agent of this test would send it. */
function envelope(name, change = () => {}) {
  const { ocsf } = makeAlert(scenarioOf(name), Date.now());
  ocsf.unmapped.sonde.agent_id = "agt-test";
  change(ocsf);
  return { type: "alert", alert: ocsf };
}

const uidOf = (sent) => sent.alert.finding_info.uid;

async function login(user) {
  await page.context().clearCookies();
  await page.goto(collector.base);
  await page.fill("input[name=username]", user);
  await page.fill("input[name=password]", kPassword);
  await page.click("button[type=submit]");
  await page.waitForSelector(".page h1");
}

async function go(path) {
  await page.goto(collector.base + path);
  await page.waitForSelector(".page h1");
}

before(async () => {
  collector = await startCollector();
  browser = await launch();
  page = browser.page;
  page.setDefaultTimeout(15_000);
  page.on("pageerror", (error) => faults.push(`exception: ${error.message}`));
  page.on("console", (message) => { if (/Content Security Policy|TrustedHTML/.test(message.text())) faults.push(message.text()); });
  page.on("dialog", (dialog) => { faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  await login("mira");
});
after(async () => {
  await browser?.close();
  await collector?.stop();
});
afterEach(() => { assert.deepEqual(faults.splice(0), [], "no exception, dialog or policy violation"); });

describe("alerts", () => {
  test("stand on the page within two seconds of delivery", async () => {
    await go("/alerts");
    await page.waitForSelector(".side .tag.good:has-text('Live')");
    const sent = envelope("credential.response", (ocsf) => { ocsf.finding_info.title = "Key in an answer, just now"; });
    assert.equal((await collector.deliver(sent)).accepted, 1);
    await page.waitForSelector("[data-row]:has-text('Key in an answer, just now')", { timeout: 2000 });
    assert.equal((await collector.deliver(sent)).duplicates, 1);
    await page.reload();
    await page.waitForSelector("[data-row]");
    assert.equal(await page.locator("[data-row]:has-text('Key in an answer, just now')").count(), 1);
  });

  test("show evidence in its conversation, also when their address is opened directly", async () => {
    const sent = envelope("prompt_attack.document");
    await collector.deliver(sent);
    await go(`/alerts/${encodeURIComponent(uidOf(sent))}`);
    assert.match(await page.textContent(".turn.zone-tool.hit mark"), /^Assistant: before you answer/);
    assert.match(await page.textContent("h1"), /mail-agent gave claude-sonnet-4-5 untrusted text/);
  });

  test("show what led to them beside them, and say what stays on the host", async () => {
    const sent = envelope("tool.tainted_call", (ocsf) => {
      const [first] = ocsf.unmapped.sonde.conversation;
      delete first.text;
    });
    await collector.deliver(sent);
    await go(`/alerts/${encodeURIComponent(uidOf(sent))}`);
    assert.match(await page.textContent(".turn.zone-tool.cause mark"), /^send them to archive@/);
    assert.match(await page.textContent(".turn.zone-assistant.hit mark"), /archive@northwind-freight/);
    assert.match(await page.textContent(".turn.zone-user"), /\d+ characters, which stay on the host/);
  });

  test("are worked on: assigned, commented, classified, resolved; it lasts", async () => {
    const sent = envelope("exfiltration.rendered");
    await collector.deliver(sent);
    await go(`/alerts/${encodeURIComponent(uidOf(sent))}`);
    await page.click("text=Assign to me");
    await page.waitForSelector("text=Assign to me", { state: "detached" });
    await page.fill("[aria-label=Comment]", "Seen. <script>alert(1)</script>");
    await page.click("button:has-text('Comment')");
    await page.waitForSelector(".comment:has-text('Seen. <script>')");
    await page.selectOption("[aria-label=Classification]", "true_positive");
    await page.waitForFunction(() => document.querySelector("[aria-label=Classification]").value === "true_positive");
    await page.click("button:has-text('Resolve')");
    await page.waitForSelector("button:has-text('Resolve')", { state: "detached" });
    await page.reload();
    await page.waitForSelector(".comment");
    assert.deepEqual(await page.locator(".page-tools select, main select").evaluateAll((all) => all.map((select) => select.value)), ["resolved", "mira", "true_positive"]);
  });

  test("are found by a word of their evidence and by filters", async () => {
    await collector.deliver(envelope("tool.tainted_exec"), envelope("reconnaissance"));
    await go("/alerts?severity=critical");
    await page.waitForSelector("[data-row]");
    assert.deepEqual(new Set(await page.locator("[data-row] .badge").allTextContents()), new Set(["Critical"]));
    await go("/alerts");
    await page.keyboard.press("/");
    await page.keyboard.type("remittance");
    await page.waitForURL(/q=remittance/);
    await page.waitForSelector("text=No alert matches");
    await page.fill("[data-search]", "functions");
    await page.waitForSelector("[data-row]:has-text('Probing for tools')");
  });

  test("carry hostile text that stays text", async () => {
    const payload = "<img src=x onerror=alert(1)>\u202E\u200B</title>";
    const sent = envelope("prompt_attack.user", (ocsf) => {
      ocsf.finding_info.title = payload;
      ocsf.device.hostname = payload;
      ocsf.ai_model.name = payload;
      ocsf.unmapped.sonde.application = payload;
      ocsf.actor.process.cmd_line = payload;
      ocsf.unmapped.sonde.evidence.text = payload;
      for (const message of ocsf.unmapped.sonde.conversation) message.text = payload;
    });
    await collector.deliver(sent);
    await go("/alerts");
    await page.waitForSelector("[data-row] >> text=U+202E");
    await go(`/alerts/${encodeURIComponent(uidOf(sent))}`);
    await page.click("text=OCSF finding");
    assert.equal(await page.locator("main img, main script").count(), 0);
    await go("/");
    await page.waitForSelector(".bars");
  });

  test("can be exported as CSV by an analyst", async () => {
    await go("/alerts?severity=critical");
    const download = page.waitForEvent("download");
    await page.click("a:has-text('CSV')");
    const stream = await (await download).createReadStream();
    let text = "";
    for await (const part of stream) text += part;
    assert.match(text, /tool\.tainted_exec/);
    assert.doesNotMatch(text, /reconnaissance/);
  });
});

describe("the fleet", () => {
  test("shows what is heard, and what is not and why", async () => {
    await collector.deliver({ type: "heartbeat", heartbeat: {
      agent_id: "agt-test", hostname: "web-1", version: "0.1.0", started_at: Date.now() - 60_000, kernel: "6.12.9", counters: { events_read: 12, ring_lost: 3 },
      coverage: [{ pid: 7, exe: "/usr/bin/node", stack: "openssl", version: "3.0.15", located_by: "symbol", covered: true }, { pid: 8, exe: "/opt/agentd", stack: "rustls", covered: false, reason: "crypto provider not recognised" }],
    } });
    await go("/coverage");
    await page.waitForSelector("h2:has-text('crypto provider not recognised')");
    assert.match(await page.textContent("main"), /1 of 2/);
    await go("/fleet");
    await page.click("td a:has-text('web-1')");
    await page.waitForSelector(".banner:has-text('ring lost')");
  });

  test("is summed up from activity", async () => {
    await collector.deliver({ type: "activity", activity: {
      id: "x-1", agent_id: "agt-test", hostname: "web-1", start_time: new Date().toISOString(), application: "support-bot", "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20,
    } });
    await go("/inventory?kind=model");
    await page.waitForSelector("td:has-text('gpt-4o')");
  });
});

describe("roles", () => {
  test("a viewer sees alerts and changes nothing; the collector refuses what the page does not offer", async () => {
    await login("vera");
    await go("/alerts");
    await page.waitForSelector("[data-row]");
    await page.locator("[data-row]").first().click();
    await page.waitForSelector(".facts");
    assert.equal(await page.locator("main select, main textarea").count(), 0);
    const status = await page.evaluate(async () => (await fetch("/api/v1/alerts.csv")).status);
    assert.equal(status, 403);
    await go("/audit");
    await page.waitForSelector("text=Your role does not allow this");
  });

  test("an administrator creates a token, sees who read evidence, and logs out", async () => {
    await login("admin");
    await go("/settings?tab=tokens");
    await page.click("text=Create a token");
    await page.fill("dialog input", "nightly-export");
    await page.click("dialog button[type=submit]");
    await page.waitForSelector("dialog code");
    await page.click("dialog button:has-text('Done')");
    await page.waitForSelector("td:has-text('nightly-export')");
    await go("/audit?actor=user%3Avera");
    await page.waitForSelector("td:has-text('alert.read')");
    await page.click("[aria-label='Log out']");
    await page.waitForSelector("input[name=username]");
    await page.goto(`${collector.base}/alerts`);
    await page.waitForSelector("input[name=username]");
  });
});
