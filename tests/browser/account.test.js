// Looking after one's account while signed in, as a vendor with a local account and as an officer. The tests of this file are one
// story: each begins where the one before ended.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Authenticator } from "./support/authenticator.js";
import { openHouse } from "./support/house.js";
import { ACCOUNT, SIGN_IN, givesTheirId, sleepsOnIt } from "./support/officer.js";
import { checkLooks } from "./support/page_check.js";
import { isAtProvider, signsInAtProvider } from "./support/provider.js";
import { assertPlain } from "./support/reading_grade.js";
import { ADDRESS, CODES, CONFIRM, PASSWORD, becomesActive, confirms, signsInWithCode, smsCode } from "./support/vendor.js";

const house = openHouse({ withDemoPeople: true });

const SECURITY = "Security";
const SECURITY_LINK = "How you log in, where you are logged in, and what happened lately";
const EDIT = "Edit Profile";
const PROVE = "Prove your new mobile number";
const CHANGE = "Change your password";
const APPS = "Authenticator apps";
const ADD = "Add an authenticator app";
const REMOVE = "Remove an authenticator app";
const NEW_PASSWORD = "quantum ferry under saffron";
let app;
let password = PASSWORD;

/** Sees a page, and it is written plainly. */
async function reads(t, person, heading) {
  await person.sees(heading);
  assertPlain(t, await person.text(), heading);
}

async function opensSecurity(t, person) {
  await person.opens("/account");
  await person.sees(ACCOUNT);
  await person.follows(SECURITY_LINK);
  await reads(t, person, SECURITY);
}

async function signedIn(t, options) {
  const vendor = await house.visitor(t, options);
  await signsInWithCode(vendor, password, app);
  return vendor;
}

