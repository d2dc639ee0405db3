// Error pages: what happened, what to do now, and a reference; whatever went wrong.

import assert from "node:assert/strict";
import { test } from "node:test";
import { address, openHouse } from "./support/house.js";
import { DONE, EMAIL, SIGN_UP, fillsIn, opensSignUp } from "./support/sign_up.js";

const house = openHouse({ mayLogErrors: true });

async function seesAnError(person, status, heading) {
  await person.sees(heading, { status });
  const text = await person.text();
  assert.match(text, /What you can do/);
  assert.match(text, /give this reference: [2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{2}/);
  for (const way of ["Go to the home page", "Get help"]) {
    assert.equal(await person.within("main").getByRole("link", { name: way, exact: true }).count(), 1, way);
  }
}

test("404: an address that does not exist", async (t) => {
  const person = await house.visitor(t);
  await person.opens("/no/such/page");
  await seesAnError(person, 404, "Page not found");
  await person.follows("Go to the home page");
  await person.sees("Get your TechPass");
});

test("405: a page that only takes forms, opened from the address bar", async (t) => {
  const person = await house.visitor(t);
  await person.opens("/sign-up/again");
  await seesAnError(person, 405, "This page cannot do that");
});

test("403: a form sent after the cookies were cleared", async (t) => {
  const person = await house.visitor(t);
  await opensSignUp(person);
  await fillsIn(person, { email: address() });
  await person.context.clearCookies();
  await person.presses("Submit");
  await seesAnError(person, 403, "We could not accept that");
});

test("400: a form with a field that comes twice", async (t) => {
  const person = await house.visitor(t);
  await opensSignUp(person);
  await fillsIn(person, { email: address() });
  await person.field(EMAIL).evaluate((field) => field.after(field.cloneNode()));
  await person.leavesBy(() => person.button("Submit").click());
  await seesAnError(person, 400, "We could not read that");
});

test("413: a form that is too large", async (t) => {
  const person = await house.visitor(t);
  await opensSignUp(person);
  await fillsIn(person, { email: `${"m".repeat(20_000)}@tech.gov.sg` });
  await person.presses("Submit");
  await seesAnError(person, 413, "That is too large");
});

test("503 while the database is gone: pages that need no data answer, and all is well when it returns", async (t) => {
  const person = await house.visitor(t);
  const email = address();
  await house.portal.withoutDatabase(async () => {
    for (const [path, heading, title] of [
      ["/", "Get your TechPass"],
      ["/start", "Which way is mine?"],
      ["/start/answer?domain=tech.gov.sg&device=gmd&seed=no", "You can sign up yourself"],
      ["/help", "Get help"],
      ["/sign-up", SIGN_UP, "Sign up"],
    ]) {
      await person.opens(path);
      await person.sees(heading, { title: title ?? heading });
    }
    await fillsIn(person, { email });
    await person.presses("Submit");
    await seesAnError(person, 503, "We cannot do this right now");
  });
  await opensSignUp(person);
  await fillsIn(person, { email });
  await person.presses("Submit");
  await person.sees(DONE);
});

test("500: a mistake of ours", async (t) => {
  const person = await house.visitor(t);
  await opensSignUp(person);
  await fillsIn(person, { email: address() });
  await house.portal.sql("alter table accounts rename to accounts_elsewhere");
  t.after(() => house.portal.sql("alter table accounts_elsewhere rename to accounts"));
  await person.presses("Submit");
  await seesAnError(person, 500, "Something went wrong on our side");
});
