// Who can sign in: three people of the demo data, and whoever one types in.

const DEMO = [
  { id: "officer", role: "Officer", email: "mei.officer@tech.gov.sg", name: "Tan Mei" },
  { id: "agent", role: "Agent", email: "agent@tech.gov.sg", name: "Lim Agnes" },
  { id: "administrator", role: "Administrator", email: "admin@tech.gov.sg", name: "Ong Adam" },
];

const SOMEBODY_ELSE = "somebody-else";
const ADDRESS = /^[^\s@]+@[^\s@]+$/;
const LONGEST_ADDRESS = 254;
const LONGEST_SUBJECT = 255;

export class People {
  #bySubject = new Map();

  demo = DEMO;

  /** What the form shows at first. */
  blank(hint = "") {
    const known = DEMO.find(({ email }) => email === hint.toLowerCase());
    const person = known?.id ?? (hint ? SOMEBODY_ELSE : DEMO[0].id);
    return { person, email: known ? "" : hint, subject: "", mfa: true, verified: true, error: null };
  }

  /** What was sent, so that the form can show it again; `error` says what is wrong with it. */
  read(fields, hint = "") {
    const sent = {
      person: fields.get("person") ?? SOMEBODY_ELSE,
      email: (fields.get("email") ?? "").trim(),
      subject: (fields.get("subject") ?? "").trim(),
      mfa: fields.has("mfa"),
      verified: fields.has("verified"),
    };
    return { ...sent, error: whatIsWrong(sent, hint) };
  }

  /** Remembers what the provider will say of somebody, and gives what it signs them in with. */
  signIn({ person, email, subject, mfa, verified }) {
    const known = DEMO.find(({ id }) => id === person);
    const address = known?.email ?? email;
    const sub = subject || `dev-${address.toLowerCase()}`;
    this.#bySubject.set(sub, { sub, email: address, email_verified: verified, name: known?.name ?? nameFrom(address) });
    return {
      accountId: sub,
      amr: mfa ? ["pwd", "mfa"] : ["pwd"],
      acr: mfa ? LEVELS.mfa : LEVELS.pwd,
    };
  }

  find(subject) {
    return this.#bySubject.get(subject);
  }
}

/** How surely somebody is who they say, in the words that research and education federations use. */
export const LEVELS = { mfa: "https://refeds.org/profile/mfa", pwd: "https://refeds.org/profile/sfa" };

function whatIsWrong({ person, email, subject }, hint) {
  if (subject.length > LONGEST_SUBJECT || /[^\x20-\x7e]/.test(subject)) {
    return { field: "subject", message: `Enter at most ${LONGEST_SUBJECT} plain characters` };
  }
  if (person === SOMEBODY_ELSE) {
    const isAddress = ADDRESS.test(email) && email.length <= LONGEST_ADDRESS;
    return isAddress ? null : { field: "email", message: "Enter the e-mail address of somebody else, such as ana@vendor.example" };
  }
  // Without scripts, typing an address does not choose “Somebody else”, and nobody should be signed in as another than they typed.
  if (email && email !== hint) return { field: "email", message: "Choose “Somebody else” to sign in with this address" };
  return DEMO.some(({ id }) => id === person) ? null : { field: "email", message: "Choose who signs in" };
}

function nameFrom(address) {
  const words = address.split("@")[0].split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  return words.map((word) => word[0].toUpperCase() + word.slice(1)).join(" ") || address;
}
