// The stand-in is a provider as the real one is: the whole way of a code, and what must be refused.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { RelyingParty } from "./relying_party.mjs";
import { RunningProvider } from "./running.mjs";

const CALLBACK = "http://127.0.0.1:9/auth/wog/callback";
const OFFICER = { person: "officer", mfa: "yes", verified: "yes" };
const SOMEBODY = { person: "somebody-else", email: "Ana.Lim@vendor.example", mfa: "yes", verified: "yes" };
const WITH_MFA = "https://refeds.org/profile/mfa";
const WITHOUT_MFA = "https://refeds.org/profile/sfa";

let provider;
const portal = () => new RelyingParty(provider, CALLBACK);

before(async () => {
  provider = await RunningProvider.start({ redirectUris: [CALLBACK] });
});
after(async () => {
  assert.equal(await provider.stop(), 0);
  assert.deepEqual(provider.said, [`provider ready ${provider.issuer}`], "it says one line and nothing else");
});

test("it describes itself", async () => {
  const metadata = await portal().discover();
  assert.equal(metadata.issuer, provider.issuer);
  assert.deepEqual(metadata.response_types_supported, ["code"]);
  assert.deepEqual(metadata.code_challenge_methods_supported, ["S256"]);
  assert.deepEqual(metadata.id_token_signing_alg_values_supported, ["RS256"]);
  assert.deepEqual(metadata.token_endpoint_auth_methods_supported, ["client_secret_basic", "client_secret_post"]);
  assert.deepEqual(metadata.acr_values_supported, [WITH_MFA, WITHOUT_MFA]);
  for (const scope of ["openid", "email", "profile"]) assert.ok(metadata.scopes_supported.includes(scope), scope);
});

test("a demo person signs in, and the ID token says who they are", async () => {
  const browser = portal();
  const { claims } = await browser.signsIn(OFFICER);
  assert.equal(claims.sub, "dev-mei.officer@tech.gov.sg");
  assert.equal(claims.email, "mei.officer@tech.gov.sg");
  assert.equal(claims.email_verified, true);
  assert.equal(claims.name, "Tan Mei");
  assert.deepEqual(claims.amr, ["pwd", "mfa"]);
  assert.equal(claims.acr, WITH_MFA);
  assert.equal(claims.nonce, browser.nonce);
  assert.ok(Math.abs(claims.auth_time - Date.now() / 1000) < 60);
});

test("somebody else signs in without a second factor, at an address that is not verified", async () => {
  const { claims } = await portal().signsIn({ email: SOMEBODY.email });
  assert.equal(claims.sub, "dev-ana.lim@vendor.example");
  assert.equal(claims.email, SOMEBODY.email);
  assert.equal(claims.email_verified, false);
  assert.equal(claims.name, "Ana Lim");
  assert.deepEqual(claims.amr, ["pwd"]);
  assert.equal(claims.acr, WITHOUT_MFA);
});

test("another person can have the same address", async () => {
  const { claims } = await portal().signsIn({ ...SOMEBODY, subject: "another" });
  assert.equal(claims.sub, "another");
  assert.equal(claims.email, SOMEBODY.email);
});

test("the form needs no scripts, and fills in the address that was hinted at", async () => {
  const page = await portal().asks({ login_hint: '"><script>@x.example' });
  assert.equal(page.status, 200);
  assert.match(page.html, /<title>Development sign-in<\/title>/);
  assert.match(page.html, /name="email" value="&#34;&#62;&#60;script&#62;@x\.example"/);
  assert.match(page.html, /value="somebody-else" checked/);
  assert.doesNotMatch(page.html, /<script/);
  assert.match(page.headers.get("content-security-policy"), /^default-src 'none'; style-src 'self'; .*form-action 'self' http:\/\/127\.0\.0\.1:9;/);

  const known = await portal().asks({ login_hint: "Agent@tech.gov.sg" });
  assert.match(known.html, /value="agent" checked/);
});

for (const [what, fields, message] of [
  ["no address", { person: "somebody-else" }, /Enter the e-mail address/],
  ["nonsense for an address", { email: "ana" }, /Enter the e-mail address/],
  ["an address beside a demo person", { ...OFFICER, email: "ana@vendor.example" }, /Choose “Somebody else”/],
  ["somebody who is not there", { person: "nobody" }, /Choose who signs in/],
  ["a subject of odd characters", { ...OFFICER, subject: "é" }, /plain characters/],
]) {
  test(`the form comes back if it has ${what}`, async () => {
    const browser = portal();
    const page = await browser.asks();
    const again = await browser.answers(page, { do: "sign-in", ...fields });
    assert.equal(again.status, 422);
    assert.match(again.html, message);
    const { answer } = await browser.answers(again, { do: "sign-in", ...OFFICER });
    assert.ok(answer.code, "and can be sent again");
  });
}

test("cancelling ends with access_denied", async () => {
  const browser = portal();
  const { answer } = await browser.answers(await browser.asks(), { do: "cancel" });
  assert.equal(answer.error, "access_denied");
  assert.equal(answer.state, browser.state);
  assert.equal(answer.code, undefined);
});

test("a sign-in that is over says so", async () => {
  const browser = portal();
  const page = await browser.asks();
  await browser.answers(page, { do: "sign-in", ...OFFICER });
  const again = await browser.answers(page, { do: "sign-in", ...OFFICER });
  assert.equal(again.status, 400);
  assert.match(again.html, /This sign-in is over/);
});

async function code(browser, more) {
  const { answer } = await browser.answers(await browser.asks(more), { do: "sign-in", ...OFFICER });
  return answer.code;
}

