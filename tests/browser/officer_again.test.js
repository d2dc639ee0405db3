// Back, reload, double clicks, two tabs: an officer's way holds whatever the browser does, and shows nothing after signing out.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openHouse } from "./support/house.js";
import {
  ACCEPT, ACCOUNT, ACTIVE, AGREE, HOME, PRIVACY, SIGN_IN, TERMS, acceptsInvitation, accepts, accountOf, becomesActive, givesTheirId, invited,
  reachesTheTerms, signsOut, sleepsOnIt,
} from "./support/officer.js";
import { isAtProvider, signsInAtProvider } from "./support/provider.js";
import { INVITATION } from "./support/sign_up.js";

const house = openHouse();

const ONCE = { status: "active", accepted: 2, activated: 1, bound: 1 };

test("every step can be reloaded", async (t) => {
  const officer = await house.visitor(t);
  const { email, link } = await invited(officer);
  const reloads = async (heading) => {
    await officer.sees(heading);
    await officer.reloads();
  };
  await officer.opens(link);
  await reloads(INVITATION);
  await officer.sees(INVITATION);
  await officer.presses("Accept invitation");
  await isAtProvider(officer);
  await officer.reloads();
  await signsInAtProvider(officer, { email });
  for (const document of [PRIVACY, TERMS]) {
    await reloads(document);
    await accepts(officer, document);
  }
  await reloads(ACTIVE);
  await officer.sees(ACTIVE);
  await officer.follows("Go to My Account");
  await reloads(ACCOUNT);
  await officer.sees(ACCOUNT);
  assert.deepEqual(await accountOf(house.portal, email), ONCE);
});

test("the back button leads to the step that is next, after every step", async (t) => {
  const officer = await house.visitor(t);
  const { email, link } = await invited(officer);
  await acceptsInvitation(officer, link);
  await isAtProvider(officer);
  await officer.goesBack();
  await officer.sees(INVITATION);
  await officer.presses("Accept invitation");
  await signsInAtProvider(officer, { email });
  await officer.sees(PRIVACY);

  // Behind the terms lies the provider's page, and behind that the invitation: accepting it once more leads on.
  await officer.goesBack();
  await officer.goesBack();
  await officer.sees(INVITATION);
  await officer.presses("Accept invitation");
  await accepts(officer, PRIVACY);
  await officer.sees(TERMS);
  await officer.goesBack();
  await officer.sees(TERMS);
  await accepts(officer, TERMS);
  await officer.sees(ACTIVE);
  await officer.goesBack();
  await officer.sees(ACCOUNT);
  await officer.page.goForward();
  await officer.sees(ACTIVE);
  assert.deepEqual(await accountOf(house.portal, email), ONCE);
});

test("an invitation that was accepted leads to logging in", async (t) => {
  const officer = await house.visitor(t);
  const { link } = await becomesActive(officer);
  await officer.opens(link);
  await officer.sees("This invitation was used", { status: 410 });
  await officer.follows(SIGN_IN);
  await officer.sees(ACCOUNT);
});

test("a double click on “Accept invitation” leads to the provider, and back to the terms", async (t) => {
  const officer = await house.visitor(t);
  const { email, link } = await invited(officer);
  await officer.opens(link);
  await officer.sees(INVITATION);
  await officer.leavesBy(() => officer.button("Accept invitation").dblclick());
  await signsInAtProvider(officer, { email });
  await officer.sees(PRIVACY);
});

for (const scripts of [true, false]) {
  test(`double clicks on “${ACCEPT}” accept once and lose nobody, ${scripts ? "with" : "without"} JavaScript`, async (t) => {
    const officer = await house.visitor(t, { scripts });
    const { email } = await reachesTheTerms(officer);
    await officer.ticks(AGREE);
    await officer.leavesBy(() => officer.button(ACCEPT).dblclick());
    await officer.sees(TERMS);
    await officer.ticks(AGREE);
    await officer.leavesBy(() => officer.button(ACCEPT).dblclick());
    await officer.page.waitForLoadState("networkidle");
    const [where] = await officer.within("h1").allInnerTexts();
    assert.ok([ACTIVE, ACCOUNT].includes(where), `signed in, at “${where}”`);
    await officer.sees(where);
    assert.deepEqual(await accountOf(house.portal, email), ONCE);
  });
}

