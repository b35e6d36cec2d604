// node screenshots.mjs FOLDER [PAGE...]: every page of the portal (or these) over `sonde-collector
// demo`, in both themes and in a narrow window, for people to look at. Takes SONDE_COLLECTOR and SONDE_PORTAL_ROOT like
// the tests.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { launch } from "./browser.mjs";

const [folder, ...wanted] = process.argv.slice(2);
if (!folder || !process.env.SONDE_COLLECTOR) throw new Error("usage: SONDE_COLLECTOR=... node screenshots.mjs FOLDER");
mkdirSync(folder, { recursive: true });

/** Starts the demonstration; answers its address, password and process. */
function startDemo() {
  return new Promise((resolve, reject) => {
    const child = spawn(process.env.SONDE_COLLECTOR, ["demo"], {
      stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, SONDE_COLLECTOR_LISTEN: "127.0.0.1:0" },
    });
    let text = "";
    child.once("exit", (code) => reject(new Error(`the collector ended with ${code}`)));
    child.stdout.setEncoding("utf8").on("data", (part) => {
      text += part;
      const base = /listening on (https:\S+)/.exec(text)?.[1];
      const password = /password (\S+)/.exec(text)?.[1];
      if (base && password) resolve({ base, password, child });
    });
  });
}

const views = [
  { name: "light", viewport: { width: 1360, height: 900 }, colorScheme: "light" },
  { name: "dark", viewport: { width: 1360, height: 900 }, colorScheme: "dark" },
  { name: "narrow", viewport: { width: 390, height: 844 }, colorScheme: "light" },
];

async function pagesOf(page) {
  const first = async (path) => (await page.evaluate(async (url) => (await (await fetch(url)).json()).items[0]?.uid, path)) ?? "none";
  const alert = await first("/api/v1/alerts?alert=prompt_attack.document&limit=1");
  const hidden = await first("/api/v1/alerts?alert=ascii_smuggling&limit=1");
  const tainted = await first("/api/v1/alerts?alert=tool.tainted_call&limit=1");
  const segment = await first("/api/v1/alerts?alert=system_prompt.leak&limit=1");
  const incident = await first("/api/v1/incidents?status=in_progress&limit=1");
  return {
    overview: "/", alerts: "/alerts", alert: `/alerts/${alert}`, hidden: `/alerts/${hidden}`, tainted: `/alerts/${tainted}`, segment: `/alerts/${segment}`, incidents: "/incidents", incident: `/incidents/${incident}`,
    inventory: "/inventory", coverage: "/coverage", fleet: "/fleet", policies: "/policies", policy_new: "/policies/new", agent: "/fleet/agt-c3e9", audit: "/audit", suppressions: "/settings",
    users: "/settings?tab=users", exports: "/settings?tab=exports", tokens: "/settings?tab=tokens", account: "/settings?tab=account",
  };
}

const demo = await startDemo();
try {
  for (const view of views) {
    const { page, close } = await launch({ viewport: view.viewport, colorScheme: view.colorScheme });
    await page.goto(demo.base);
    await page.waitForSelector("input[name=username]");
    await page.screenshot({ path: join(folder, `login-${view.name}.png`) });
    await page.fill("input[name=username]", "admin");
    await page.fill("input[name=password]", demo.password);
    await page.click("button[type=submit]");
    await page.waitForSelector(".page h1");
    for (const [name, path] of Object.entries(await pagesOf(page))) {
      if (wanted.length && !wanted.includes(name)) continue;
      await page.goto(demo.base + path);
      await page.waitForSelector(".page h1");
      await page.waitForTimeout(600);
      await page.screenshot({ path: join(folder, `${name}-${view.name}.png`), fullPage: true });
    }
    await close();
  }
} finally {
  demo.child.removeAllListeners("exit");
  demo.child.kill("SIGTERM");
}
