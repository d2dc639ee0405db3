// A person in a browser. What it says of them reads as the story; every page that they see is checked by the way, and
// what they had to do is counted.

import assert from "node:assert/strict";
import { checkPage } from "./page_check.js";

export class Visitor {
  static async in(context, portal, { scripts = true } = {}) {
    const visitor = new Visitor();
    Object.assign(visitor, { context, portal, scripts });
    await visitor.#take(await context.newPage());
    return visitor;
  }

  /** What it took them: links and buttons and choices pressed, fields filled in, pages of ours seen. */
  effort = { clicks: 0, fields: 0, pages: 0 };

  problems = [];

  // --- going somewhere ---

  async opens(address) {
    await this.page.goto(address);
  }

  async follows(link) {
    this.effort.clicks += 1;
    await this.leavesBy(() => this.within("main").getByRole("link", { name: link, exact: true }).click());
  }

  async presses(button) {
    this.effort.clicks += 1;
    await this.leavesBy(() => this.button(button).click());
  }

  /** Does something that ends on another page, and waits for that page. */
  async leavesBy(whatToDo) {
    const arrived = this.page.waitForEvent("load");
    await Promise.all([arrived, whatToDo()]);
  }

  async goesBack() {
    await this.page.goBack();
  }

  async reloads() {
    await this.page.reload();
  }

  /** The same person, in another tab. */
  async anotherTab() {
    return Visitor.in(this.context, this.portal, { scripts: this.scripts });
  }

  // --- filling in ---

  async types(label, text) {
    this.effort.fields += 1;
    await this.field(label).fill(text);
  }

  async chooses(question, answer) {
    this.effort.fields += 1;
    this.effort.clicks += 1;
    await this.radio(question, answer).check();
  }

  async ticks(label) {
    this.effort.fields += 1;
    this.effort.clicks += 1;
    await this.page.getByRole("checkbox", { name: label, exact: true }).check();
  }

  // --- what is there ---

  within(selector) {
    return this.page.locator(selector);
  }

  field(label) {
    return this.page.getByRole("textbox", { name: label, exact: true });
  }

  radio(question, answer) {
    return this.page.getByRole("radiogroup", { name: question, exact: true }).getByRole("radio", { name: answer, exact: true });
  }

  button(name) {
    return this.within("main").getByRole("button", { name, exact: true });
  }

  /** Sees the page with this main heading, and the page is as every page should be. */
  async sees(heading, { status = 200, title = heading } = {}) {
    await this.page.getByRole("heading", { level: 1, name: heading, exact: true }).waitFor();
    this.effort.pages += 1;
    await this.#scriptsAreDone();
    assert.equal(this.document.status, status, `status of “${heading}” at ${this.page.url()}`);
    await checkPage(this, title);
    this.assertNoProblems();
  }

  /** Sees their form again, with what is wrong: the summary has the focus, and each line leads to its field. */
  async isToldOn(heading, errors, { status = 422, title = heading } = {}) {
    await this.sees(heading, { status, title: `Error: ${title}` });
    const summary = this.within("#error-summary");
    assert.deepEqual(await summary.getByRole("link").allInnerTexts(), Object.values(errors), "the summary");
    assert.ok(await summary.evaluate((element) => element === document.activeElement), "the summary has the focus");
    for (const [field, message] of Object.entries(errors)) {
      const beside = this.within(`#${field}-error`);
      assert.equal(plain(await beside.innerText()), `Error: ${message}`, `what stands beside ${field}`);
      const link = summary.getByRole("link", { name: message, exact: true });
      await link.click();
      const focused = await this.page.evaluate(() => document.activeElement.closest("[id]").id);
      assert.equal(focused, field, `“${message}” leads to its field`);
    }
  }

  async text() {
    return this.within("main").innerText();
  }

  // --- by keyboard ---

  /** Presses Tab until the thing of this name has the focus; everything on the way shows that it has it. */
  async tabsTo(name) {
    const passed = [];
    for (let presses = 0; presses < 60; presses += 1) {
      await this.page.keyboard.press("Tab");
      const { label, isShown } = await this.page.evaluate(describeFocus);
      assert.ok(isShown, `“${label}” shows that it has the focus`);
      if (label === name) return;
      passed.push(label);
    }
    assert.fail(`“${name}” was not reached by Tab, only: ${passed.join(" · ")}`);
  }

  async hits(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  // --- watching over them ---

  assertNoProblems() {
    assert.deepEqual(this.problems, [], "nothing went wrong in the browser");
  }

  async #take(page) {
    this.page = page;
    page.on("response", (response) => this.#note(response));
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      const { issuer } = this.portal.provider;
      // One may be sent to the provider, but no page of ours may ask it for anything.
      const isProviders = origin === issuer && (request.isNavigationRequest() || page.url().startsWith(`${issuer}/`));
      const isOurs = origin === this.portal.address || isProviders || ["blob:", "data:", "about:"].includes(protocol);
      if (!isOurs) this.problems.push(`a third party was asked: ${request.url()}`);
    });
    page.on("pageerror", (error) => this.problems.push(`a script failed: ${error}`));
    page.on("console", (message) => {
      if (!["error", "warning"].includes(message.type())) return;
      // Chromium reports every document that is not 200 this way; whether it should be is asked by `sees`.
      const isStatus = /^Failed to load resource: the server responded with a status of/.test(message.text());
      if (isStatus && message.location().url === this.document?.url) return;
      this.problems.push(`the console says: ${message.text()} (${message.location().url})`);
    });
  }

  #note(response) {
    const request = response.request();
    const isRedirect = response.status() >= 300 && response.status() < 400;
    if (!request.isNavigationRequest() || request.frame() !== this.page.mainFrame() || isRedirect) return;
    const source = response.text();
    source.catch(() => {}); // Left before it had come: nobody will ask.
    this.document = { url: response.url(), status: response.status(), source };
  }

  /** The box "I'm not a robot" comes when its script has come. */
  async #scriptsAreDone() {
    if (!this.scripts) return;
    await this.page.waitForLoadState("load");
    await this.page.waitForFunction(() => !document.querySelector("[data-captcha]:empty"));
  }
}

const plain = (text) => text.replaceAll(/\s+/g, " ");

/* What has the focus, as a person would call it, and whether one can see that it has. Runs in the page. */
function describeFocus() {
  const element = document.activeElement;
  if (element === document.body) return { label: "(the end of the page)", isShown: true };
  const label = (element.labels?.[0] ?? element).innerText.trim() || element.getAttribute("aria-label") || element.tagName;
  const shows = (candidate) => {
    const style = candidate && getComputedStyle(candidate);
    return Boolean(style) && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const box = element.getBoundingClientRect();
  const isOnScreen = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const frame = element.closest(".choice, .way, .altcha-checkbox-wrap");
  return { label: label.replace(/\s+/g, " "), isShown: isOnScreen && (shows(element) || shows(frame)) };
}