/** The form of this page is sent and arrives, but its answer never reaches the browser: the first of two clicks, or a bad line. */
async function sendsInVain(person) {
  const form = await person.within("main form").evaluate((element) => [...new FormData(element)]);
  const cookies = await person.context.cookies(person.portal.address);
  const answer = await fetch(person.page.url(), {
    method: "POST",
    body: new URLSearchParams(form),
    headers: { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join("; "), origin: person.portal.address },
    redirect: "manual",
  });
  assert.equal(answer.status, 303);
}

test("who sends a document twice, because the first answer was lost, is still signed in", async (t) => {
  const officer = await house.visitor(t);
  const { email } = await reachesTheTerms(officer);
  for (const document of [PRIVACY, TERMS]) {
    await officer.sees(document);
    await officer.ticks(AGREE);
    await sendsInVain(officer);
    await officer.presses(ACCEPT);
  }
  await officer.sees(ACTIVE);
  assert.deepEqual(await accountOf(house.portal, email), ONCE);
});

test("two tabs accept one invitation: one person, one account, no error", async (t) => {
  const first = await house.visitor(t);
  const { email, link } = await invited(first);
  const second = await first.anotherTab();
  for (const tab of [first, second]) await acceptsInvitation(tab, link);
  for (const tab of [first, second]) {
    await signsInAtProvider(tab, { email });
    await tab.sees(PRIVACY);
  }
  await accepts(first, PRIVACY);
  await first.sees(TERMS);
  await accepts(second, PRIVACY);
  await second.sees(TERMS);
  await accepts(second, TERMS);
  await second.sees(ACTIVE);
  await accepts(first, TERMS);
  await first.sees(ACTIVE);
  assert.deepEqual(await accountOf(house.portal, email), ONCE);
});

test("who signs out has signed out in all tabs, and is told so", async (t) => {
  const first = await house.visitor(t);
  const { email } = await becomesActive(first);
  const second = await first.anotherTab();
  await second.opens("/account");
  await second.sees(ACCOUNT);
  await signsOut(first);
  assert.match(await first.text(), /You have signed out/);
  await second.reloads();
  await second.sees(SIGN_IN);
  assert.ok(!(await second.page.content()).includes(email), "nothing of theirs is left");
});

test("whose session ended at a step is asked to sign in, and goes on where they were", async (t) => {
  const officer = await house.visitor(t);
  const { email } = await reachesTheTerms(officer);
  await accepts(officer, PRIVACY);
  await officer.sees(TERMS);
  await sleepsOnIt(officer, email);
  await officer.ticks(AGREE);
  await officer.presses(ACCEPT);
  await givesTheirId(officer, email);
  await signsInAtProvider(officer, { email });
  await accepts(officer, TERMS);
  await officer.sees(ACTIVE);
  assert.deepEqual(await accountOf(house.portal, email), ONCE);
});

for (const scripts of [true, false]) {
  test(`the next day an officer signs in and is where they wanted to go, ${scripts ? "with" : "without"} JavaScript`, async (t) => {
    const officer = await house.visitor(t, { scripts });
    const { email } = await becomesActive(officer);
    await sleepsOnIt(officer, email);
    await officer.opens("/account");
    await givesTheirId(officer, email.toUpperCase());
    assert.equal((await isAtProvider(officer)).toLowerCase(), email, "the provider knows who is coming");
    await signsInAtProvider(officer, { email });
    await officer.sees(ACCOUNT);
    assert.deepEqual(await accountOf(house.portal, email), ONCE);
  });
}

test("who is signed in and opens the page to log in is at their account", async (t) => {
  const officer = await house.visitor(t);
  await becomesActive(officer);
  await officer.opens("/sign-in");
  await officer.sees(ACCOUNT);
  await officer.opens("/activate/terms/privacy");
  await officer.sees(ACCOUNT);
  await officer.opens("/");
  await officer.sees(HOME);
});
