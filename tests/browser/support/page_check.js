// What holds for every page: it is sound HTML, nobody is kept out, nothing sticks out of a narrow screen.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { HtmlValidate, StaticConfigLoader } from "html-validate";

const axeSource = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const STANDARDS = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
const COLOURS = { type: "rule", values: ["color-contrast", "link-in-text-block"] };

// A mail program has the landmarks, not the mail.
const OF_PAGES_ONLY = { region: { enabled: false }, "landmark-one-main": { enabled: false } };

const WIDTHS = [1280, 320];
// The dark scheme changes colours, and nothing else.
const SCHEMES = [["light", STANDARDS], ["dark", COLOURS]];

/** A folder for pictures of every page that a test sees; none are taken if it is not set. */
const PICTURES = process.env.SCREENSHOTS;

// Taste, not soundness: templates leave white space behind, the summary takes the focus on purpose, and our own files need no
// seal against ourselves.
const RULES = {
  "no-trailing-whitespace": "off",
  "long-title": "off",
  "no-autofocus": "off",
  "require-sri": ["error", { target: "crossorigin" }],
};
// Mail programs keep inline styles only, and know roles better than elements.
const RULES_FOR_MAIL = { ...RULES, "no-inline-style": "off", "prefer-native-element": "off" };

const alreadyChecked = new Set();

/** Checks the page that a visitor sees. */
export async function checkPage(visitor, title) {
  const { page, scripts } = visitor;
  assert.equal(await page.title(), `${title} – TechPass onboarding portal`);
  assert.equal(await page.locator("h1").count(), 1, "one main heading");
  const hasErrors = (await page.locator("#error-summary").count()) > 0;
  const focused = await page.evaluate(() => document.activeElement?.id || document.activeElement?.tagName);
  if (scripts) assert.equal(focused, hasErrors ? "error-summary" : "BODY", "the focus is where reading begins");

  const source = await visitor.document.source;
  // The same page again, but for what changes with every visit, need not be looked at again.
  const likeness = source.replaceAll(/(name="(?:csrf|purpose)" value|reference: <code>)[^<>]*/g, "");
  const fingerprint = createHash("sha256").update(`${scripts} ${likeness}`).digest("hex");
  if (alreadyChecked.has(fingerprint)) return;
  await checkHtml(source, page.url());
  await checkLooks(page, title, { scripts });
  alreadyChecked.add(fingerprint);
}

/** The source of a page, or of an e-mail, is sound HTML. */
export async function checkHtml(source, where, { isMail = false } = {}) {
  const config = { extends: ["html-validate:recommended", "html-validate:document"], rules: isMail ? RULES_FOR_MAIL : RULES };
  const report = await new HtmlValidate(new StaticConfigLoader(config)).validateString(source, where);
  const problems = report.results.flatMap(({ messages }) => messages.map((m) => `${m.line}:${m.column} ${m.message} (${m.ruleId})`));
  assert.deepEqual(problems, [], `the HTML of ${where}`);
}

/** At every width and in every colour scheme nobody is kept out, and nothing sticks out. */
export async function checkLooks(page, name, { scripts = true, isMail = false } = {}) {
  const before = page.viewportSize();
  if (!scripts) await page.evaluate(letTimersRunAtOnce);
  await page.evaluate(axeSource);
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: before.height });
    await checkWidth(page, `${name} at ${width} px`);
    for (const [scheme, rules] of SCHEMES) {
      await page.emulateMedia({ colorScheme: scheme });
      assert.deepEqual(await violations(page, rules, isMail ? OF_PAGES_ONLY : {}), [], `axe on “${name}” at ${width} px, ${scheme}`);
      await takePicture(page, `${name} ${width} ${scheme}`);
    }
  }
  await page.setViewportSize(before);
  await page.emulateMedia({ colorScheme: null });
}

/* A page that came without scripts has no timers, and axe waits for some. Runs in the page. */
function letTimersRunAtOnce() {
  globalThis.setTimeout = (whatToDo, _wait, ...values) => void Promise.resolve().then(() => whatToDo(...values));
}

/** Nothing makes the page scroll sideways. */
export async function checkWidth(page, what) {
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(excess, 0, `${what} scrolls sideways`);
}

async function violations(page, runOnly, rules) {
  const options = { runOnly, rules, resultTypes: ["violations"], preload: false };
  const found = await page.evaluate((wished) => axe.run(document, wished), options);
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
}

const pictured = new Map();

async function takePicture(page, name) {
  if (!PICTURES) return;
  await mkdir(PICTURES, { recursive: true });
  const times = (pictured.get(name) ?? 0) + 1;
  pictured.set(name, times);
  const plain = `${name} ${times > 1 ? times : ""}`.trim().replaceAll(/[^A-Za-z0-9]+/g, "-");
  await page.screenshot({ path: `${PICTURES}/${plain}.png`, fullPage: true });
}
