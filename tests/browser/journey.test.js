// The first journey: a public officer finds the way, signs up, gets the e-mail, and opens the invitation.

import assert from "node:assert/strict";
import { test } from "node:test";
import { address, openHouse } from "./support/house.js";
import { isAtProvider } from "./support/provider.js";
import { DEVICE, DONE, EMAIL, INVITATION, LAPTOP, SEED, SEED_MAIL, SIGN_UP, fillsIn, linkIn } from "./support/sign_up.js";

const house = openHouse();

async function findsTheWayAndSignsUp(officer, email) {
  await officer.opens("/");
  await officer.sees("Get your TechPass");
  await officer.follows("Which way is mine?");
  await officer.sees("Which way is mine?");
  await fillsIn(officer, { email });
  await officer.presses("Show my way");
  await officer.sees("You can sign up yourself");
  await officer.follows("Sign up");
  await officer.sees(SIGN_UP, { title: "Sign up" });
  await fillsIn(officer, { email });
  await officer.presses("Submit");
  await officer.sees(DONE);
  await opensTheInvitation(officer, email);
}

/** The e-mail is there at once, and its link leads to the invitation. */
async function opensTheInvitation(officer, email) {
  const mail = await officer.portal.mail(email, INVITATION, 2_000);
  await readsTheInbox(officer);
  await officer.follows(linkIn(officer.portal, mail, "/accept/"));
  await seesTheInvitation(officer, email);
}

/** The inbox of a development copy stands for the mail program: it is no page of the journey. */
async function readsTheInbox(officer) {
  await officer.opens("/dev/inbox");
  await officer.sees("Development inbox");
  officer.effort.pages -= 1;
}

async function seesTheInvitation(officer, email) {
  await officer.sees(INVITATION);
  const text = await officer.text();
  assert.match(text, new RegExp(`For\\s+${email[0]}\\S*@tech\\.gov\\.sg\\s`), "whom it is for, masked");
  assert.ok(!text.includes(email), "the whole address is not shown");
  assert.match(text, /Valid until\s+\d{1,2} \w{3} \d{4}, \d{1,2}:\d\d [ap]m \(Singapore time\)/);
  await officer.button("Accept invitation").waitFor();
}

for (const width of [1280, 320]) {
  test(`an officer finds the way, signs up and opens the invitation at ${width} px`, async (t) => {
    const officer = await house.visitor(t, { width });
    await findsTheWayAndSignsUp(officer, address());

    const { fields, clicks, pages } = officer.effort;
    t.diagnostic(`${fields} fields, ${clicks} clicks, ${pages} pages`);
    assert.ok(fields <= 4, `${fields} fields are more than 4`);
    assert.ok(clicks <= 9, `${clicks} clicks are more than 9`);
    assert.ok(pages <= 7, `${pages} pages are more than 7`);
  });

  test(`an officer finds the way, signs up and opens the invitation without JavaScript at ${width} px`, async (t) => {
    const officer = await house.visitor(t, { width, scripts: false });
    await findsTheWayAndSignsUp(officer, address());
  });
}

test("an officer who knows the way signs up with SEED in three fields and five clicks, and gets two e-mails", async (t) => {
  const officer = await house.visitor(t);
  const email = address();
  await officer.opens("/");
  await officer.sees("Get your TechPass");
  await officer.follows("Sign up");
  await officer.sees(SIGN_UP, { title: "Sign up" });
  await fillsIn(officer, { email, seed: "Yes" });
  await officer.presses("Submit");
  await officer.sees(DONE);
  assert.match(await officer.text(), /Put your device on SEED/);
  await opensTheInvitation(officer, email);

  const { fields, clicks, pages } = officer.effort;
  t.diagnostic(`${fields} fields, ${clicks} clicks, ${pages} pages`);
  // What is left of 4, 9 and 7 is for accepting and for the terms.
  assert.deepEqual({ fields, clicks, pages }, { fields: 3, clicks: 5, pages: 4 });
  await officer.portal.mail(email, SEED_MAIL);
});

test("an officer finds the way, signs up and opens the invitation by keyboard alone", async (t) => {
  const officer = await house.visitor(t);
  const email = address();
  await officer.opens("/");
  await officer.sees("Get your TechPass");
  await officer.tabsTo("Skip to the main content");
  await officer.hits("Enter");
  await officer.tabsTo("Which way is mine?");
  await officer.leavesBy(() => officer.hits("Enter"));

  await officer.sees("Which way is mine?");
  await officer.tabsTo(EMAIL);
  await officer.page.keyboard.type(email);
  await officer.tabsTo("How do I tell which laptop I have?");
  await officer.hits("Enter");
  await officer.page.getByText("It has no internet.").waitFor();
  await officer.tabsTo(LAPTOP);
  await officer.hits("Space");
  await officer.tabsTo("No");
  await officer.hits("ArrowUp");
  assert.ok(await officer.radio(SEED, "Yes").isChecked(), "the arrow chooses the answer before");
  await officer.tabsTo("Show my way");
  await officer.leavesBy(() => officer.hits("Enter"));

  await officer.sees("You can sign up yourself");
  await officer.tabsTo("Skip to the main content");
  await officer.hits("Enter");
  await officer.tabsTo("Sign up");
  await officer.leavesBy(() => officer.hits("Enter"));

  await officer.sees(SIGN_UP, { title: "Sign up" });
  await officer.tabsTo(EMAIL);
  await officer.page.keyboard.type(email);
  await officer.tabsTo(LAPTOP);
  await officer.hits("ArrowDown", "ArrowUp");
  assert.ok(await officer.radio(DEVICE, LAPTOP).isChecked(), "arrows go to and fro");
  await officer.tabsTo("I’m not a robot");
  await officer.tabsTo("Submit");
  await officer.leavesBy(() => officer.hits("Space"));
  await officer.sees(DONE);

  const mail = await officer.portal.mail(email, INVITATION);
  await readsTheInbox(officer);
  await officer.tabsTo(linkIn(officer.portal, mail, "/accept/"));
  await officer.leavesBy(() => officer.hits("Enter"));
  await seesTheInvitation(officer, email);
  await officer.tabsTo("Accept invitation");
  await officer.leavesBy(() => officer.hits("Enter"));
  await isAtProvider(officer);
});

test("an officer who presses Enter in the form sends it", async (t) => {
  const officer = await house.visitor(t);
  const email = address();
  await officer.opens("/sign-up");
  await officer.sees(SIGN_UP, { title: "Sign up" });
  await officer.chooses(DEVICE, LAPTOP);
  await officer.types(EMAIL, email);
  await officer.leavesBy(() => officer.hits("Enter"));
  await officer.sees(DONE);
  await officer.portal.mail(email, INVITATION);
});
