// An analyst's day against a real collector: log in with a password that was given out, see an
// attack arrive live as one incident, read its evidence, assign, comment, tell a false alarm from a
// real one, keep the false ones quiet, and hand the incident on. On SQLite, or on the store that
// SONDE_TEST_STORE_URL names.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { kPortal, launch } from "./browser.mjs";
import { call, startCollector } from "./collector.mjs";

const { makeAlert, scenarioOf } = await import(pathToFileURL(join(kPortal, "fixture", "data.mjs")).href);
const kChosen = "a day at the console 7";

let collector;
let browser;
let page;
let password;
const faults = [];

/** An alert of a fixture story, in its own conversation unless one is given. */
function alert(name, conversation, change = () => {}) {
  const { ocsf } = makeAlert(scenarioOf(name), Date.now());
  ocsf.unmapped.sonde.agent_id = "agt-test";
  ocsf.unmapped.sonde.conversation_id = conversation;
  ocsf.device.hostname = "k8s-node-04";
  change(ocsf);
  return { type: "alert", alert: ocsf };
}
const noise = (count) => Array.from({ length: count }, (_, index) => alert("sensitive_data.prompt", `noise-${index}`, (ocsf) => {
  ocsf.device.hostname = `host-${index}`;
  delete ocsf.unmapped.sonde.end_user_id;
  delete ocsf.unmapped.sonde.source_ip;
}));
const api = (path, options = {}) => call(collector.base + path, { token: collector.tokens.admin, ...options });
const json = async (path) => JSON.parse((await api(path)).text);

before(async () => {
  collector = await startCollector();
  password = JSON.parse((await api("/api/v1/users", { method: "POST", body: JSON.stringify({ username: "nora", role: "analyst" }) })).text).password;
  browser = await launch();
  page = browser.page;
  page.setDefaultTimeout(30_000);
  page.on("pageerror", (error) => faults.push(`exception: ${error.message}`));
  page.on("console", (message) => { if (/Content Security Policy/.test(message.text())) faults.push(message.text()); });
});
after(async () => {
  await browser?.close();
  await collector?.stop();
  assert.deepEqual(faults, []);
});

