// axe-core on every page, in both themes and in a narrow window.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { packages } from "./browser.mjs";
import { open, pagesOf } from "./fixture.mjs";

const kAxe = readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8");
const kWidths = { wide: { width: 1360, height: 900 }, narrow: { width: 390, height: 844 } };

let session;
before(async () => { session = await open({ user: "admin", reducedMotion: "reduce" }); });
after(async () => { await session.stop(); });

async function violations(page) {
  await page.evaluate(kAxe);
  const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return result.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")} ${node.any[0]?.message ?? rule.help}`));
}

async function visit(page, url) {
  await page.goto(url);
  await page.waitForSelector(".page h1, .page .state");
  await page.waitForFunction(() => !document.querySelector(".skeleton, .progress-line"));
}

for (const colorScheme of ["light", "dark"]) {
  for (const [width, viewport] of Object.entries(kWidths)) {
    test(`every page is accessible, ${colorScheme}, ${width}`, async () => {
      const { page, base, state } = session;
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize(viewport);
      const found = [];
      for (const [name, path] of Object.entries(pagesOf(state))) {
        await visit(page, base + path);
        for (const violation of await violations(page)) found.push(`${name}: ${violation}`);
      }
      assert.deepEqual(found, []);
    });
  }

  test(`dialogs and menus are accessible, ${colorScheme}`, async () => {
    const { page, base, state } = session;
    const found = [];
    const check = async (name) => {
      for (const violation of await violations(page)) found.push(`${name}: ${violation}`);
    };
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize(kWidths.wide);
    await visit(page, `${base}/alerts`);
    await page.keyboard.press("?");
    await page.waitForSelector("dialog[open]");
    await check("help");
    await page.keyboard.press("Escape");
    await page.click("summary:has-text('Severity')");
    await check("menu");
    await visit(page, base + pagesOf(state)["alert of a document attack"]);
    await page.click("text=OCSF finding");
    await page.click("text=Suppress similar");
    await page.waitForSelector("dialog[open]");
    await check("suppress");
    await visit(page, `${base}/incidents/inc-2038`);
    await page.click("text=Merge");
    await page.waitForSelector("dialog .choice");
    await check("merge");
    await visit(page, `${base}/settings?tab=tokens`);
    await page.click("text=Create a token");
    await check("create a token");
    assert.deepEqual(found, []);
  });
}

test("the login page is accessible in both themes", async () => {
  const guest = await open({ user: null });
  try {
    for (const colorScheme of ["light", "dark"]) {
      await guest.page.emulateMedia({ colorScheme });
      await guest.page.goto(guest.base);
      await guest.page.waitForSelector("form");
      assert.deepEqual(await violations(guest.page), []);
    }
  } finally {
    await guest.stop();
  }
});

test("no page is wider than a narrow window", async () => {
  const { page, base, state } = session;
  await page.setViewportSize(kWidths.narrow);
  for (const [name, path] of Object.entries(pagesOf(state))) {
    await visit(page, base + path);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `${name} is ${overflow} px too wide`);
  }
});

test("nothing broke and the content security policy was never violated", () => {
  assert.deepEqual(session.faults, []);
});
