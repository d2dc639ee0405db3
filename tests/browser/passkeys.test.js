// Passkeys, with Chromium's own device: in the place of a phone, added, used alone and as second factor, and removed. The tests of
// this file are one story: each begins where the one before ended.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Authenticator } from "./support/authenticator.js";
import { confirms } from "./support/confirmed.js";
import { Device } from "./support/device.js";
import { openHouse } from "./support/house.js";
import { ACCOUNT, ACTIVE, SIGN_IN } from "./support/officer.js";
import { assertPlain } from "./support/reading_grade.js";
import { ADDRESS, CODES, ENTER_CODE, FIRST, PASSWORD, PHONE, SET_UP, choosesPassword, givesPassword } from "./support/vendor.js";

const house = openHouse({ withDemoPeople: true, isNamed: true });

const PASSKEYS = "Passkeys";
const PAGE = "/account/security/passkeys";

let app;
let inPlaceOfPhone;
let laptops;

/** Logs in with a passkey alone. */
async function logsIn(vendor) {
  await vendor.opens("/sign-in");
  await vendor.sees(SIGN_IN);
  await vendor.presses("Log in with a passkey");
  await vendor.sees(ACCOUNT);
}

/** A button that leads to no other page: the script says why. */
async function triesInVain(vendor, button, message) {
  await vendor.button(button).click();
  await vendor.page.getByRole("status").filter({ hasText: message }).waitFor();
}

test("where no SMS arrives, a passkey takes the place of the phone", async (t) => {
  const vendor = await house.visitor(t);
  const device = await Device.of(vendor);
  await givesPassword(vendor, FIRST);
  await vendor.sees(SET_UP);
  app = new Authenticator(await vendor.within("main code.key").innerText());
  await vendor.types("Code", app.code());
  await vendor.presses("Continue");
  await vendor.sees(CODES);
  await vendor.presses("I have kept them");

  await vendor.sees(PHONE);
  assert.equal(await vendor.button("Use a passkey instead").count(), 0, "SMS to Singapore arrive");
  await vendor.page.getByRole("combobox", { name: "Country of your mobile number" }).selectOption("CN");
  await vendor.types("Mobile number", "139 1099 8888");
  await vendor.presses("Send the code");
  await vendor.sees(PHONE);
  assertPlain(t, await vendor.text(), PHONE);
  await device.knowsItsPerson(false);
  await triesInVain(vendor, "Use a passkey instead", "No passkey was used. You can try again.");
  await device.knowsItsPerson(true);
  await vendor.presses("Use a passkey instead");
  await choosesPassword(vendor);
  inPlaceOfPhone = await device.passkeys();
  assert.equal(inPlaceOfPhone.length, 1);
  assert.ok(inPlaceOfPhone[0].isResidentCredential, "the device finds it without being told an ID");

  assert.equal(await vendor.within(`main a[href="${PAGE}"]`).innerText(), "Add a passkey");
  await vendor.follows("Go to My Account");
  await vendor.sees(ACCOUNT);
  assert.match(await vendor.text(), /\+8613910998888 \(not proven; a passkey takes its place\)/);
});

test("a vendor logs in with that passkey alone, adds another, and gives it a name", async (t) => {
  const vendor = await house.visitor(t, { width: 320 });
  await Device.of(vendor, { passkeys: inPlaceOfPhone });
  await logsIn(vendor);
  await confirms(house.portal, ADDRESS);
  await vendor.opens(PAGE);
  await vendor.sees(PASSKEYS);
  assert.match(await vendor.text(), /Chrome on Linux\s+Added .* · last used /);
  await triesInVain(vendor, "Add a passkey", "This device has a passkey of yours already.");

  const laptop = await house.visitor(t);
  const device = await Device.of(laptop);
  await givesPassword(laptop, PASSWORD);
  await laptop.sees(ENTER_CODE);
  await laptop.types("Code", app.code(1));
  await laptop.presses("Log in");
  await laptop.sees(ACCOUNT);
  await confirms(house.portal, ADDRESS);
  await laptop.opens(PAGE);
  await laptop.sees(PASSKEYS);
  await laptop.types("Name", " ");
  await laptop.presses("Add a passkey");
  await laptop.isToldOn(PASSKEYS, { name: "Give the passkey a name, such as Work laptop" });
  assert.deepEqual(await device.passkeys(), [], "the device was not asked in vain");
  await laptop.types("Name", "Work laptop");
  await laptop.presses("Add a passkey");
  await laptop.sees(PASSKEYS);
  assert.match(await laptop.text(), /Work laptop\s+Added .* · not used yet/);
  laptops = await device.passkeys();
  const mail = await house.portal.mail(ADDRESS, "A passkey was added to your TechPass");
  assert.match(mail.text, /ana\.demo@techpass\.gov\.sg/);

  assertPlain(t, await laptop.text(), PASSKEYS);
  assertPlain(t, mail.text, "the e-mail about a new passkey");

  await laptop.follows("Rename Work laptop");
  await laptop.sees("Rename a passkey");
  assertPlain(t, await laptop.text(), "Rename a passkey");
  await laptop.types("Name", "");
  await laptop.presses("Save");
  await laptop.isToldOn("Rename a passkey", { name: "Give the passkey a name, such as Work laptop" });
  await laptop.types("Name", "Laptop at home");
  await laptop.presses("Save");
  await laptop.sees(PASSKEYS);
  assert.match(await laptop.text(), /Laptop at home/);
});