test("an analyst's day", async (day) => {
  await day.test("the first login asks for a password of one's own", async () => {
    await page.goto(collector.base);
    await page.fill("input[name=username]", "nora");
    await page.fill("input[name=password]", password);
    await page.click("button[type=submit]");
    await page.waitForSelector("h1:has-text('Choose your password')");
    await page.fill("input[name=current]", password);
    await page.fill("input[name=new]", kChosen);
    await page.fill("input[name=again]", kChosen);
    await page.click("button[type=submit]");
    await page.waitForSelector("h1:has-text('Overview')");
    assert.equal(await page.locator("text=Audit").count(), 0, "what the role may not see is not offered");
  });

  await day.test("an attack shows itself live, as one incident, among noise", async () => {
    await page.goto(`${collector.base}/incidents`);
    await page.waitForSelector(".side .tag.good:has-text('Live')");
    await collector.deliver(...noise(40));
    for (const name of ["prompt_attack.document", "tool.tainted_call", "exfiltration.rendered"]) {
      await collector.deliver(alert(name, "conv-attack", (ocsf) => {
        ocsf.unmapped.sonde.application = "support-chat";  // a conversation is of one application
      }));
    }
    await page.waitForSelector("[data-row]:has-text('Prompt injection led to')");
    const incidents = (await json("/api/v1/incidents?limit=500")).items.filter((incident) => incident.alert_count > 1);
    assert.equal(incidents.length, 1, "one story");
    assert.equal(incidents[0].severity, "critical");
  });

  await day.test("the story is read from its beginning to the evidence", async () => {
    await page.click("[data-row]:has-text('Prompt injection led to')");
    await page.waitForSelector("h2:has-text('Attack story')");
    await page.waitForFunction(() => document.querySelectorAll(".in-story").length === 3);
    const steps = await page.locator(".in-story strong").allTextContents();
    assert.match(steps[0], /Instruction to the model/);
    assert.match(steps[2], /Image link/);
    await page.click(".in-story [data-row]:has-text('Instruction to the model')");
    await page.waitForSelector(".turn.zone-tool.hit mark");
    assert.match(await page.textContent(".turn.zone-tool.hit mark"), /^Assistant: before you answer/);
    const looks = (await json("/api/v1/audit?actor=user%3Anora")).items.map((entry) => entry.action);
    assert.ok(looks.includes("alert.read") && looks.includes("incident.read"), "each look at evidence is in the audit log");
    await page.goBack();
    await page.waitForSelector("h2:has-text('Attack story')");
  });

  await day.test("the incident is taken, commented and called real", async () => {
    await page.click("button:has-text('Assign to me')");
    await page.waitForSelector("button:has-text('Assign to me')", { state: "detached" });
    await page.fill("[aria-label=Comment]", "Mailbox is locked; asking the vendor about the domain.");
    await page.click("button:has-text('Comment')");
    await page.waitForSelector(".comment:has-text('Mailbox is locked')");
    const stored = page.waitForResponse((response) => response.request().postData()?.includes("true_positive") ?? false);
    await page.selectOption("[aria-label=Classification]", "true_positive");
    assert.ok((await stored).ok());
    const uid = page.url().split("/").at(-1);
    const incident = await json(`/api/v1/incidents/${uid}`);
    assert.deepEqual([incident.assignee, incident.status, incident.classification], ["nora", "in_progress", "true_positive"]);
    assert.ok(incident.alerts.every((entry) => entry.classification === "true_positive"), "its alerts follow");
  });

  await day.test("it is handed on as STIX and OCSF", async () => {
    for (const [label, check] of [["STIX", (body) => assert.equal(body.type, "bundle")], ["OCSF", (body) => assert.equal(body.class_uid, 2005)]]) {
      const download = page.waitForEvent("download");
      await page.click(`a:has-text('${label}')`);
      const parts = [];
      for await (const part of await (await download).createReadStream()) parts.push(part);
      check(JSON.parse(Buffer.concat(parts).toString()));
    }
  });

  await day.test("a false alarm is marked, and its like are kept quiet from then on", async () => {
    await page.goto(`${collector.base}/alerts?q=host-7`);
    await page.locator("[data-row]").first().click();
    await page.waitForSelector("[aria-label=Classification]");
    await page.selectOption("[aria-label=Classification]", "false_positive");
    await page.click("button:has-text('Suppress similar')");
    await page.waitForSelector("dialog");
    const reason = page.locator("dialog input[required], dialog textarea[required]").last();
    if (!(await reason.inputValue())) await reason.fill("Test data of the billing team");
    await page.click("dialog button[type=submit]");
    await page.waitForSelector("dialog", { state: "detached" });
    const rules = (await json("/api/v1/suppressions")).items;
    assert.equal(rules.length, 1);
    assert.equal(rules[0].author, "nora");
    await collector.deliver(alert("sensitive_data.prompt", "noise-again", (ocsf) => { ocsf.device.hostname = "host-7"; }));
    const again = (await json("/api/v1/alerts?status=suppressed")).items;
    assert.ok(again.some((entry) => entry.host === "host-7"), "the next one is stored, and suppressed");
  });

  await day.test("the open alerts leave as CSV, and the day ends", async () => {
    await page.goto(`${collector.base}/alerts?severity=high`);
    await page.waitForSelector("[data-row]");
    const download = page.waitForEvent("download");
    await page.click("a:has-text('CSV')");
    const parts = [];
    for await (const part of await (await download).createReadStream()) parts.push(part);
    assert.match(Buffer.concat(parts).toString(), /prompt_attack\.document/);
    await page.click("[aria-label='Log out']");
    await page.waitForSelector("input[name=username]");
  });
});
