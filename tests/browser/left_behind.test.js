// After signing out the back button shows nothing personal, even in a browser that keeps pages in memory (bfcache).

import assert from "node:assert/strict";
import { test } from "node:test";
import { openHouse } from "./support/house.js";
import { ACCOUNT, SIGN_IN, becomesActive, givesTheirId, signsOut, sleepsOnIt } from "./support/officer.js";
import { signsInAtProvider } from "./support/provider.js";

const house = openHouse({ keepsPages: true });

/** Goes back as people do, and waits for what they see. */
async function goesBackInHistory(person) {
  // Not at once: the page would be gone before it has answered.
  await person.page.evaluate(() => void setTimeout(() => history.back()));
  await person.page.waitForTimeout(1_500);
}

async function showsNothingOf(person, email) {
  const html = await person.page.content();
  assert.ok(!html.includes(email), `${person.page.url()} shows ${email}`);
  assert.equal(await person.page.getByRole("button", { name: "Sign out", exact: true }).count(), 0, "the header of somebody signed in");
}

test("this browser does keep pages that may be kept", async (t) => {
  const person = await house.visitor(t);
  await person.page.route("**/kept-*", (route) => route.fulfill({ contentType: "text/html", body: "<script>onpageshow = (e) => (document.title = e.persisted)</script>" }));
  await person.opens("/kept-1");
  await person.page.evaluate(() => (location.href = "/kept-2"));
  await person.page.waitForURL("**/kept-2");
  await goesBackInHistory(person);
  assert.equal(await person.page.title(), "true", "or the other tests say nothing");
});

test("the back button after signing out", async (t) => {
  const officer = await house.visitor(t);
  const { email } = await becomesActive(officer);
  await officer.follows("Go to My Account");
  await officer.sees(ACCOUNT);
  await signsOut(officer);
  for (let times = 0; times < 3; times += 1) {
    await goesBackInHistory(officer);
    await showsNothingOf(officer, email);
  }
});

test("the back button after signing in, and at once out again", async (t) => {
  const officer = await house.visitor(t);
  const { email } = await becomesActive(officer);
  await sleepsOnIt(officer, email);
  await officer.opens("/account");
  await givesTheirId(officer, email);
  await signsInAtProvider(officer, { email });
  await officer.sees(ACCOUNT);
  await signsOut(officer);
  await goesBackInHistory(officer);
  await showsNothingOf(officer, email);
});

test("the back button after signing out in another tab", async (t) => {
  const officer = await house.visitor(t);
  const { email } = await becomesActive(officer);
  await officer.follows("Go to My Account");
  await officer.sees(ACCOUNT);
  await officer.opens("/help");
  const other = await officer.anotherTab();
  await other.opens("/account");
  await signsOut(other);
  await goesBackInHistory(officer);
  await officer.sees(SIGN_IN);
  await showsNothingOf(officer, email);
});
