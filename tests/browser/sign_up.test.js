// The sign-up page in a person's hands: questions that come and go, impatient clicks, the back button, two tabs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { address, openHouse } from "./support/house.js";
import {
  DEVICE, DEVICES, DONE, EMAIL, INVITATION, LAPTOP, SEED, SEED_MAIL, SIGN_UP, fillsIn, opensSignUp, signsUp,
} from "./support/sign_up.js";

const house = openHouse();

const isSeedAsked = (person) => person.page.getByRole("radiogroup", { name: SEED }).isVisible();

/** Signs up somebody else and waits for their e-mail: whatever was under way before has then arrived as well. */
async function everythingHasArrived(t) {
  const other = await house.visitor(t);
  const email = address("other");
  await signsUp(other, { email });
  await house.portal.mail(email, INVITATION);
}

async function hasOneAccountAndOneMail(email) {
  assert.equal(await house.portal.count("accounts where email = $1", email), 1, "one account");
  const mails = (await house.portal.inbox()).filter((message) => message.to === email);
  assert.equal(mails.length, 1, "one e-mail");
}

test("SEED is asked about only where the device can have it", async (t) => {
  const person = await house.visitor(t);
  await opensSignUp(person);
  assert.ok(await isSeedAsked(person), "before a device is chosen");
  for (const [device, isAsked] of [["se_gsib", false], ["gmd", true], ["internet_device", false], ["non_se_gsib", true]]) {
    await person.chooses(DEVICE, DEVICES[device]);
    assert.equal(await isSeedAsked(person), isAsked, device);
  }
});

test("SEED is not asked about at a domain that does not offer it, and who wished for it before is told", async (t) => {
  const person = await house.visitor(t);
  const email = address("tan_mei", "schools.gov.sg");
  await opensSignUp(person);
  await fillsIn(person, { email: address(), seed: "Yes" });
  await person.types(EMAIL, email);
  await person.hits("Tab");
  assert.equal(await isSeedAsked(person), false, "at schools.gov.sg");
  await person.types(EMAIL, "mei@SCHOOLS.gov.sg");
  await person.hits("Tab");
  assert.equal(await isSeedAsked(person), false, "in any letter case");
  await person.types(EMAIL, "mei@notschools.gov.sg");
  await person.hits("Tab");
  assert.ok(await isSeedAsked(person), "at another domain that ends alike");

  await person.types(EMAIL, email);
  await person.presses("Submit");
  await person.sees(DONE);
  assert.match(person.page.url(), /seed=not-offered$/);
  assert.match(await person.text(), /SEED cannot be asked for with your e-mail address/);
  await house.portal.mail(email, INVITATION);
});

test("SEED is always asked about without JavaScript, and who cannot have it is told", async (t) => {
  const person = await house.visitor(t, { scripts: false });
  const email = address("tan_mei", "schools.gov.sg");
  await opensSignUp(person);
  await fillsIn(person, { email, device: DEVICES.se_gsib, seed: "Yes" });
  assert.ok(await isSeedAsked(person));
  await person.chooses(DEVICE, LAPTOP);
  await person.presses("Submit");
  await person.sees(DONE);
  assert.match(await person.text(), /SEED cannot be asked for with your e-mail address/);
  const mail = await house.portal.mail(email, INVITATION);
  assert.match(mail.text, /SEED cannot be asked for here with your e-mail address/);
});

test("the page after the form is the same for a known address", async (t) => {
  const person = await house.visitor(t);
  const email = address();
  await signsUp(person, { email });
  const first = await person.text();
  await signsUp(person, { email: ` ${email.toUpperCase()} ` });
  assert.equal(await person.text(), first);
  await everythingHasArrived(t);
  await hasOneAccountAndOneMail(email);
});

test("a double click on Submit makes one account and one e-mail", async (t) => {
  const person = await house.visitor(t);
  const email = address();
  await opensSignUp(person);
  await fillsIn(person, { email });
  await person.page.waitForFunction(() => document.querySelector("altcha-widget").getState() === "verified");
  await person.leavesBy(() => person.button("Submit").dblclick());
  await person.sees(DONE);
  await everythingHasArrived(t);
  await hasOneAccountAndOneMail(email);
});

