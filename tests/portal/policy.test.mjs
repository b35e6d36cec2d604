// Fleet policy as an administrator sees it, with a real agent on this host: published to nobody, rolled
// out, refused where it does not hold, and gone back from. Needs root, as the agent does.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { launch } from "./browser.mjs";
import { kPassword, startCollector } from "./collector.mjs";

const kQuiet = "settings:\n  detect:\n    evidence: none\n";
// Good YAML, and a rule that names no condition of its own: only an agent finds out.
const kBroken = "files:\n  rules: |\n    name: broken\n    detection: {condition: nothing}\n";
const kHeartbeat = 5;

let collector;
let browser;
let page;
let agent;

/** Enrols and starts SONDE_BINARY as an agent of the collector; answers how to end it. */
async function startAgent() {
  const binary = process.env.SONDE_BINARY;
  const folder = mkdtempSync(join(tmpdir(), "sonde-policy-agent-"));
  const pki = join(folder, "pki");
  const ca = join(collector.state, "pki", "ca.crt");
  const token = execFileSync(process.env.SONDE_COLLECTOR, ["--config", collector.config, "agent", "enrol", "web-1"], { stdio: ["ignore", "pipe", "ignore"] });
  execFileSync(binary, ["enrol", collector.base, "--ca", ca, "--directory", pki], { input: token, stdio: ["pipe", "ignore", "ignore"] });
  mkdirSync(join(folder, "state"), { mode: 0o700 });
  const config = join(folder, "sonde.yaml");
  writeFileSync(config, JSON.stringify({
    state_directory: join(folder, "state"), metrics: { listen: "" },
    collector: { url: collector.base, ca, cert: join(pki, "agent.crt"), key: join(pki, "agent.key"), heartbeat_seconds: kHeartbeat, policy_key: join(pki, "policy.pub") },
  }), { mode: 0o600 });
  const child = spawn(binary, ["agent", "--config", config], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  await new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the agent ended with ${code}: ${said}`)));
    child.stderr.setEncoding("utf8").on("data", (part) => { said += part; if (said.includes("listening:")) resolve(); });
  });
  return async () => {
    const ended = new Promise((resolve) => child.removeAllListeners("exit").once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
}

async function publish(document, comment, percent) {
  await page.goto(`${collector.base}/policies/new`);
  await page.fill("textarea", document);
  await page.getByLabel("Why").fill(comment);
  await page.getByLabel("First for this share").fill(String(percent));
  await page.waitForSelector("text=No problems");
  await page.click("button:has-text('Publish')");
  await page.waitForSelector("h1:has-text('Policy ')");
  return Number(/Policy (\d+)/.exec(await page.textContent("h1"))[1]);
}

/** Without a reload of the page: it follows the sensors by itself. */
const shows = (text) => page.waitForSelector(`tr:has-text('${text}')`, { timeout: 1000 * (4 * kHeartbeat + 10) });

/** The page as it stands, in both themes and in a narrow window, for people: SONDE_SHOTS names a folder. */
async function picture(name) {
  const folder = process.env.SONDE_SHOTS;
  if (!folder) return;
  const usual = page.viewportSize();
  for (const [view, colorScheme, viewport] of [["light", "light", usual], ["dark", "dark", usual], ["narrow", "light", { width: 390, height: 844 }]]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await page.waitForTimeout(700);  // what moves has come to rest
    await page.screenshot({ path: join(folder, `${name}-${view}.png`), fullPage: true });
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(usual);
}

before(async () => {
  collector = await startCollector();
  agent = await startAgent();
  browser = await launch();
  page = browser.page;
  page.setDefaultTimeout(15_000);
  await page.goto(collector.base);
  await page.fill("input[name=username]", "admin");
  await page.fill("input[name=password]", kPassword);
  await page.click("button[type=submit]");
  await page.waitForSelector(".page h1");
});
after(async () => {
  await browser?.close();
  await agent?.();
  await collector?.stop();
});

test("a policy is rolled out in stages to a live agent, refused with its reason, and rolled back", async () => {
  const quiet = await publish(kQuiet, "Less text", 0);
  await shows("Not yet chosen");
  await page.waitForSelector("[role=status]:has-text('run by 0 of 1 sensor')");
  await page.getByLabel("Share of the sensors").fill("100");
  await page.click("button:has-text('Roll out')");
  await shows("Runs it");
  await page.waitForSelector("[role=status]:has-text('all sensors: run by 1 of 1 sensor')");
  await picture("applied");

  const broken = await publish(kBroken, "A rule that does not compile", 100);
  await shows("Refused:");
  assert.equal(await page.textContent(".tag.bad"), "Refused: rules:1: 'title' is missing", "the agent's reason, and no place on its host");
  await page.waitForSelector("[role=status]:has-text('1 refused it')");
  await picture("refused");
  await page.goto(`${collector.base}/policies/${quiet}`);
  await shows("Runs it");

  await page.click("button:has-text('Go back to this version')");
  await page.click("dialog button:has-text('Publish'), [role=dialog] button:has-text('Publish')");
  await page.waitForSelector(`h1:has-text('Policy ${broken + 1}')`);
  await shows("Runs it");
  await picture("back");
  assert.equal(await page.locator(".tag.bad").count(), 0);
  assert.equal(await page.locator("button:has-text('Go back')").count(), 0, "nobody goes back to what is newest");
  await page.goto(`${collector.base}/policies/${quiet}`);
  await shows(`Runs ${broken + 1}`);
  await page.goto(`${collector.base}/policies`);
  await page.waitForSelector("[data-row]");
  await picture("list");
});