/** Presses a link that is a file; gives what is in it. */
async function downloads(person, link) {
  const [download] = await Promise.all([
    person.page.waitForEvent("download"),
    person.within("main").getByRole("link", { name: link, exact: true }).click(),
  ]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

test("a vendor whose account has just become active", async (t) => {
  const vendor = await house.visitor(t);
  ({ app } = await becomesActive(vendor));
});

for (const { scripts, width, number, shown } of [
  { scripts: false, width: 320, number: "8123 4567", shown: "+6581234567" },
  { scripts: true, width: 1280, number: "8765 4321", shown: "+6587654321" },
]) {
  const how = `at ${width} px ${scripts ? "with" : "without"} JavaScript`;

  test(`a vendor edits the profile and proves a new mobile number ${how}`, async (t) => {
    const vendor = await signedIn(t, { width, scripts });
    await vendor.follows(EDIT);
    await reads(t, vendor, EDIT);
    await vendor.types("First name", "");
    await vendor.types("Mobile number", "12");
    await vendor.presses("Save");
    const errors = { first_name: "Enter your first name", mobile: "This is no mobile number of that country. Check the country and the digits" };
    if (scripts) await vendor.isToldOn(EDIT, errors);
    else await vendor.sees(EDIT, { status: 422, title: `Error: ${EDIT}` });
    await vendor.types("First name", "Anna");
    await vendor.types("Department (optional)", "Finance");
    await vendor.types("Mobile number", number);
    await vendor.presses("Save");
    await confirms(vendor, password, app);
    await reads(t, vendor, PROVE);
    await vendor.opens("/account");
    await vendor.sees(ACCOUNT);
    assert.match(await vendor.text(), /Your new mobile number is not proven yet/);
    assert.match(await vendor.text(), /Anna Demo/);
    await vendor.follows("Go on with the new number");
    await vendor.sees(PROVE);
    await vendor.presses("Send the code");
    await reads(t, vendor, PROVE);
    await vendor.types("Code from the SMS", "12");
    await vendor.presses("Continue");
    if (scripts) await vendor.isToldOn(PROVE, { code: "Enter the six digits from the SMS" });
    else await vendor.sees(PROVE, { status: 422, title: `Error: ${PROVE}` });
    await vendor.presses("Send another code");
    const soon = "A code was sent less than a minute ago. Wait a little, then have another one sent";
    if (scripts) await vendor.isToldOn(PROVE, { send: soon }, { status: 429 });
    else await vendor.sees(PROVE, { status: 429, title: `Error: ${PROVE}` });
    await vendor.types("Code from the SMS", await smsCode(house.portal, shown));
    await vendor.presses("Continue");
    await vendor.sees(ACCOUNT);
    assert.ok((await vendor.text()).includes(shown), "the new number");
    await house.portal.mail(ADDRESS, "The mobile number of your TechPass was changed");
    await house.portal.sql("update sms_codes set sent_at = sent_at - interval '1 minute'");
  });

  test(`a vendor changes the password ${how}`, async (t) => {
    const vendor = await signedIn(t, { width, scripts });
    const next = password === PASSWORD ? NEW_PASSWORD : PASSWORD;
    await opensSecurity(t, vendor);
    await vendor.follows("Change Password");
    await reads(t, vendor, CHANGE);
    await vendor.types("Password of now", "not it");
    await vendor.types("New password", next);
    await vendor.types("New password again", next);
    await vendor.presses("Change password");
    const wrong = { current_password: "This is not the password that you log in with now" };
    if (scripts) await vendor.isToldOn(CHANGE, wrong);
    else await vendor.sees(CHANGE, { status: 422, title: `Error: ${CHANGE}` });
    for (const [label, text] of [["Password of now", password], ["New password", next], ["New password again", next]]) await vendor.types(label, text);
    await vendor.presses("Change password");
    password = next;
    await reads(t, vendor, SECURITY);
    assert.match(await vendor.text(), /Your password is changed/);
  });

  test(`a vendor puts a new phone in the place of the old one ${how}`, async (t) => {
    const vendor = await signedIn(t, { width, scripts });
    await opensSecurity(t, vendor);
    await vendor.follows(`Change ${APPS}`);
    await reads(t, vendor, APPS);
    await vendor.follows("Remove Authenticator app");
    await confirms(vendor, password, app);
    await reads(t, vendor, REMOVE);
    assert.match(await vendor.text(), /the only one that you have/);
    await vendor.follows("Add another app");
    await reads(t, vendor, ADD);
    await vendor.types("Code", "000000");
    await vendor.types("What do you call it? (optional)", "New phone");
    await vendor.presses("Add this app");
    const wrong = "The code is not right. Check that the clock of your phone is right, and type the code that your app shows now";
    if (scripts) await vendor.isToldOn(ADD, { code: wrong });
    else await vendor.sees(ADD, { status: 422, title: `Error: ${ADD}` });
    const next = new Authenticator(await vendor.within("main code.key").innerText());
    await vendor.types("Code", next.code());
    await vendor.presses("Add this app");
    await reads(t, vendor, APPS);
    await vendor.follows("Remove Authenticator app");
    await reads(t, vendor, REMOVE);
    await vendor.presses("Remove it");
    await vendor.sees(APPS);
    await vendor.follows("Rename New phone");
    await reads(t, vendor, "Rename an authenticator app");
    await vendor.types("Name", "Authenticator app");
    await vendor.presses("Save");
    await vendor.sees(APPS);
    app = next;
  });

  test(`a vendor gets new recovery codes, as a file too, ${how}`, async (t) => {
    const vendor = await signedIn(t, { width, scripts });
    await opensSecurity(t, vendor);
    await vendor.follows("Change Recovery codes");
    await confirms(vendor, password, app);
    await reads(t, vendor, "Recovery codes");
    await vendor.presses("Make ten new codes");
    await reads(t, vendor, CODES);
    const codes = await vendor.within(".codes code").allInnerTexts();
    const file = await downloads(vendor, "Download them as a file");
    assert.equal(file.name, "techpass-recovery-codes.txt");
    assert.ok(codes.length === 10 && codes.every((code) => file.text.includes(code)));
    await vendor.presses("I have kept them");
    await vendor.sees(SECURITY);
    assert.match(await vendor.text(), /10 of 10 left/);
  });

  test(`a vendor takes the dates and the receipt home, and looks through the security, ${how}`, async (t) => {
    const vendor = await signedIn(t, { width, scripts });
    await reads(t, vendor, ACCOUNT);
    const calendar = await downloads(vendor, "Put these dates into your calendar");
    assert.equal(calendar.name, "techpass-dates.ics");
    assert.match(calendar.text, /^BEGIN:VCALENDAR\r\n(.*\r\n)+END:VCALENDAR\r\n$/);
    await vendor.follows("What you have accepted, and a receipt");
    await vendor.sees("What you have accepted"); // The documents themselves are looked at where they are accepted.
    const receipt = await downloads(vendor, "Download the receipt");
    assert.match(receipt.text, /^TechPass ID: ana\.demo@techpass\.gov\.sg$/m);
    await vendor.opens("/account/security/sessions");
    await reads(t, vendor, "Where you are signed in");
    await vendor.opens("/account/security");
    await vendor.presses("I have looked through it");
    await reads(t, vendor, SECURITY);
    assert.match(await vendor.text(), /Thank you for looking/);
  });
}

test("who types a new password is told at once how strong it is, and reads the same when it is sent", async (t) => {
  const vendor = await signedIn(t);
  await vendor.opens("/account/security/password");
  await vendor.sees(CHANGE);
  const meter = vendor.within(".strength meter");
  const sentence = vendor.within(".strength p");
  assert.ok(await meter.isHidden(), "nothing is said before something is typed");
  const isTold = async (strength, says) => {
    await sentence.filter({ hasText: says }).waitFor();
    assert.equal(await meter.evaluate((element) => element.value), strength);
    return sentence.innerText();
  };
  await vendor.types("Password of now", password);
  await vendor.types("New password", "short");
  await isTold(0, "Use at least 12 characters");
  await vendor.types("New password", password);
  await isTold(1, "Choose another password than the one that you have");
  await vendor.types("New password", "teapot river lantern gold");
  await isTold(4, "Very strong");
  await vendor.types("New password", "password1234");
  const says = await isTold(1, "Many people use one like it");
  await checkLooks(vendor.page, "A weak password");
  await vendor.types("New password again", "password1234");
  await vendor.presses("Change password");
  await vendor.isToldOn(CHANGE, { new_password: says });
  await vendor.types("New password", "");
  assert.equal(await vendor.within(".strength").isHidden(), true);
});

test("what is wrong when somebody shows who they are is told, but not which part", async (t) => {
  const vendor = await signedIn(t);
  await vendor.opens("/account/security/authenticators/new");
  await reads(t, vendor, CONFIRM);
  await vendor.presses("Continue");
  await vendor.isToldOn(CONFIRM, { password: "Enter your password", code: "Enter the code that your app shows, or a recovery code" });
  await vendor.types("Password", "not it");
  await vendor.types("Code from your app", "000000");
  await vendor.presses("Continue");
  const wrong = "The password or the code is not right, or the code was used. Wait for the next one in your app";
  await vendor.isToldOn(CONFIRM, { password: wrong });
  await vendor.opens("/account/security/authenticators/new");
  await confirms(vendor, password, app);
  await vendor.sees(ADD);
  await vendor.goesBack();
  await vendor.sees(ADD); // The page that asked leads on: it is done.
});

test("a vendor does it all by keyboard", async (t) => {
  const vendor = await signedIn(t);
  const enters = async (name) => {
    await vendor.tabsTo(name);
    await vendor.leavesBy(() => vendor.hits("Enter"));
  };
  await enters(EDIT);
  await vendor.sees(EDIT);
  await vendor.tabsTo("Department (optional)");
  await vendor.page.keyboard.type("IT & Finance");
  await enters("Save");
  await vendor.sees(ACCOUNT);
  assert.match(await vendor.text(), /IT & Finance/);
});

for (const scripts of [true, false]) {
  test(`an officer shows at the agency’s sign-in that it is them, and sees only what applies, ${scripts ? "with" : "without"} JavaScript`, async (t) => {
    const officer = await house.visitor(t, { scripts });
    const email = "mei.officer@tech.gov.sg";
    await officer.opens("/sign-in");
    await officer.sees(SIGN_IN);
    await givesTheirId(officer, email);
    await signsInAtProvider(officer, { email });
    await officer.sees(ACCOUNT);
    await opensSecurity(t, officer);
    assert.doesNotMatch(await officer.text(), /Recovery codes|Authenticator apps/);
    await officer.opens("/account/edit");
    await reads(t, officer, EDIT);
    await officer.types("Mobile number", scripts ? "8123 4567" : "8765 4321");
    await officer.presses("Save");
    await reads(t, officer, CONFIRM);
    await officer.presses("Go to your agency’s sign-in");
    // Still signed in there, but asked once more all the same.
    await isAtProvider(officer);
    await signsInAtProvider(officer, { email: "somebody.else@tech.gov.sg" });
    await officer.sees("That was somebody else", { status: 403 });
    await officer.presses("Use another account");
    await signsInAtProvider(officer, { email });
    await reads(t, officer, PROVE);
    await officer.presses("Keep the old number");
    await officer.sees(ACCOUNT);
    await sleepsOnIt(officer, email);
  });
}
