// Every way in which a form of the first journey is refused: the page says so, keeps what was typed, and shows the way on.

import assert from "node:assert/strict";
import { test } from "node:test";
import { address, openHouse } from "./support/house.js";
import { DEVICE, DEVICES, DONE, EMAIL, LAPTOP, SEED, SIGN_UP, fillsIn, opensSignUp } from "./support/sign_up.js";

const house = openHouse();

const START = "Which way is mine?";
const NO_DEVICE = "Choose the device that you want to use";

/** What is typed, and what is said about it (E1). */
const WRONG_ADDRESSES = [
  ["", "Enter an e-mail address, such as name@tech.gov.sg"],
  ["tan_mei", "Enter the whole e-mail address, with its @ sign, such as name@tech.gov.sg"],
  ["mei@tech.gov.sg, ana@tech.gov.sg", "Enter one e-mail address only, with one @ sign"],
  ["mei@techgovsg", "Enter all of the part after the @ sign, such as tech.gov.sg"],
  ["Tan Mei <mei@tech.gov.sg>", "Enter only the e-mail address, such as name@tech.gov.sg, without a name and without < and >"],
  ["méi@tech.gov.sg", "Enter the plain form of the e-mail address, with the letters a to z only: we cannot send to international addresses"],
  [`${"m".repeat(250)}@tech.gov.sg`, "Enter an e-mail address of 256 characters or fewer"],
  [`"><img src=x onerror=alert(1)>@tech.gov.sg`, null],
];

for (const [typed, message] of WRONG_ADDRESSES) {
  const shown = typed.length > 40 ? `${typed.slice(0, 12)}…` : typed;
  test(`E1: “${shown}” is refused on /start and on /sign-up, and stays in its field`, async (t) => {
    const person = await house.visitor(t);
    for (const [path, heading, title, button] of [
      ["/start", START, START, "Show my way"],
      ["/sign-up", SIGN_UP, "Sign up", "Submit"],
    ]) {
      await person.opens(path);
      await person.sees(heading, { title });
      await fillsIn(person, { email: typed, seed: "No" });
      await person.presses(button);
      const said = message ?? (await person.within("#error-summary a").innerText());
      await person.isToldOn(heading, { email: said }, { title });
      assert.equal(await person.field(EMAIL).inputValue(), typed, "what was typed stays");
      assert.ok(await person.radio(DEVICE, LAPTOP).isChecked(), "what was chosen stays");
      assert.ok(await person.radio(SEED, "No").isChecked(), "what was chosen stays");
    }
  });
}

for (const [path, heading, title, button] of [
  ["/start", START, START, "Show my way"],
  ["/sign-up", SIGN_UP, "Sign up", "Submit"],
]) {
  test(`an empty form is refused on ${path}, with a line for each field`, async (t) => {
    const person = await house.visitor(t);
    await person.opens(path);
    await person.sees(heading, { title });
    await person.presses(button);
    await person.isToldOn(heading, { email: "Enter an e-mail address, such as name@tech.gov.sg", device: NO_DEVICE }, { title });
  });

  test(`a form without a device is refused on ${path}`, async (t) => {
    const person = await house.visitor(t);
    await person.opens(path);
    await person.sees(heading, { title });
    await fillsIn(person, { email: "mei@tech.gov.sg", device: null });
    await person.presses(button);
    await person.isToldOn(heading, { device: NO_DEVICE }, { title });
    assert.equal(await person.field(EMAIL).inputValue(), "mei@tech.gov.sg");
  });

  test(`a form is refused on ${path} without JavaScript too, and can be put right`, async (t) => {
    const person = await house.visitor(t, { scripts: false });
    await person.opens(path);
    await person.sees(heading, { title });
    await fillsIn(person, { email: "tan_mei", device: null, seed: "No" });
    await person.presses(button);
    await person.sees(heading, { status: 422, title: `Error: ${title}` });
    await fillsIn(person, { email: address() });
    await person.presses(button);
    await person.sees(path === "/start" ? "You can sign up yourself" : DONE);
  });
}

