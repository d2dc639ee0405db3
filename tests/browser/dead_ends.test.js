// Where somebody cannot go on, and it is nobody's mistake of today: each page says why and leads to what helps.

import assert from "node:assert/strict";
import { test } from "node:test";
import { address, openHouse } from "./support/house.js";
import { PRIVACY, SIGN_IN, accepts, acceptsInvitation, givesTheirId, invited, reachesTheTerms, signsOut } from "./support/officer.js";
import { until } from "./support/portal.js";
import { assertPlain } from "./support/reading_grade.js";
import { INVITATION } from "./support/sign_up.js";
import { ID } from "./support/vendor.js";

// That a provider or a document is missing is told to the operator as well.
const house = openHouse({ mayLogErrors: true, withDemoPeople: true });

async function isStuckOn(t, person, heading, status, way) {
  await person.sees(heading, { status });
  assertPlain(t, await person.text(), heading);
  assert.equal(await person.within("main form").count(), 0, "there is nothing to send");
  assert.equal(await person.within("main").getByRole("link", { name: way, exact: true }).count(), 1, way);
}

for (const [what, options] of [["with JavaScript", {}], ["at 320 px without JavaScript", { width: 320, scripts: false }]]) {
  test(`an invitation says how the account stands, ${what}`, async (t) => {
    const person = await house.visitor(t, options);
    const { email, link } = await invited(person);
    for (const [status, heading, way] of [
      ["active", "This invitation was used", "Log in with TechPass"],
      ["disabled", "Your TechPass is disabled", "Get help"],
      ["terminated", "This invitation is no longer valid", "Sign up again"],
    ]) {
      await house.portal.sql("update accounts set status = $2, terminated_at = case when $2 = 'terminated' then now() end where email = $1", email, status);
      await person.opens(link);
      await isStuckOn(t, person, heading, 410, way);
    }
  });

  test(`a link for a new password says how the account stands, ${what}`, async (t) => {
    const vendor = await house.visitor(t, options);
    await vendor.opens("/sign-in/forgotten");
    await vendor.types("TechPass ID", ID);
    await vendor.presses("Send me the link");
    const [account] = await house.portal.sql("select id, email from accounts where username = $1", ID.split("@")[0]);
    const mail = await house.portal.mail(account.email, "Choose a new TechPass password");
    const link = mail.text.split("\n").find((line) => line.includes("/sign-in/forgotten/"));
    for (const [change, heading, way] of [
      ["status = 'disabled'", "Your TechPass is disabled", "Get help"],
      ["status = 'pending', activation_ends = created_at", "Your TechPass has ended", "See which way is yours"],
      ["status = 'pending', activation_ends = created_at + interval '30 days'", "This link no longer works", "Get a new link"],
    ]) {
      await house.portal.sql(`update accounts set ${change} where id = $1`, account.id);
      await house.portal.sql("update tokens set consumed_at = created_at where account_id = $1", account.id);
      await vendor.opens(link);
      await isStuckOn(t, vendor, heading, 410, way);
    }
  });

  test(`a document that is not published is waited for, ${what}`, async (t) => {
    const person = await house.visitor(t, options);
    await reachesTheTerms(person);
    t.after(() => inForceFrom("'2026-11-01 00:00+08'"));
    await inForceFrom("'2999-01-01'");
    await accepts(person, PRIVACY);
    await isStuckOn(t, person, "This document is not published yet", 503, "Try again");
    await person.follows("Try again");
    await isStuckOn(t, person, "This document is not published yet", 503, "Get help");
    await signsOut(person);
  });
}

/** Publishes the Terms of Use at another time; waits until the portal has heard of it. */
async function inForceFrom(when) {
  await house.portal.sql(`update terms set effective_at = ${when} where document = 'terms_of_use'`);
  await hasHeard();
}

/** What was edited before is known once something that was edited after it is. */
async function hasHeard() {
  const sign = `heard${Date.now()}.gov.sg`;
  await house.portal.sql("insert into agency_domains (domain, agency, name, sign_up, seed_offered) select $1, acronym, $1, 'invite', false from agencies limit 1", sign);
  await until("the portal to hear of it", 10_000, async () => {
    const answer = await fetch(`${house.portal.address}/start/answer?domain=${sign}&device=gmd&seed=no`);
    return (await answer.text()).includes("E5");
  });
}

test("an agency whose sign-in is not set up is told so, and the invitation stays good", async (t) => {
  const person = await house.visitor(t);
  const { link } = await invited(person);
  await person.opens(link);
  await person.sees(INVITATION);
  const elsewhere = await house.visitor(t, { width: 320, scripts: false });
  await elsewhere.opens("/sign-in");
  await house.portal.sql("insert into identity_providers (name) values ('new')");
  const goesTo = async (provider) => {
    await house.portal.sql("update agency_domains set provider = $1 where domain = 'tech.gov.sg'", provider);
    await hasHeard();
  };
  t.after(() => goesTo("wog"));
  await goesTo("new");
  const NOT_SET_UP = "Your agency’s sign-in is not set up yet";
  await person.presses("Accept invitation");
  await isStuckOn(t, person, NOT_SET_UP, 503, "Get help");
  assert.match(await person.text(), /Your invitation stays valid/);
  await givesTheirId(elsewhere, address());
  await isStuckOn(t, elsewhere, NOT_SET_UP, 503, "Get help");
  await goesTo("wog");
  await acceptsInvitation(person, link);
  await person.page.waitForURL(`${house.portal.provider.issuer}/**`);
  await elsewhere.opens("/sign-in");
  await elsewhere.sees(SIGN_IN);
});
