// The demo vendor with a local account: what the tests of such an account have in common.

import assert from "node:assert/strict";
import { Authenticator } from "./authenticator.js";
import { ACCOUNT, ACTIVE, PRIVACY, SIGN_IN, TERMS, accepts } from "./officer.js";
import { until } from "./portal.js";

export const ID = "ana.demo@techpass.gov.sg";
export const ADDRESS = "ana@vendor.example";
export const FIRST = "kaya-toast-2026";
export const PASSWORD = "wobbly teapot eleven moon";

export const ENTER_PASSWORD = "Enter your password";
export const SET_UP = "Set up your authenticator app";
export const CODES = "Keep your recovery codes";
export const PHONE = "Prove your phone";
export const CHOOSE = "Choose your password";
export const ENTER_CODE = "Enter the code from your app";
export const CONFIRM = "Show that it is you";

export async function givesPassword(vendor, password) {
  await vendor.opens("/sign-in");
  await vendor.sees(SIGN_IN);
  await vendor.types("TechPass ID", ID);
  await vendor.presses("Next");
  await vendor.sees(ENTER_PASSWORD);
  await vendor.types("Password", password);
  await vendor.presses("Log in");
}

/** The latest SMS that fits, once it was sent: to this number, if one is given. */
export const sms = (portal, pattern, to) =>
  until("an SMS", 5_000, async () =>
    (await portal.inbox()).find((message) => message.kind === "sms" && pattern.test(message.text) && (!to || message.to === to)),
  );

/** The six digits of the latest SMS. */
export async function smsCode(portal, to) {
  return (await sms(portal, /^\d{6}$/m, to)).text.match(/^\d{6}$/m)[0];
}

/** From the first password to active; gives the app and the recovery codes. */
export async function becomesActive(vendor) {
  assert.match((await sms(vendor.portal, /password/)).text, new RegExp(`^${FIRST}$`, "m"));
  await givesPassword(vendor, FIRST);

  await vendor.sees(SET_UP);
  const app = new Authenticator(await vendor.within("main code.key").innerText());
  await vendor.types("Code", app.code());
  await vendor.presses("Continue");

  await vendor.sees(CODES);
  const codes = await vendor.within(".codes code").allInnerTexts();
  assert.equal(codes.length, 10);
  await vendor.presses("I have kept them");

  await vendor.sees(PHONE);
  await vendor.presses("Send the code");
  await vendor.sees(PHONE);
  await vendor.types("Code from the SMS", await smsCode(vendor.portal));
  await vendor.presses("Continue");

  await choosesPassword(vendor);
  return { app, codes };
}

/** From the choice of a password to the end. */
export async function choosesPassword(vendor) {
  await vendor.sees(CHOOSE);
  await vendor.types("Password from the SMS", FIRST);
  await vendor.types("New password", PASSWORD);
  await vendor.types("New password again", PASSWORD);
  await vendor.presses("Continue");
  for (const document of [PRIVACY, TERMS]) await accepts(vendor, document);
  await vendor.sees(ACTIVE);
}

/** As if half a minute had passed: the app shows a code that was not used yet. */
export async function waitsForTheNextCode(portal) {
  await portal.sql("update authenticators set last_step = 0");
}

export async function signsInWithCode(vendor, password, app) {
  await waitsForTheNextCode(vendor.portal);
  await givesPassword(vendor, password);
  await vendor.sees(ENTER_CODE);
  await vendor.types("Code", app.code());
  await vendor.presses("Log in");
  await vendor.sees(ACCOUNT);
}

/** Shows anew who they are. */
export async function confirms(vendor, password, app) {
  await waitsForTheNextCode(vendor.portal);
  await vendor.sees(CONFIRM);
  await vendor.types("Password", password);
  await vendor.types("Code from your app", app.code());
  await vendor.presses("Continue");
}
