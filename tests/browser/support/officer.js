// An officer's way from the invitation to My Account: what the tests of that way have in common.

import { signsInAtProvider } from "./provider.js";
import { address } from "./house.js";
import { INVITATION, invitationLink, signsUp } from "./sign_up.js";

export const PRIVACY = "Privacy Policy";
export const TERMS = "Terms of Use";
export const MDM = "MDM Acceptable Use Policy";
export const ACTIVE = "You have successfully onboarded to TechPass";
export const ACCOUNT = "My Account";
export const SIGN_IN = "Log in with TechPass";
export const HOME = "Get your TechPass";

export const AGREE = "I have read this document and accept it";
export const ACCEPT = "Accept and continue";

/** Somebody who has signed up and got the e-mail. */
export async function invited(officer, { email = address(), seed } = {}) {
  await signsUp(officer, { email, seed });
  return { email, link: await invitationLink(officer.portal, email) };
}

/** Opens the invitation and presses its button: is at the provider then. */
export async function acceptsInvitation(officer, link) {
  await officer.opens(link);
  await officer.sees(INVITATION);
  await officer.presses("Accept invitation");
}

/** Reads a document and accepts it. */
export async function accepts(officer, document) {
  await officer.sees(document);
  await officer.ticks(AGREE);
  await officer.presses(ACCEPT);
}

/** Has signed up, has signed in at the provider, and sees the first document. */
export async function reachesTheTerms(officer, options) {
  const invitation = await invited(officer, options);
  await acceptsInvitation(officer, invitation.link);
  await signsInAtProvider(officer, { email: invitation.email });
  await officer.sees(PRIVACY);
  return invitation;
}

/** All the way: the account is active, and its person is signed in. */
export async function becomesActive(officer, options) {
  const invitation = await reachesTheTerms(officer, options);
  for (const document of [PRIVACY, TERMS]) await accepts(officer, document);
  await officer.sees(ACTIVE);
  return invitation;
}

/** Gives their TechPass ID: is at the provider then, unless it still knows them. */
export async function givesTheirId(officer, id) {
  await officer.sees(SIGN_IN);
  await officer.types("TechPass ID", id);
  await officer.presses("Next");
}

export async function signsOut(officer) {
  officer.effort.clicks += 1;
  await officer.leavesBy(() => officer.page.getByRole("button", { name: "Sign out", exact: true }).click());
  await officer.sees(HOME);
}

/** As if a night had passed: our session has ended, and so has the provider's. */
export async function sleepsOnIt({ context, portal }, email) {
  await portal.sql("update sessions set ends_at = now() where account_id = (select id from accounts where email = $1)", email);
  await context.clearCookies({ name: /^provider_/ });
}

/** What the database says of an account. */
export async function accountOf(portal, email) {
  const [account] = await portal.sql(
    `select status, (select count(*)::int from acceptances where account_id = a.id) as accepted,
            (select count(*)::int from audit where account_id = a.id and event = 'activated') as activated,
            (select count(*)::int from audit where account_id = a.id and event = 'bound_to_provider') as bound
       from accounts a where email = $1`,
    email,
  );
  return account;
}
