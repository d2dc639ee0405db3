// Pages for everybody, and everybody's own settings: twice the text size, paper, no movement, no scripts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { address, openHouse } from "./support/house.js";
import { checkWidth } from "./support/page_check.js";
import { INVITATION, invitationLink, signsUp } from "./support/sign_up.js";

const house = openHouse();

const PAGES = [
  ["/", "Get your TechPass"],
  ["/start", "Which way is mine?"],
  ["/start/answer?domain=tech.gov.sg&device=gmd&seed=yes", "You can sign up yourself"],
  ["/sign-up", "Sign up for TechPass", { title: "Sign up" }],
  ["/sign-up/done?seed=yes", "Check your e-mail"],
  ["/sign-in", "Log in with TechPass"],
  ["/auth/wog/start", "Go to your agency’s sign-in"],
  ["/help", "Get help"],
  ["/dev/inbox", "Development inbox"],
];

for (const [path, heading, options] of PAGES) {
  for (const scripts of [true, false]) {
    test(`${path} is open to everybody ${scripts ? "with" : "without"} JavaScript`, async (t) => {
      const person = await house.visitor(t, { scripts });
      await person.opens(path);
      await person.sees(heading, options);
    });
  }

  test(`${path} holds text of twice the size`, async (t) => {
    const person = await house.visitor(t);
    await person.opens(path);
    await person.sees(heading, options);
    for (const width of [1280, 640]) {
      await person.page.setViewportSize({ width, height: 800 });
      await person.page.evaluate(() => {
        document.documentElement.style.fontSize = "200%";
        for (const help of document.querySelectorAll("details")) help.open = true;
      });
      await checkWidth(person.page, `${path} with 200 % text at ${width} px`);
      assert.deepEqual(await person.page.evaluate(findCutOff), [], `cut off at ${width} px`);
      assert.deepEqual(await person.page.evaluate(findCovered), [], `covered at ${width} px`);
    }
  });

  test(`${path} prints without what only a screen needs`, async (t) => {
    const person = await house.visitor(t);
    await person.opens(path);
    await person.sees(heading, options);
    await person.page.emulateMedia({ media: "print", colorScheme: "dark" });
    assert.ok(await person.within("main h1").isVisible());
    for (const left of [".masthead", ".top-nav", ".bottom", ".skip", "main .button"]) {
      assert.equal(await person.within(`${left} >> visible=true`).count(), 0, `${left} is not printed`);
    }
    const [ink, paper] = await person.page.evaluate(() => {
      const { color, backgroundColor } = getComputedStyle(document.body);
      return [color, backgroundColor];
    });
    assert.deepEqual([ink, paper], ["rgb(0, 0, 0)", "rgb(255, 255, 255)"], "black on white, whatever the screen's colours are");
  });
}

test("all components hold what every page holds", async (t) => {
  const developer = await house.visitor(t);
  await developer.opens("/dev/components");
  await developer.sees("Components", { title: "Error: Components" });
});

test("nothing moves for people who asked for that", async (t) => {
  const person = await house.visitor(t, { reducedMotion: "reduce" });
  for (const [path, heading, options] of PAGES) {
    await person.opens(path);
    await person.sees(heading, options);
    const moving = await person.page.evaluate(() => document.getAnimations().length);
    assert.equal(moving, 0, path);
  }
});

test("high contrast colours leave every choice and button recognisable", async (t) => {
  const person = await house.visitor(t, { forcedColors: "active" });
  await person.opens("/sign-up");
  await person.sees("Sign up for TechPass", { title: "Sign up" });
  for (const part of [".choice", ".box", ".button"]) {
    const border = await person.within(part).first().evaluate((element) => getComputedStyle(element).borderTopStyle);
    assert.equal(border, "solid", `${part} has a border`);
  }
});

test("pages of an account lead to signing in", async (t) => {
  const person = await house.visitor(t);
  await person.opens("/account");
  await person.sees("Log in with TechPass");
  assert.equal(new URL(person.page.url()).search, "?next=%2Faccount");
});

test("the government masthead opens by keyboard and without JavaScript", async (t) => {
  const person = await house.visitor(t, { scripts: false });
  await person.opens("/");
  await person.sees("Get your TechPass");
  const more = person.page.getByText("Official website links end with .gov.sg");
  assert.equal(await more.isVisible(), false);
  await person.tabsTo("Skip to the main content");
  await person.tabsTo("A Singapore Government Agency Website How to identify");
  await person.hits("Enter");
  assert.ok(await more.isVisible());
});

test("the invitation's page holds text of twice the size", async (t) => {
  const person = await house.visitor(t);
  const email = address("a_rather_long_name_that_somebody_may_have_after_all");
  await signsUp(person, { email });
  await person.opens(await invitationLink(house.portal, email));
  await person.sees(INVITATION);
  await person.page.evaluate(() => {
    document.documentElement.style.fontSize = "200%";
  });
  await checkWidth(person.page, "the invitation with 200 % text");
});

/* Text that does not fit into what it stands in. Runs in the page. */
function findCutOff() {
  const cutOff = [];
  for (const element of document.querySelectorAll("body *")) {
    const style = getComputedStyle(element);
    if (element.matches(".unseen, .skip, textarea, input, script, svg *")) continue;
    const hides = /hidden|clip/.test(style.overflowX + style.overflowY);
    const sticksOut = element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
    if (hides && sticksOut) cutOff.push(element.outerHTML.slice(0, 80));
  }
  return cutOff;
}

/* Things to press that something else lies upon. Runs in the page. */
function findCovered() {
  const covered = [];
  for (const element of document.querySelectorAll("main a, main button, main input:not([type=hidden]), nav a")) {
    element.scrollIntoView({ block: "center", behavior: "instant" });
    const [box] = element.getClientRects();
    if (!box || !box.width) continue;
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    const belongs = top && (element.contains(top) || top.contains(element) || [...(element.labels ?? [])].some((label) => label.contains(top)));
    if (!belongs) covered.push(`${element.outerHTML.slice(0, 80)} under ${top?.outerHTML.slice(0, 80)}`);
  }
  return covered;
}
