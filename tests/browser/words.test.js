// The words: every page and every e-mail can be read by people who have been to school for eight years.

import assert from "node:assert/strict";
import { test } from "node:test";
import { address, openHouse } from "./support/house.js";
import { checkHtml, checkLooks } from "./support/page_check.js";
import { assertPlain } from "./support/reading_grade.js";
import { ACCOUNT, ACTIVE, HOME, MDM, PRIVACY, TERMS, accepts, invited, signsOut } from "./support/officer.js";
import { cancelsAtProvider, signsInAtProvider } from "./support/provider.js";
import { INVITATION, SEED_MAIL, signsUp } from "./support/sign_up.js";

const house = openHouse();

async function readsAll(person) {
  await person.page.evaluate(() => {
    for (const help of document.querySelectorAll("main details")) help.open = true;
  });
  return person.text();
}

const answer = (domain, device) => `/start/answer?domain=${domain}&device=${device}&seed=yes`;

const PAGES = [
  ["/", 200],
  ["/start", 200],
  [answer("litemail.gov.sg", "gmd"), 200],
  [answer("gmail.com", "gmd"), 200],
  [answer("tech.gov.sg", "se_gsib"), 200],
  [answer("mindef.gov.sg", "gmd"), 200],
  [answer("tech.gov.sg", "gmd"), 200],
  [answer("schools.gov.sg", "gmd"), 200],
  [answer("tech.gov.sg", "internet_device"), 200],
  [answer("schools.gov.sg", "internet_device"), 200],
  [answer("vendor.example", "internet_device"), 200],
  [answer("unheard-of.gov.sg", "gmd"), 200],
  ["/sign-up", 200],
  ["/sign-up/done?seed=yes&again=too-soon&wait=31", 200],
  ["/sign-up?again=forgotten", 200],
  ["/accept/nothing", 404],
  ["/sign-up/done?seed=not-offered&again=sent", 200],
  ["/sign-in", 200],
  ["/auth/wog/start", 200],
  ["/auth/wog/callback", 400],
  ["/help", 200],
  ["/no/such/page", 404],
  ["/sign-up/again", 405],
];

for (const [path, status] of PAGES) {
  test(`${path} is written plainly`, async (t) => {
    const person = await house.visitor(t);
    await person.opens(path);
    assert.equal(person.document.status, status);
    assertPlain(t, await readsAll(person), path);
  });
}

test("the officer's pages are written plainly, from the invitation to My Account", async (t) => {
  const person = await house.visitor(t);
  const { email, link } = await invited(person, { seed: "Yes" });
  const reads = async (heading, options) => {
    await person.sees(heading, options);
    assertPlain(t, await readsAll(person), heading);
  };
  await person.opens(link);
  await reads(INVITATION);
  await person.presses("Accept invitation");
  await cancelsAtProvider(person);
  await reads("You did not sign in", { status: 403 });
  await person.presses("Try again");
  await signsInAtProvider(person, { email, verified: false });
  await reads("Your address is not confirmed", { status: 403 });
  await person.presses("Use another account");
  await signsInAtProvider(person, { email: address() });
  await reads("This invitation is for another account", { status: 403 });
  await person.presses("Use another account");
  await signsInAtProvider(person, { email });
  for (const document of [PRIVACY, TERMS, MDM]) {
    await reads(document);
    await accepts(person, document);
  }
  await reads(ACTIVE);
  await person.opens("/account");
  await person.sees(ACCOUNT); // Names and values, no sentences.
  await signsOut(person);
  await reads(HOME);
});

/** The e-mails, and what brings each about. */
const MAILS = [
  ["the onboarding e-mail", INVITATION, async () => {}],
  ["the onboarding e-mail sent again", INVITATION, signsUpAgain({})],
  ["the SEED e-mail", SEED_MAIL, async () => {}],
  ["the e-mail to an active account", "You already have TechPass", signsUpAgain({ status: "active" })],
  ["the e-mail to a disabled account", "Your TechPass is disabled", signsUpAgain({ status: "disabled" })],
];

/** As if two minutes had passed since the last e-mail, and the account had moved on. */
function signsUpAgain({ status = "pending" }) {
  return async (person, email) => {
    await house.portal.sql("update accounts set status = $2 where email = $1", email, status);
    await house.portal.sql("update outbox set created_at = created_at - interval '2 minutes' where recipient = $1", email);
    await signsUp(person, { email, seed: "Yes" });
  };
}

for (const [what, subject, bringsItAbout] of MAILS) {
  test(`${what} is written plainly, as text and as sound HTML that everybody can read`, async (t) => {
    const person = await house.visitor(t);
    const email = address();
    await signsUp(person, { email, seed: "Yes" });
    await house.portal.mail(email, INVITATION);
    await bringsItAbout(person, email);
    const mail = await house.portal.mail(email, subject);
    assertPlain(t, mail.text, what);
    for (const [, link] of mail.html.matchAll(/href="([^"]*)"/g)) {
      assert.ok(link.startsWith(house.portal.address), `${link} is absolute, and ours`);
      assert.ok(mail.text.split("\n").includes(link), `${link} stands alone on a line of the text`);
    }
    await checkHtml(mail.html, what, { isMail: true });
    const reader = await house.visitor(t);
    await reader.page.setContent(mail.html);
    await reader.page.addStyleTag({ content: "html { background: Canvas }" }); // The mail program's paper, in either scheme.
    await checkLooks(reader.page, what, { isMail: true });
  });
}
