// Debian's Chromium for the tests of the portal. SONDE_PORTAL_ROOT names a folder with the built
// portal and its packages; without it, that is collector/portal itself.
import { createRequire } from "node:module";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const kSources = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "collector", "portal");
export const kPortal = process.env.SONDE_PORTAL_ROOT ?? kSources;
export const packages = createRequire(join(kPortal, "package.json"));
const { chromium } = packages("playwright-core");

const kFlags = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** A browser with a user data directory of its own, gone after close(). */
export async function launch(options = {}) {
  const profile = mkdtempSync(join(tmpdir(), "sonde-portal-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.SONDE_CHROMIUM ?? "/usr/bin/chromium",
    args: kFlags,
    ignoreHTTPSErrors: true,
    viewport: { width: 1360, height: 900 },
    ...options,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { context, page, close };
}