test("a wrong verifier, a wrong secret and a code used before are refused", async () => {
  const browser = portal();
  const first = await code(browser);
  assert.equal((await browser.redeems(first, { verifier: "x".repeat(43) })).error, "invalid_grant");
  assert.equal((await browser.redeems(first, { secret: "wrong" })).error, "invalid_client");
  assert.equal((await browser.redeems(first)).status, 200);
  assert.equal((await browser.redeems(first)).error, "invalid_grant");
});

test("the secret may stand in the body", async () => {
  const browser = portal();
  assert.equal((await browser.redeems(await code(browser), { basic: false })).status, 200);
});

for (const [what, more] of [
  ["no PKCE", { code_challenge: "", code_challenge_method: "" }],
  ["plain PKCE", { code_challenge_method: "plain" }],
]) {
  test(`a request with ${what} is refused`, async () => {
    const { answer } = await portal().asks(more);
    assert.equal(answer.error, "invalid_request");
  });
}

test("who opens its address by themselves is shown the way to the portal", async () => {
  const page = await portal().goes(provider.issuer);
  assert.equal(page.status, 200);
  assert.match(page.html, /<a href="http:\/\/127\.0\.0\.1:9\/">/);
});

test("nobody is sent to an address that is not registered", async () => {
  const page = await portal().asks({ redirect_uri: "http://127.0.0.1:9/elsewhere" });
  assert.equal(page.status, 400);
  assert.match(page.html, /That did not work/);
});

test("who is signed in is not asked again, unless the portal wants it", async () => {
  const browser = portal();
  await browser.signsIn(OFFICER);
  assert.ok((await browser.asks()).answer.code, "single sign-on");
  for (const wish of [{ prompt: "login" }, { prompt: "select_account" }, { prompt: "login select_account" }, { max_age: "0" }]) {
    const page = await browser.asks(wish);
    assert.match(page.html ?? "", /<h1>Development sign-in<\/h1>/, JSON.stringify(wish));
    assert.ok((await browser.answers(page, { do: "sign-in", ...OFFICER })).answer.code);
  }
  await pause(2_100);
  assert.match((await browser.asks({ max_age: "1" })).html ?? "", /Development sign-in/);
  assert.equal((await portal().asks({ prompt: "none" })).answer.error, "login_required");
});

test("another person can sign in where somebody was signed in", async () => {
  const browser = portal();
  await browser.signsIn(OFFICER);
  const { claims } = await browser.signsIn(SOMEBODY, { prompt: "select_account" });
  assert.equal(claims.email, SOMEBODY.email);
  assert.deepEqual((await browser.signsIn({ ...OFFICER, person: "agent" }, { prompt: "login" })).claims.name, "Lim Agnes");
});

test("signing out with one's own token asks nothing, and without it asks first", async () => {
  const browser = portal();
  const { idToken } = await browser.signsIn(OFFICER);
  const asked = await browser.goes(browser.metadata.end_session_endpoint);
  assert.match(asked.html, /<h1>Sign out\?<\/h1>/);
  assert.ok((await browser.asks()).answer.code, "still signed in");

  const out = new URL(browser.metadata.end_session_endpoint);
  out.search = new URLSearchParams({ id_token_hint: idToken, post_logout_redirect_uri: new URL("/sign-in", CALLBACK), state: "s" });
  assert.equal((await browser.goes(out)).url.href, "http://127.0.0.1:9/sign-in?state=s");
  assert.match((await browser.asks()).html, /Development sign-in/);
});

test("signing out when nobody is signed in says so, and the button of the question works", async () => {
  const browser = portal();
  await browser.discover();
  assert.match((await browser.goes(browser.metadata.end_session_endpoint)).html, /You are signed out/);
  await browser.signsIn(OFFICER);
  const asked = await browser.goes(browser.metadata.end_session_endpoint);
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(asked.html)[1];
  const done = await browser.goes(`${browser.metadata.end_session_endpoint}/confirm`, { method: "POST", body: new URLSearchParams({ xsrf, logout: "yes" }) });
  assert.match(done.html, /You are signed out/);
  assert.match((await browser.asks()).html, /Development sign-in/);
});

test("after a rotation a new key signs, the old one still verifies, and nobody is forgotten", async () => {
  const browser = portal();
  const before = await browser.signsIn(OFFICER);
  const late = await code(browser, { prompt: "login" });
  provider.rotateKeys();
  while ((await browser.keys())[0].kid === before.kid) await pause(20);
  assert.equal((await browser.checks(before.idToken)).kid, before.kid);
  const { id_token: token } = await browser.redeems(late);
  assert.notEqual((await browser.checks(token)).kid, before.kid);
  assert.ok((await browser.asks()).answer.code, "still signed in");
});

test("it stops within a second", async () => {
  const other = await RunningProvider.start({ redirectUris: [CALLBACK] });
  await new RelyingParty(other, CALLBACK).asks(); // A connection that is kept open must not hold it up.
  const began = Date.now();
  assert.equal(await other.stop(), 0);
  assert.ok(Date.now() - began < 1_000);
});

test("it serves nobody beyond this machine", () => {
  const start = (more) => spawnSync(process.execPath, [fileURLToPath(new URL("provider.mjs", import.meta.url))], {
    env: { PROVIDER_LISTEN: "127.0.0.1:0", PROVIDER_CLIENT_ID: "portal", PROVIDER_CLIENT_SECRET: "s", PROVIDER_REDIRECT_URIS: CALLBACK, ...more },
    encoding: "utf8",
    timeout: 10_000,
  });
  for (const more of [
    { PROVIDER_LISTEN: "0.0.0.0:0" },
    { PROVIDER_REDIRECT_URIS: `${CALLBACK} https://portal.example/auth/wog/callback` },
    { PROVIDER_CLIENT_SECRET: "" },
  ]) {
    const { status, stderr } = start(more);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`^provider: .*${Object.keys(more)[0]}.*\n$`));
  }
});