test("clicks on Submit while the robot check is still at work make one account and one e-mail", async (t) => {
  const person = await house.visitor(t);
  const email = address();
  await opensSignUp(person);
  await fillsIn(person, { email });
  await person.leavesBy(() => person.button("Submit").click({ clickCount: 4 }));
  await person.sees(DONE);
  await everythingHasArrived(t);
  await hasOneAccountAndOneMail(email);
});

test("the page after the form can be reloaded, left by the back button, and come back to", async (t) => {
  const person = await house.visitor(t);
  const email = address();
  await signsUp(person, { email });
  await person.reloads();
  await person.sees(DONE);
  await person.goesBack();
  await person.sees(SIGN_UP, { title: "Sign up" });
  await person.page.goForward();
  await person.sees(DONE);
  await person.goesBack();
  await person.sees(SIGN_UP, { title: "Sign up" });
  await person.types(EMAIL, email);
  await person.chooses(DEVICE, LAPTOP);
  await person.presses("Submit");
  await person.sees(DONE);
  await everythingHasArrived(t);
  await hasOneAccountAndOneMail(email);
});

test("two tabs of one browser sign up two people", async (t) => {
  const first = await house.visitor(t);
  const second = await first.anotherTab();
  const [one, two] = [address(), address()];
  await opensSignUp(first);
  await opensSignUp(second);
  await fillsIn(first, { email: one });
  await fillsIn(second, { email: two });
  await first.presses("Submit");
  await second.presses("Submit");
  await first.sees(DONE);
  await second.sees(DONE);
  await everythingHasArrived(t);
  await hasOneAccountAndOneMail(one);
  await hasOneAccountAndOneMail(two);
});

test("two tabs that send the same form make one account and one e-mail", async (t) => {
  const first = await house.visitor(t);
  const second = await first.anotherTab();
  const email = address();
  for (const tab of [first, second]) {
    await opensSignUp(tab);
    await fillsIn(tab, { email });
  }
  await Promise.all([first.presses("Submit"), second.presses("Submit")]);
  await first.sees(DONE);
  await second.sees(DONE);
  await everythingHasArrived(t);
  await hasOneAccountAndOneMail(email);
});

for (const scripts of [true, false]) {
  test(`“Send it again” too soon says to wait, and sends nothing, ${scripts ? "with" : "without"} JavaScript`, async (t) => {
    const person = await house.visitor(t, { scripts });
    const email = address();
    await signsUp(person, { email, seed: "Yes" });
    await house.portal.mail(email, SEED_MAIL);
    await person.presses("Send it again");
    await person.sees(DONE);
    assert.match(await person.text(), /Please wait a little/);
    assert.match(await person.text(), /Put your device on SEED/, "the wish for SEED is not forgotten");
    await everythingHasArrived(t);
    const mails = (await house.portal.inbox()).filter((message) => message.to === email);
    assert.equal(mails.length, 2, "the TechPass e-mail and the SEED e-mail, once each");
  });
}

test("“Send it again” after it was sent says so", async (t) => {
  const person = await house.visitor(t);
  await person.opens("/sign-up/done?seed=yes&again=sent");
  await person.sees(DONE);
  assert.match(await person.text(), /We have sent it again/);
});

test("“Send it again” in a browser that signed nobody up leads to the form", async (t) => {
  const person = await house.visitor(t);
  await person.opens("/sign-up/done");
  await person.sees(DONE);
  await person.presses("Send it again");
  await person.sees(SIGN_UP, { title: "Sign up" });
});

test("who cannot run the robot check can sign up all the same", async (t) => {
  const person = await house.visitor(t);
  const email = address();
  await person.page.route("**/static/vendor/altcha/**", (route) => route.fulfill({ contentType: "text/javascript", body: "throw 1" }));
  await opensSignUp(person);
  assert.equal(await person.within("altcha-widget").count(), 0);
  await fillsIn(person, { email });
  await person.presses("Submit");
  await person.sees(DONE);
  await house.portal.mail(email, INVITATION);
});
