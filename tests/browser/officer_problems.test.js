// What can go wrong for an officer at the provider: each page says what happened and leads on, and nothing is lost.

import assert from "node:assert/strict";
import { test } from "node:test";
import { address, openHouse } from "./support/house.js";
import { ACCOUNT, ACTIVE, PRIVACY, SIGN_IN, TERMS, acceptsInvitation, accepts, accountOf, becomesActive, givesTheirId, invited, signsOut } from "./support/officer.js";
import { cancelsAtProvider, isAtProvider, signsInAtProvider } from "./support/provider.js";
import { INVITATION, SIGN_UP } from "./support/sign_up.js";

const house = openHouse();

const UNTOUCHED = { status: "pending", accepted: 0, activated: 0, bound: 0 };

/** The person sees what went wrong, and a reference to ask for help with. */
async function isTurnedAway(person, heading, status = 403) {
  await person.sees(heading, { status });
  assert.match(await person.text(), /give this reference: [2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{2}/);
}

for (const scripts of [true, false]) {
  const how = scripts ? "with" : "without";

  test(`who signs in as somebody else is told whom the invitation is for, and can use another account, ${how} JavaScript`, async (t) => {
    const officer = await house.visitor(t, { scripts });
    const { email, link } = await invited(officer);
    await acceptsInvitation(officer, link);
    await signsInAtProvider(officer, { email: address("lim_wei") });
    await isTurnedAway(officer, "This invitation is for another account");
    assert.match(await officer.text(), new RegExp(`It is for ${email[0]}\\S*@tech\\.gov\\.sg\\.`));
    assert.ok(!(await officer.text()).includes(email), "the whole address is not shown");
    assert.deepEqual(await accountOf(house.portal, email), UNTOUCHED);

    await officer.presses("Use another account");
    await signsInAtProvider(officer, { email });
    await officer.sees(PRIVACY);
  });

  test(`who cancels at the provider has changed nothing, and can try again, ${how} JavaScript`, async (t) => {
    const officer = await house.visitor(t, { scripts });
    const { email, link } = await invited(officer);
    await acceptsInvitation(officer, link);
    for (let times = 0; times < 2; times += 1) {
      await cancelsAtProvider(officer);
      await isTurnedAway(officer, "You did not sign in");
      assert.match(await officer.text(), /Your invitation is still valid/);
      assert.deepEqual(await accountOf(house.portal, email), UNTOUCHED);
      await officer.presses("Try again");
    }
    await signsInAtProvider(officer, { email });
    await officer.sees(PRIVACY);
  });
}

test("an address that the provider has not verified lets nobody in, until it is", async (t) => {
  const officer = await house.visitor(t);
  const { email, link } = await invited(officer);
  await acceptsInvitation(officer, link);
  await signsInAtProvider(officer, { email, verified: false });
  await isTurnedAway(officer, "Your address is not confirmed");
  assert.deepEqual(await accountOf(house.portal, email), UNTOUCHED);
  await officer.presses("Use another account");
  await signsInAtProvider(officer, { email });
  await officer.sees(PRIVACY);
});

test("the page after a cancelled sign-in can be reloaded and gone back from", async (t) => {
  const officer = await house.visitor(t);
  const { link } = await invited(officer);
  await acceptsInvitation(officer, link);
  await cancelsAtProvider(officer);
  await isTurnedAway(officer, "You did not sign in");
  await officer.reloads();
  await isTurnedAway(officer, "Please start again", 400);
  await officer.opens(link);
  await officer.sees(INVITATION);
});

test("who has no TechPass and logs in is told so, and led to sign up", async (t) => {
  const person = await house.visitor(t);
  const email = address();
  await person.opens("/sign-in");
  await givesTheirId(person, email);
  await signsInAtProvider(person, { email });
  await isTurnedAway(person, "There is no TechPass for this account");
  assert.ok(!(await person.text()).includes(email), "the whole address is not shown");
  await person.presses("Use another account");
  await isAtProvider(person);
  await person.goesBack();
  await person.opens("/sign-in");
  await givesTheirId(person, email);
  await isTurnedAway(person, "There is no TechPass for this account");
  await person.follows("Sign up");
  await person.sees(SIGN_UP, { title: "Sign up" });
});

test("somebody else with the address of an active account is not let in to it", async (t) => {
  const officer = await house.visitor(t);
  const { email } = await becomesActive(officer);
  const successor = await house.visitor(t);
  await successor.opens("/sign-in");
  await givesTheirId(successor, email);
  await signsInAtProvider(successor, { email, subject: "another-person" });
  await isTurnedAway(successor, "This address belongs to another sign-in");
  await successor.follows("Get help");
  await successor.sees("Get help");
});

for (const [what, change, heading, code, way] of [
  ["a disabled account", "status = 'disabled'", "Your TechPass is disabled", 403, "Get help"],
  ["an account that has ended", "status = 'terminated', terminated_at = now()", "There is no TechPass for this account", 403, "Sign up"],
]) {
  test(`who logs in to ${what} is told so, and what to do`, async (t) => {
    const officer = await house.visitor(t);
    const { email } = await becomesActive(officer);
    await signsOut(officer);
    await house.portal.sql(`update accounts set ${change} where email = $1`, email);
    await officer.opens("/sign-in");
    await givesTheirId(officer, email);
    await isTurnedAway(officer, heading, code);
    await officer.within("main").getByRole("link", { name: way, exact: true }).waitFor();
  });
}

test("who accepts an invitation whose last day ends meanwhile is told so, and can sign up again", async (t) => {
  const officer = await house.visitor(t);
  const { email, link } = await invited(officer);
  await acceptsInvitation(officer, link);
  await house.portal.sql("update accounts set activation_ends = now() where email = $1", email);
  await signsInAtProvider(officer, { email });
  await isTurnedAway(officer, "Your invitation has ended", 410);
  assert.deepEqual(await accountOf(house.portal, email), UNTOUCHED);
  await officer.follows("Sign up again");
  await officer.sees(SIGN_UP, { title: "Sign up" });
});

test("who comes back from the provider without having been sent there starts again", async (t) => {
  const person = await house.visitor(t);
  await person.opens("/auth/wog/callback?code=abc&state=def");
  await isTurnedAway(person, "Please start again", 400);
  await person.presses("Try again");
  await isAtProvider(person);
});

test("the address that leads to the provider has a page, and its button goes on", async (t) => {
  const person = await house.visitor(t);
  await person.opens("/auth/wog/start");
  await person.sees("Go to your agency’s sign-in");
  await person.presses("Continue");
  await isAtProvider(person);
});

test("who became active in another browser meanwhile has one click left", async (t) => {
  const officer = await house.visitor(t);
  const { email, link } = await invited(officer);
  const elsewhere = await house.visitor(t);
  for (const browser of [officer, elsewhere]) {
    await acceptsInvitation(browser, link);
    await signsInAtProvider(browser, { email });
    await browser.sees(PRIVACY);
  }
  for (const document of [PRIVACY, TERMS]) await accepts(elsewhere, document);
  await elsewhere.sees(ACTIVE);
  await officer.reloads();
  await officer.sees("One click is left");
  await officer.presses("Continue");
  await officer.sees(ACCOUNT);
  assert.deepEqual(await accountOf(house.portal, email), { status: "active", accepted: 2, activated: 1, bound: 1 });
});

/** What is typed as the TechPass ID, and what is said about it. */
const FORM = "Enter your TechPass ID, such as tan_mei@tech.gov.sg or ana.lim@techpass.gov.sg";
for (const [typed, message] of [
  ["", "Enter your TechPass ID"],
  ["tan mei", FORM],
  ["@tech.gov.sg", FORM],
  [`"><img src=x onerror=alert(1)>@tech.gov.sg`, FORM],
  [
    "ana@vendor.example",
    "People with this e-mail address log in with a TechPass ID that ends in @techpass.gov.sg. It is in your onboarding e-mail",
  ],
]) {
  test(`“${typed}” is no TechPass ID: the page says so and keeps it`, async (t) => {
    const person = await house.visitor(t);
    await person.opens("/sign-in?next=/account");
    await givesTheirId(person, typed);
    await person.isToldOn(SIGN_IN, { techpass_id: message });
    assert.equal(await person.field("TechPass ID").inputValue(), typed, "what was typed stays");
    assert.equal(await person.within("input[name=next]").inputValue(), "/account", "and where they wanted to go");
  });
}
