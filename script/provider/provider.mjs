#!/usr/bin/env node
// A stand-in for the WOG identity provider, for development and tests: real OpenID Connect, and nobody's password is asked.
//
//   PROVIDER_LISTEN=127.0.0.1:8090 PROVIDER_CLIENT_ID=portal PROVIDER_CLIENT_SECRET=… \
//   PROVIDER_REDIRECT_URIS="http://127.0.0.1:8080/auth/wog/callback …" node script/provider/provider.mjs
//
// Port 0 is any free one. It says `provider ready ISSUER` when it is, and nothing else. SIGUSR2 gives it a new signing key; the one
// before stays published.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import Provider from "oidc-provider";
import { configurationFor } from "./configuration.mjs";
import { Keys } from "./keys.mjs";
import { Pages } from "./pages.mjs";
import { People } from "./people.mjs";
import { settingsFrom } from "./settings.mjs";
import { signInPage } from "./sign_in.mjs";
import { signOutAtOnce } from "./sign_out.mjs";

async function main() {
  const settings = settingsFrom(process.env);
  const origins = settings.redirectUris.map((uri) => new URL(uri).origin);
  const house = { settings, keys: await Keys.make(), people: new People(), pages: new Pages(origins), cookieKey: randomBytes(32).toString("hex") };

  let answer = (request, response) => response.writeHead(503).end();
  const server = createServer((request, response) => answer(request, response)).listen(settings.port, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${server.address().port}`;
  answer = answersAs(issuer, house, origins);

  process.on("SIGUSR2", async () => {
    await house.keys.rotate();
    // The library takes keys only at the beginning.
    answer = answersAs(issuer, house, origins);
  });
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(0));
  console.log(`provider ready ${issuer}`);
}

function answersAs(issuer, house, origins) {
  const provider = new Provider(issuer, configurationFor(house));
  provider.Client.prototype.postLogoutRedirectUriAllowed = (uri) => URL.canParse(uri) && origins.includes(new URL(uri).origin);
  provider.on("server_error", (ctx, error) => console.error(error));
  provider.use((ctx, next) => house.pages.style(ctx, next));
  provider.use((ctx, next) => house.pages.home(ctx, next));
  provider.use(signInPage(provider, house.people, house.pages));
  provider.use(signOutAtOnce);
  return provider.callback();
}

await main().catch((error) => {
  console.error(`provider: ${error.message}`);
  process.exitCode = 1;
});
