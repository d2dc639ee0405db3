// How heavy a page is: everything over the wire on a first visit, and nothing twice.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openHouse } from "./support/house.js";
import { ACTIVE, PRIVACY, TERMS, accepts, reachesTheTerms } from "./support/officer.js";
import { Wire } from "./support/wire.js";

const MOST_BYTES = 60 * 1024;
const MOST_REQUESTS = 8;

const house = openHouse();

/** Opens a page and does there what makes it ask for everything that it may need. */
async function visits(page, address) {
  await page.goto(address, { waitUntil: "networkidle" });
  const email = page.getByRole("textbox").first();
  if ((await email.count()) === 0) return;
  await email.fill("tan_mei@tech.gov.sg");
  if ((await page.locator("[data-captcha]").count()) === 0) return;
  await page.waitForFunction(() => document.querySelector("altcha-widget")?.getState() === "verified");
  await page.waitForLoadState("networkidle");
}

/** Whoever the visitor is, their browser has none of our files in store: it knows the portal at another port only. */
async function weighs(t, { context }, path) {
  const { hostname, port } = new URL(house.portal.address);
  const wire = await Wire.to(hostname, Number(port));
  t.after(() => wire.close());
  const address = `http://127.0.0.1:${wire.port}${path}`;
  const page = await context.newPage();
  await visits(page, address);
  assert.equal(page.url(), address, "the page itself was weighed");
  const first = wire.read();
  t.diagnostic(`${path}: ${(first.bytes / 1024).toFixed(1)} KB, ${first.requests.length} requests`);
  assert.ok(first.bytes <= MOST_BYTES, `${first.bytes} bytes`);
  assert.ok(first.requests.length <= MOST_REQUESTS, first.requests.join("\n"));

  await page.close();
  const again = await context.newPage();
  await visits(again, address);
  const second = wire.read();
  const files = second.requests.filter((request) => request.startsWith("/static/"));
  assert.deepEqual(files, [], "what was fetched again");
  assert.ok(second.requests.length >= 1, "the page itself is fetched again");
  await again.close();
}

for (const path of [
  "/",
  "/start",
  "/start/answer?domain=tech.gov.sg&device=gmd&seed=yes",
  "/sign-up",
  "/sign-up/done?seed=yes",
  "/sign-in",
  "/auth/wog/start",
  "/help",
  "/no/such/page",
  "/dev/components",
  "/dev/inbox",
]) {
  test(`a first visit to ${path} takes at most 60 KB and 8 requests, a second one no static file`, async (t) => {
    await weighs(t, await house.visitor(t), path);
  });
}

test("so do the pages of an officer's way", async (t) => {
  const officer = await house.visitor(t);
  const { link } = await reachesTheTerms(officer);
  await weighs(t, officer, new URL(link).pathname);
  await weighs(t, officer, "/activate/terms/privacy");
  await accepts(officer, PRIVACY);
  await weighs(t, officer, "/activate/terms/terms-of-use");
  await accepts(officer, TERMS);
  await officer.sees(ACTIVE);
  for (const path of ["/activate/done", "/account", "/account/edit", "/account/security", "/account/terms", "/"]) await weighs(t, officer, path);
});
