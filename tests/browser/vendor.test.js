// A vendor with a local account: from the first password to active, and in again by code and by recovery code. The tests of this
// file are one story: each begins where the one before ended.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openHouse } from "./support/house.js";
import { ACCOUNT } from "./support/officer.js";
import { ADDRESS, ENTER_CODE, ENTER_PASSWORD, ID, PASSWORD, becomesActive, givesPassword } from "./support/vendor.js";

const house = openHouse({ withDemoPeople: true });

const RECOVER = "Use a recovery code";

let app;
let codes;

/** A second click sends nothing while the first is on its way. */
async function clicksTwice(vendor, path) {
  const sent = [];
  const notes = (request) => request.method() === "POST" && sent.push(new URL(request.url()).pathname);
  vendor.page.on("request", notes);
  await vendor.leavesBy(() => vendor.button("Log in").dblclick());
  vendor.page.off("request", notes);
  assert.deepEqual(sent, [path]);
}

test("a vendor gets from the first password to My Account at 320 px without JavaScript", async (t) => {
  const vendor = await house.visitor(t, { width: 320, scripts: false });
  ({ app, codes } = await becomesActive(vendor));

  const { fields, pages } = vendor.effort;
  t.diagnostic(`${fields} fields, ${pages} pages`);
  assert.ok(fields <= 14 && pages <= 14, `${fields} fields and ${pages} pages are more than 14`);
  await vendor.follows("Go to My Account");
  await vendor.sees(ACCOUNT);
  assert.match(await vendor.text(), /Ana Demo/);
});

test("the next day a vendor logs in with password and code, and mistakes are told beside the field", async (t) => {
  const vendor = await house.visitor(t);
  await givesPassword(vendor, "not it");
  await vendor.isToldOn(ENTER_PASSWORD, { password: "The TechPass ID or the password is not right" });
  assert.equal(await vendor.page.getByLabel("Password", { exact: true }).inputValue(), "", "a password does not come back");
  await vendor.types("Password", PASSWORD);
  await clicksTwice(vendor, "/sign-in/password");
  await vendor.sees(ENTER_CODE);
  await vendor.types("Code", "000000");
  await vendor.presses("Log in");
  await vendor.isToldOn(ENTER_CODE, { code: "The code is not right, or it was used. Wait for the next one in your app" });
  await vendor.types("Code", app.code(1));
  await clicksTwice(vendor, "/sign-in/mfa");
  await vendor.sees(ACCOUNT);
  await vendor.follows("How you log in, where you are logged in, and what happened lately");
  await vendor.sees("Security");
  await vendor.follows("See Browsers");
  await vendor.sees("Where you are signed in");
  assert.match(await vendor.text(), /Chrome on Linux \(this browser\)/);
  await vendor.presses("Sign out everywhere");
  await vendor.sees("Get your TechPass");
});

test("a vendor whose phone is lost logs in with a recovery code, once", async (t) => {
  for (const [isLetIn, width] of [[true, 320], [false, 1280]]) {
    const vendor = await house.visitor(t, { width });
    await givesPassword(vendor, PASSWORD);
    await vendor.sees(ENTER_CODE);
    await vendor.follows("You have no phone with you, or lost it?");
    await vendor.sees(RECOVER);
    await vendor.types("Recovery code", codes[0].toLowerCase());
    await vendor.presses("Log in");
    if (isLetIn) {
      await vendor.sees("Authenticator apps");
      assert.match(await vendor.text(), /You are logged in with a recovery code/);
    } else await vendor.isToldOn(RECOVER, { code: "This is not one of your recovery codes, or it was used" });
  }
});

test("whoever forgot the password gets a link, and reads the same whatever the ID", async (t) => {
  const vendor = await house.visitor(t);
  for (const id of [ID, "nobody@techpass.gov.sg"]) {
    await vendor.opens("/sign-in/forgotten");
    await vendor.sees("Get a new password");
    await vendor.types("TechPass ID", id);
    await vendor.presses("Send me the link");
    await vendor.sees("Get a new password");
    assert.match(await vendor.text(), /Look into your e-mail/);
  }
  const mail = await house.portal.mail(ADDRESS, "Choose a new TechPass password");
  await vendor.opens(new URL(mail.text.match(/^http\S+$/m)[0]).pathname);
  await vendor.sees("Choose a new password");
  await vendor.types("New password", "short");
  await vendor.presses("Save and log in");
  const long = "Use at least 12 characters. Four words that have nothing to do with each other are easy to keep in mind";
  await vendor.isToldOn("Choose a new password", { new_password: long, code: "Enter the code that your app shows, or a recovery code" });
});
