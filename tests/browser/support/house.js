// One portal and one Chromium for all tests of a file: `const house = openHouse()`, then `house.visitor(t)` in each test.

import { after, before } from "node:test";
import { chromium } from "playwright-core";
import { Portal, required } from "./portal.js";
import { Visitor } from "./visitor.js";

const FLAGS = [
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--no-first-run",
  "--disable-quic",
  "--disable-sync",
];

// Left to itself, the driver switches off that pages are kept in memory for the back button.
const KEEPS_NO_PAGES = "--disable-back-forward-cache";

/** `keepsPages`: with a browser that keeps pages in memory, as people's browsers do. Other options are the portal's. */
export function openHouse({ keepsPages = false, ...options } = {}) {
  const house = {
    portal: null,
    browser: null,

    /** A person with a browser of their own. */
    async visitor(t, { width = 1280, scripts = true, ...more } = {}) {
      const context = await this.browser.newContext({
        baseURL: this.portal.address,
        viewport: { width, height: 800 },
        javaScriptEnabled: scripts,
        ...more,
      });
      context.setDefaultTimeout(30_000);
      const visitor = await Visitor.in(context, this.portal, { scripts });
      t.after(async () => {
        await context.close();
        visitor.assertNoProblems();
      });
      return visitor;
    },
  };
  before(async () => {
    house.portal = await Portal.start(options);
    const ignoreDefaultArgs = keepsPages ? [KEEPS_NO_PAGES] : [];
    house.browser = await chromium.launch({ executablePath: required("CHROMIUM"), args: FLAGS, ignoreDefaultArgs });
  });
  after(async () => {
    await house.browser?.close();
    await house.portal?.stop();
  });
  return house;
}

let people = 0;

/** An e-mail address that nobody else in these tests has. */
export function address(name = "tan_mei", domain = "tech.gov.sg") {
  people += 1;
  return `${name}${people}@${domain}`;
}
