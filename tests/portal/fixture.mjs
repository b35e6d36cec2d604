// A browser that is logged in to the fixture server, and what went wrong in it.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { kPortal, launch } from "./browser.mjs";

export async function open({ user = "mira", ...options } = {}) {
  const { start } = await import(pathToFileURL(join(kPortal, "fixture", "server.mjs")).href);
  const fixture = await start(0);
  const { page, context, close } = await launch(options);
  const base = `http://127.0.0.1:${fixture.port}`;
  const faults = [];
  page.on("pageerror", (error) => faults.push(`exception: ${error.message}`));
  page.on("console", (message) => {
    if (/Content Security Policy|TrustedHTML|TrustedScript/.test(message.text())) faults.push(message.text());
  });
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.setDefaultTimeout(10_000);
  const stop = async () => {
    await close();
    fixture.server.closeAllConnections();
    await new Promise((resolve) => fixture.server.close(resolve));
  };
  const session = { page, context, base, faults, state: fixture.state, stop };
  if (user) await login(session, user);
  return session;
}

export async function login({ page, base }, user, path = "/", password = "fixture") {
  await page.goto(base + path);
  await page.fill("input[name=username]", user);
  await page.fill("input[name=password]", password);
  await page.click("button[type=submit]");
  if (password === "fixture") await page.waitForSelector(".page h1");
}

export const alertNamed = (state, name) => state.data.alerts.find((alert) => alert.alert === name);

/** A new alert arrives at the collector. */
export async function arrive({ base }, alert, fields = {}) {
  const response = await fetch(`${base}/fixture/alerts`, { method: "POST", body: JSON.stringify({ alert, fields }) });
  return response.json();
}

/** Every page of the portal with something on it. */
export function pagesOf(state) {
  return {
    overview: "/",
    alerts: "/alerts",
    "alerts, none": "/alerts?q=nothingmatchesthis",
    "alert of a document attack": `/alerts/${alertNamed(state, "prompt_attack.document").uid}`,
    "alert with hidden text": `/alerts/${alertNamed(state, "ascii_smuggling").uid}`,
    "alert without text": `/alerts/${alertNamed(state, "wallet.volume_anomaly").uid}`,
    "alert, unknown": "/alerts/unknown",
    incidents: "/incidents",
    incident: "/incidents/inc-2038",
    policies: "/policies",
    "one policy": "/policies/2",
    "new policy": "/policies/new?from=2",
    inventory: "/inventory",
    "inventory of keys": "/inventory?kind=key",
    "shadow AI": "/inventory?kind=shadow",
    coverage: "/coverage",
    fleet: "/fleet",
    agent: "/fleet/agt-c3e9",
    suppressions: "/settings",
    users: "/settings?tab=users",
    exports: "/settings?tab=exports",
    tokens: "/settings?tab=tokens",
    account: "/settings?tab=account",
    audit: "/audit",
    "no such page": "/nowhere",
  };
}
