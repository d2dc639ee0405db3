// What the portal and a browser do, with plain fetch: the provider's test reads as a story because this does the protocol.

import assert from "node:assert/strict";
import { createHash, createPublicKey, randomBytes, verify } from "node:crypto";

export class RelyingParty {
  #cookies = new Map();

  constructor(provider, redirectUri) {
    Object.assign(this, { provider, redirectUri });
  }

  async discover() {
    const response = await fetch(`${this.provider.issuer}/.well-known/openid-configuration`);
    this.metadata = await response.json();
    return this.metadata;
  }

  /** Follows an authorization request to the form, or back to us if nobody has to be asked. */
  async asks(more = {}) {
    await this.discover();
    this.verifier = randomBytes(32).toString("base64url");
    this.state = randomBytes(8).toString("hex");
    this.nonce = randomBytes(8).toString("hex");
    const url = new URL(this.metadata.authorization_endpoint);
    url.search = new URLSearchParams({
      client_id: this.provider.clientId,
      redirect_uri: this.redirectUri,
      response_type: "code",
      scope: "openid email profile",
      state: this.state,
      nonce: this.nonce,
      code_challenge: createHash("sha256").update(this.verifier).digest("base64url"),
      code_challenge_method: "S256",
      ...more,
    });
    return this.goes(url);
  }

  /** Sends the form of the page that `asks` gave; gives what the redirect URI was called with. */
  async answers(page, fields) {
    return this.goes(page.url, { method: "POST", body: new URLSearchParams(fields) });
  }

  /** A browser: keeps cookies and follows redirects, as far as our own address. */
  async goes(address, options = {}) {
    for (let url = new URL(address), sent = options; ; sent = {}) {
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const response = await fetch(url, { ...sent, redirect: "manual", headers: { accept: "text/html", cookie, ...sent.headers } });
      this.#keep(response.headers.getSetCookie());
      if (response.status < 300 || response.status > 399) return { url, status: response.status, headers: response.headers, html: await response.text() };
      url = new URL(response.headers.get("location"), url);
      if (url.origin === new URL(this.redirectUri).origin) return { url, answer: Object.fromEntries(url.searchParams) };
    }
  }

  async redeems(code, { verifier = this.verifier, basic = true, secret = this.provider.clientSecret } = {}) {
    const body = new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: this.redirectUri, code_verifier: verifier });
    const headers = {};
    if (basic) headers.authorization = `Basic ${Buffer.from(`${this.provider.clientId}:${secret}`).toString("base64")}`;
    else for (const [name, value] of [["client_id", this.provider.clientId], ["client_secret", secret]]) body.set(name, value);
    const response = await fetch(this.metadata.token_endpoint, { method: "POST", body, headers });
    return { status: response.status, ...(await response.json()) };
  }

  /** Signs in from beginning to end; gives the claims and the raw token. */
  async signsIn(fields, more) {
    const page = await this.asks(more);
    const { answer } = await this.answers(page, { do: "sign-in", ...fields });
    assert.equal(answer.state, this.state);
    assert.equal(answer.iss, this.provider.issuer);
    const tokens = await this.redeems(answer.code);
    assert.equal(tokens.status, 200, JSON.stringify(tokens));
    return { ...(await this.checks(tokens.id_token)), idToken: tokens.id_token };
  }

  async keys() {
    const response = await fetch(this.metadata.jwks_uri);
    return (await response.json()).keys;
  }

  /** Verifies an ID token against the published keys. */
  async checks(token) {
    const [header, payload, signature] = token.split(".");
    const { kid, alg } = decoded(header);
    assert.equal(alg, "RS256");
    const jwk = (await this.keys()).find((key) => key.kid === kid);
    assert.ok(jwk, "its key is published");
    const isGenuine = verify("sha256", Buffer.from(`${header}.${payload}`), createPublicKey({ key: jwk, format: "jwk" }), Buffer.from(signature, "base64url"));
    assert.ok(isGenuine, "its signature holds");
    const claims = decoded(payload);
    assert.equal(claims.iss, this.provider.issuer);
    assert.equal(claims.aud, this.provider.clientId);
    return { kid, claims };
  }

  #keep(cookies) {
    for (const cookie of cookies) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      if (value) this.#cookies.set(name, value);
      else this.#cookies.delete(name);
    }
  }
}

const decoded = (part) => JSON.parse(Buffer.from(part, "base64url").toString());
