// The WOG identity provider of a portal under test: the development one, with a person's way through it.

import assert from "node:assert/strict";
import { RunningProvider } from "../../../script/provider/running.mjs";

const HEADING = "Development sign-in";
const DEMO = { "mei.officer@tech.gov.sg": "Officer", "agent@tech.gov.sg": "Agent", "admin@tech.gov.sg": "Administrator" };

/** A provider for the portal at this address, on a free port. */
export async function startProviderFor(portalAddress) {
  return RunningProvider.start({ redirectUris: [`${portalAddress}/auth/wog/callback`] });
}

/** What the portal has to be told of it. */
export function settingsFor({ issuer, clientId, clientSecret }) {
  return {
    PORTAL_OIDC__WOG__ISSUER: issuer,
    PORTAL_OIDC__WOG__CLIENT_ID: clientId,
    PORTAL_OIDC__WOG__CLIENT_SECRET: clientSecret,
  };
}

/** Was sent to the provider, signs in there, and is back at the portal. What it took them there is not counted: it is not our page. */
export async function signsInAtProvider(person, { email = "mei.officer@tech.gov.sg", mfa = true, verified = true, subject = "" } = {}) {
  await isAtProvider(person);
  const { page } = person;
  await page.getByRole("radio", { name: DEMO[email] ?? "Somebody else", exact: true }).check();
  await page.getByRole("textbox", { name: "E-mail address of somebody else", exact: true }).fill(DEMO[email] ? "" : email);
  await page.getByRole("checkbox", { name: "Vouch for a second factor", exact: true }).setChecked(mfa);
  await page.getByRole("checkbox", { name: "The address is verified", exact: true }).setChecked(verified);
  await page.getByRole("textbox", { name: /^Subject/ }).fill(subject);
  await person.leavesBy(() => page.getByRole("button", { name: "Sign in", exact: true }).click());
  isBack(person);
}

/** Was sent to the provider, and thinks better of it. */
export async function cancelsAtProvider(person) {
  await isAtProvider(person);
  await person.leavesBy(() => person.page.getByRole("button", { name: "Cancel", exact: true }).click());
  isBack(person);
}

/** Sees the provider's page; gives the address that it has filled in. */
export async function isAtProvider(person) {
  await person.page.getByRole("heading", { level: 1, name: HEADING, exact: true }).waitFor();
  assert.equal(new URL(person.page.url()).origin, person.portal.provider.issuer);
  return person.page.getByRole("textbox", { name: "E-mail address of somebody else", exact: true }).inputValue();
}

function isBack(person) {
  assert.equal(new URL(person.page.url()).origin, person.portal.address, "back at the portal");
}
