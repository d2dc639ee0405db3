// The invitation's page: opening it changes nothing, its button goes on, and a dead link says why it is dead.

import assert from "node:assert/strict";
import { test } from "node:test";
import { address, openHouse } from "./support/house.js";
import { isAtProvider } from "./support/provider.js";
import { INVITATION, invitationLink, signsUp } from "./support/sign_up.js";

const house = openHouse();

async function invited(t) {
  const officer = await house.visitor(t);
  const email = address();
  await signsUp(officer, { email });
  return { officer, email, link: await invitationLink(house.portal, email) };
}

const stateOf = (email) =>
  house.portal.sql(
    `select a.status, a.seed_status, t.expires_at, t.consumed_at, (select count(*) from audit where account_id = a.id) as audited
       from accounts a join tokens t on t.account_id = a.id where a.email = $1`,
    email,
  );

test("five scanners that run scripts open the link, and the person's button still works", async (t) => {
  const { officer, email, link } = await invited(t);
  const before = await stateOf(email);
  for (let times = 0; times < 5; times += 1) {
    const scanner = await house.visitor(t);
    await scanner.opens(link);
    await scanner.sees(INVITATION);
  }
  assert.deepEqual(await stateOf(email), before, "opening the link changes nothing");
  await officer.opens(link);
  await officer.sees(INVITATION);
  await officer.presses("Accept invitation");
  assert.equal(await isAtProvider(officer), email, "the provider knows who is coming");
  assert.deepEqual(await stateOf(email), before, "and whoever turns back there has changed nothing");
});

test("the button works without JavaScript, and again", async (t) => {
  const { link } = await invited(t);
  const officer = await house.visitor(t, { scripts: false });
  for (let times = 0; times < 2; times += 1) {
    await officer.opens(link);
    await officer.sees(INVITATION);
    await officer.presses("Accept invitation");
    await isAtProvider(officer);
  }
});

for (const [why, how, heading, way] of [
  ["has expired", "update tokens set expires_at = created_at where account_id = $1", "This invitation has expired", "Sign up again"],
  ["was used", "update tokens set consumed_at = created_at where account_id = $1", "This invitation was used", "Log in with TechPass"],
  [
    "belongs to an account that has ended",
    "update accounts set status = 'terminated', terminated_at = created_at where id = $1",
    "This invitation is no longer valid",
    "Sign up again",
  ],
]) {
  test(`a link that ${why} says so, has no form, and shows the way on`, async (t) => {
    const { officer, email, link } = await invited(t);
    const [account] = await house.portal.sql("select id from accounts where email = $1", email);
    await house.portal.sql(how, account.id);
    await officer.opens(link);
    await officer.sees(heading, { status: 410 });
    assert.equal(await officer.within("main form").count(), 0);
    await officer.within("main").getByRole("link", { name: way, exact: true }).waitFor();
  });
}

test("a link that never was is not found", async (t) => {
  const person = await house.visitor(t);
  await person.opens(`/accept/${"a".repeat(43)}`);
  await person.sees("We do not know this invitation", { status: 404 });
});
