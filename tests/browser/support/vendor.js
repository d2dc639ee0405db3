// The demo vendor: a local account on its way from the first password on.

import { ACTIVE, PRIVACY, SIGN_IN, TERMS, accepts } from "./officer.js";
import { until } from "./portal.js";

export const ID = "ana.demo@techpass.gov.sg";
export const EMAIL = "ana@vendor.example";
export const FIRST = "kaya-toast-2026";
export const PASSWORD = "wobbly teapot eleven moon";

export const ENTER_PASSWORD = "Enter your password";
export const SET_UP = "Set up your authenticator app";
export const CODES = "Keep your recovery codes";
export const PHONE = "Prove your phone";
export const CHOOSE = "Choose your password";
export const ENTER_CODE = "Enter the code from your app";

export async function givesPassword(vendor, password) {
  await vendor.opens("/sign-in");
  await vendor.sees(SIGN_IN);
  await vendor.types("TechPass ID", ID);
  await vendor.presses("Next");
  await vendor.sees(ENTER_PASSWORD);
  await vendor.types("Password", password);
  await vendor.presses("Log in");
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

/** The latest SMS that fits, once it was sent. */
export const sms = (portal, pattern) =>
  until("an SMS", 5_000, async () => (await portal.inbox()).find(({ kind, text }) => kind === "sms" && pattern.test(text)));