test("a passkey is used in the place of the code, and by keyboard", async (t) => {
  const vendor = await house.visitor(t);
  const device = await Device.of(vendor, { passkeys: laptops });
  await givesPassword(vendor, PASSWORD);
  await vendor.sees(ENTER_CODE);
  await device.knowsItsPerson(false);
  await triesInVain(vendor, "Use a passkey", "No passkey was used. You can try again.");
  await device.knowsItsPerson(true);
  await vendor.reloads();
  await vendor.sees(ENTER_CODE);
  await vendor.tabsTo("Use a passkey");
  await vendor.leavesBy(() => vendor.hits("Enter"));
  await vendor.sees(ACCOUNT);
  // It has counted on: as it was before, it would be taken for a copy.
  laptops = await device.passkeys();
});

test("a passkey that is removed lets nobody in any more", async (t) => {
  const vendor = await house.visitor(t);
  await Device.of(vendor, { passkeys: laptops });
  await logsIn(vendor);
  await confirms(house.portal, ADDRESS);
  await vendor.opens(PAGE);
  await vendor.follows("Remove Laptop at home");
  await vendor.sees("Remove a passkey");
  assertPlain(t, await vendor.text(), "Remove a passkey");
  await vendor.presses("Remove this passkey");
  await vendor.sees(PASSKEYS);
  await vendor.follows("Remove Chrome on Linux");
  await vendor.sees("Remove a passkey");
  assert.match(await vendor.text(), /stands in the place of your phone/);
  assertPlain(t, await vendor.text(), "a passkey that has to stay");
  await house.portal.mail(ADDRESS, "A passkey was removed from your TechPass");

  const later = await house.visitor(t, { width: 320 });
  await Device.of(later, { passkeys: laptops });
  await later.opens("/sign-in");
  await later.sees(SIGN_IN);
  await later.presses("Log in with a passkey");
  const message = "We do not know this passkey. Perhaps it was removed. Log in another way";
  await later.isToldOn(SIGN_IN, { passkey: message });
  assertPlain(t, await later.text(), SIGN_IN);
});

test("without scripts the pages say what passkeys need, and all else works", async (t) => {
  const vendor = await house.visitor(t, { scripts: false });
  await givesPassword(vendor, PASSWORD);
  await vendor.sees(ENTER_CODE);
  assert.match(await vendor.text(), /Using a passkey needs scripts/);
  assertPlain(t, await vendor.text(), "the code, or a passkey, without scripts");
  // The codes of now and of the next step were used.
  await house.portal.sql("update authenticators set last_step = 0");
  await vendor.types("Code", app.code());
  await vendor.presses("Log in");
  await vendor.sees(ACCOUNT);
  await confirms(house.portal, ADDRESS);
  await vendor.opens(PAGE);
  await vendor.sees(PASSKEYS);
  assert.match(await vendor.text(), /Adding a passkey needs scripts/);
  assertPlain(t, await vendor.text(), "Passkeys without scripts");
  assert.equal(await vendor.button("Add a passkey").count(), 0);
  await vendor.opens("/activate/done");
  await vendor.sees(ACTIVE);
});

test("a browser that does not know passkeys says so, and offers none", async (t) => {
  const vendor = await house.visitor(t);
  await vendor.context.addInitScript(() => {
    delete window.PublicKeyCredential;
  });
  await vendor.opens("/sign-in");
  await vendor.sees(SIGN_IN);
  assert.match(await vendor.text(), /this one does not know passkeys/);
  assert.equal(await vendor.button("Log in with a passkey").count(), 0);
});
