// An analyst's browser on the alerts page: portal_page.mjs URL USER PASSWORD TEXT
//
// Says "ready" when the page is live, waits there for an alert whose row shows TEXT, opens it, and ends.
// Each line of output is JSON: {"ready": true}, {"seen_at": Unix ms,
// "pages": [HTML of the list, HTML of the alert], "text": of the alert's page}.
import { launch } from "../portal/browser.mjs";

const [url, user, password, text] = process.argv.slice(2);
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const browser = await launch();
try {
  const { page } = browser;
  page.setDefaultTimeout(20_000);
  await page.goto(url);
  await page.fill("input[name=username]", user);
  await page.fill("input[name=password]", password);
  await page.click("button[type=submit]");
  await page.waitForSelector(".page h1");
  await page.goto(`${url}/alerts`);
  await page.waitForSelector(".side .tag.good:has-text('Live')");
  say({ ready: true });
  const row = page.locator("[data-row]", { hasText: text }).first();
  await row.waitFor();
  const seen = Date.now();
  const list = await page.content();
  await row.click();
  await page.waitForSelector(".facts");
  say({ seen_at: seen, pages: [list, await page.content()], text: await page.innerText("main") });
} finally {
  await browser.close();
}
