// What the tests of the first journey have in common: how the form is called, and a sign-up from beginning to end.

export const DEVICE = "Which device do you use?";
export const DEVICES = {
  non_se_gsib: "Government laptop with internet (non-SE GSIB)",
  se_gsib: "Government laptop without internet (SE GSIB)",
  gmd: "Other computer that is on SEED already (GMD)",
  internet_device: "Other computer that is not on SEED (Internet Device)",
};
export const LAPTOP = DEVICES.non_se_gsib;
export const EMAIL = "Organisational e-mail";
export const SEED = "Is onboarding to SEED required?";
export const INVITATION = "Accept your TechPass invitation";
export const SEED_MAIL = "Put your device on SEED";
export const SIGN_UP = "Sign up for TechPass";
export const DONE = "Check your e-mail";

/** Fills in the sign-up form, or that of `/start`. */
export async function fillsIn(visitor, { email, device = LAPTOP, seed }) {
  await visitor.types(EMAIL, email);
  if (device) await visitor.chooses(DEVICE, device);
  if (seed) await visitor.chooses(SEED, seed);
}

export async function opensSignUp(visitor) {
  await visitor.opens("/sign-up");
  await visitor.sees(SIGN_UP, { title: "Sign up" });
}

export async function signsUp(visitor, answers) {
  await opensSignUp(visitor);
  await fillsIn(visitor, answers);
  await visitor.presses("Submit");
  await visitor.sees(DONE);
}

/** The link in the onboarding e-mail of somebody, once it has come. */
export async function invitationLink(portal, email) {
  const mail = await portal.mail(email, INVITATION);
  return linkIn(portal, mail, "/accept/");
}

/** The link that stands alone on a line of a message. */
export function linkIn(portal, mail, path) {
  const link = mail.text.split("\n").find((line) => line.startsWith(`${portal.address}${path}`));
  if (!link) throw new Error(`no link to ${path} in:\n${mail.text}`);
  return link;
}
