// How heavy a page is: everything over the wire on a first visit, and nothing twice.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openHouse } from "./support/house.js";
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

for (const path of [
  "/",
  "/start",
  "/start/answer?domain=tech.gov.sg&device=gmd&seed=yes",
  "/sign-up",
  "/sign-up/done?seed=yes",
  "/sign-in",
  "/help",
  "/no/such/page",
  "/dev/components",
  "/dev/inbox",
]) {
  test(`a first visit to ${path} takes at most 60 KB and 8 requests, a second one no static file`, async (t) => {
    const { hostname, port } = new URL(house.portal.address);
    const wire = await Wire.to(hostname, Number(port));
    t.after(() => wire.close());
    const address = `http://127.0.0.1:${wire.port}${path}`;
    const { context } = await house.visitor(t);
    const page = await context.newPage();
    await visits(page, address);
    const first = wire.read();
    t.diagnostic(`${(first.bytes / 1024).toFixed(1)} KB, ${first.requests.length} requests`);
    assert.ok(first.bytes <= MOST_BYTES, `${first.bytes} bytes`);
    assert.ok(first.requests.length <= MOST_REQUESTS, first.requests.join("\n"));

    await page.close();
    const again = await context.newPage();
    await visits(again, address);
    const second = wire.read();
    const files = second.requests.filter((request) => request.startsWith("/static/"));
    assert.deepEqual(files, [], "what was fetched again");
    assert.ok(second.requests.length >= 1, "the page itself is fetched again");
  });
}
