// An officer's whole journey: from the home page to an active TechPass and My Account, and what it takes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { address, openHouse } from "./support/house.js";
import { ACCEPT, ACCOUNT, ACTIVE, AGREE, HOME, MDM, PRIVACY, SIGN_IN, TERMS, accepts, accountOf, invited } from "./support/officer.js";
import { signsInAtProvider } from "./support/provider.js";
import { DONE, INVITATION, SIGN_UP, fillsIn, linkIn } from "./support/sign_up.js";

const house = openHouse();

/** From the home page to the page that says that the account is active. */
async function getsTechPass(officer, { email, seed }) {
  await officer.opens("/");
  await officer.sees(HOME);
  await officer.follows("Sign up");
  await officer.sees(SIGN_UP, { title: "Sign up" });
  await fillsIn(officer, { email, seed });
  await officer.presses("Submit");
  await officer.sees(DONE);
  const mail = await officer.portal.mail(email, INVITATION);
  await officer.opens("/dev/inbox"); // It stands for the mail program: no page of the journey.
  await officer.follows(linkIn(officer.portal, mail, "/accept/"));
  await officer.sees(INVITATION);
  await officer.presses("Accept invitation");
  await signsInAtProvider(officer, { email });
  for (const document of seed ? [PRIVACY, TERMS, MDM] : [PRIVACY, TERMS]) await accepts(officer, document);
  await officer.sees(ACTIVE);
}

async function looksAtTheirAccount(officer, email) {
  await officer.follows("Go to My Account");
  await officer.sees(ACCOUNT);
  assert.ok((await officer.text()).includes(email), "whose account it is");
  assert.equal(await officer.page.getByRole("link", { name: /^My Account ?, signed in as / }).count(), 1, "the header says who is signed in");
}

for (const width of [1280, 320]) {
  for (const scripts of [true, false]) {
    test(`an officer gets from the home page to My Account at ${width} px ${scripts ? "with" : "without"} JavaScript`, async (t) => {
      const officer = await house.visitor(t, { width, scripts });
      const email = address();
      await getsTechPass(officer, { email });

      const { fields, clicks, pages } = officer.effort;
      t.diagnostic(`${fields} fields, ${clicks} clicks, ${pages} pages`);
      assert.ok(fields <= 4, `${fields} fields are more than 4`);
      assert.ok(clicks <= 9, `${clicks} clicks are more than 9`);
      assert.ok(pages <= 7, `${pages} pages are more than 7`);
      assert.deepEqual(await accountOf(house.portal, email), { status: "active", accepted: 2, activated: 1, bound: 1 });
      await looksAtTheirAccount(officer, email);
    });
  }
}

test("an officer who wishes for SEED sees one page more, and what follows", async (t) => {
  const officer = await house.visitor(t);
  const email = address();
  await getsTechPass(officer, { email, seed: "Yes" });

  const { fields, clicks, pages } = officer.effort;
  t.diagnostic(`${fields} fields, ${clicks} clicks, ${pages} pages`);
  assert.ok(pages <= 8, `${pages} pages are more than 8`);
  // The wish is one answer more, its policy one box and one button more.
  assert.deepEqual({ fields, clicks }, { fields: 6, clicks: 12 });
  assert.match(await officer.text(), /Put your device on SEED/);
  await looksAtTheirAccount(officer, email);
});

test("who signs up without SEED hears nothing of SEED when the account is active", async (t) => {
  const officer = await house.visitor(t);
  await getsTechPass(officer, { email: address() });
  assert.doesNotMatch(await officer.text(), /SEED/);
});

test("an officer accepts, reads, gets to My Account, signs out and in again by keyboard alone", async (t) => {
  const officer = await house.visitor(t);
  const { email, link } = await invited(officer);
  const enters = async (name) => {
    await officer.tabsTo(name);
    await officer.leavesBy(() => officer.hits("Enter"));
  };
  await officer.opens(link);
  await officer.sees(INVITATION);
  await enters("Accept invitation");
  await signsInAtProvider(officer, { email });
  for (const document of [PRIVACY, TERMS]) {
    await officer.sees(document);
    await officer.tabsTo("Skip to the main content");
    await officer.hits("Enter");
    await officer.tabsTo(AGREE);
    await officer.hits("Space");
    await enters(ACCEPT);
  }
  await officer.sees(ACTIVE);
  await enters("Go to My Account");
  await officer.sees(ACCOUNT);
  await enters("Sign out");
  await officer.sees(HOME);
  await enters("Log in");
  await officer.sees(SIGN_IN);
  await officer.tabsTo("TechPass ID");
  await officer.page.keyboard.type(email);
  await officer.leavesBy(() => officer.hits("Enter"));
  await officer.sees(ACCOUNT);
});

test("who forgets to tick a box is told so, by keyboard is led there, and goes on", async (t) => {
  const officer = await house.visitor(t);
  const { email, link } = await invited(officer);
  await officer.opens(link);
  await officer.sees(INVITATION);
  await officer.presses("Accept invitation");
  await signsInAtProvider(officer, { email });
  for (const document of [PRIVACY, TERMS]) {
    await officer.sees(document);
    await officer.presses(ACCEPT);
    await officer.isToldOn(document, { accept: "Tick the box to accept, or stop here: your account stays as it is" });
    await officer.hits("Space");
    await officer.presses(ACCEPT);
  }
  await officer.sees(ACTIVE);
});

test("without JavaScript, who forgets to tick a box is told so and goes on", async (t) => {
  const officer = await house.visitor(t, { scripts: false });
  const { email, link } = await invited(officer);
  await officer.opens(link);
  await officer.sees(INVITATION);
  await officer.presses("Accept invitation");
  await signsInAtProvider(officer, { email });
  await officer.sees(PRIVACY);
  await officer.presses(ACCEPT);
  await officer.sees(PRIVACY, { status: 422, title: `Error: ${PRIVACY}` });
  await officer.ticks(AGREE);
  await officer.presses(ACCEPT);
  await officer.sees(TERMS);
});