/** Whom the rules send elsewhere: at which field, with which words, to which verdict. */
const SENT_ELSEWHERE = [
  ["E2", "litemail.gov.sg", "gmd", "email", "LiteMail has no inbox for our e-mail. Upgrade to a standard mailbox first", "You need a standard mailbox first"],
  ["E3", "gmail.com", "gmd", "email", "This is a personal mailbox. Use the e-mail address of your organisation", "Use the address of your organisation"],
  ["E4", "tech.gov.sg", "se_gsib", "device", "You cannot sign up from an SE GSIB. The service desk makes your account within 3 business days", "The service desk makes your account"],
  ["E5", "dsta.gov.sg", "non_se_gsib", "email", "Officers of this agency are invited. Ask your project manager or reporting officer", "Ask to be invited"],
  ["E7", "tech.gov.sg", "internet_device", "device", "You cannot sign up from an Internet Device. Use a non-SE GSIB or a GMD, or ask to be invited", "Use another device, or be invited"],
  ["E8", "vendor.example", "gmd", "email", "Only people with a government address sign up here. Ask your project manager or reporting officer to invite you", "Ask to be invited"],
  ["E9", "unheard-of.gov.sg", "gmd", "email", "We cannot sign in people of this agency yet. The service desk makes your account", "The service desk makes your account"],
];

for (const [rule, domain, device, field, message, verdict] of SENT_ELSEWHERE) {
  test(`${rule}: somebody at ${domain} is told on the sign-up page where to go, and gets there`, async (t) => {
    const person = await house.visitor(t);
    const email = `mei@${domain}`;
    await opensSignUp(person);
    await fillsIn(person, { email, device: DEVICES[device] });
    await person.presses("Submit");
    await person.isToldOn(SIGN_UP, { [field]: message }, { title: "Sign up" });
    assert.equal(await person.field(EMAIL).inputValue(), email, "what was typed stays");
    assert.ok(await person.radio(DEVICE, DEVICES[device]).isChecked(), "what was chosen stays");
    assert.equal(await house.portal.count("accounts where email = $1", email), 0);
    await person.follows("See what to do instead");
    await person.sees(verdict);
  });
}

/** Replaces the proof of work in the form of a page whose check is done. */
async function forgesTheProof(person, proof) {
  const box = person.within("input[type=hidden][name=altcha]");
  await box.evaluate((element, value) => {
    element.value = value;
  }, proof);
}

/** The proof of work, once the browser has found it. */
async function proofOf(person) {
  await person.page.waitForFunction(() => document.querySelector("altcha-widget")?.getState() === "verified");
  return person.within("input[type=hidden][name=altcha]").inputValue();
}

test("a forged proof of work is refused, and the form can be sent again", async (t) => {
  const person = await house.visitor(t);
  await opensSignUp(person);
  await fillsIn(person, { email: address() });
  await proofOf(person);
  await forgesTheProof(person, Buffer.from("{}").toString("base64"));
  await person.presses("Submit");
  await person.isToldOn(SIGN_UP, { altcha: "The check did not work. Tick “I’m not a robot” again" }, { title: "Sign up" });
  await person.presses("Submit");
  await person.sees(DONE);
});

test("a proof of work that was used for another form is refused", async (t) => {
  const person = await house.visitor(t);
  await opensSignUp(person);
  await fillsIn(person, { email: address() });
  const proof = await proofOf(person);
  await person.presses("Submit");
  await person.sees(DONE);

  await opensSignUp(person);
  await fillsIn(person, { email: address() });
  await proofOf(person);
  await forgesTheProof(person, proof);
  await person.presses("Submit");
  const message = "The check was used for another form. Tick “I’m not a robot” again";
  await person.isToldOn(SIGN_UP, { altcha: message }, { title: "Sign up" });
});

test("who sends one form after the other without JavaScript is held back, and told for how long", async (t) => {
  const person = await house.visitor(t, { scripts: false });
  const email = address();
  for (let times = 0; times < 3; times += 1) {
    await opensSignUp(person);
    await fillsIn(person, { email });
    await person.presses("Submit");
    await person.sees(DONE);
  }
  await opensSignUp(person);
  await fillsIn(person, { email });
  await person.presses("Submit");
  await person.sees(SIGN_UP, { status: 429, title: "Error: Sign up" });
  assert.match(await person.text(), /Turn on JavaScript, or try again in 60 minutes/);
  assert.equal(await person.field(EMAIL).inputValue(), email);
  await person.within("#error-summary a").click();
  assert.ok(await person.within("#altcha-error").isVisible());
});
