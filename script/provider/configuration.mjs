// What the library is told. Where it has a default that talks on standard output, it is told something of ours.

import { interactionPolicy } from "oidc-provider";
// The library's own store: all providers of this process share it, so that a new set of keys forgets nobody who is signed in.
import Store from "oidc-provider/lib/adapters/memory_adapter.js";
import { LEVELS } from "./people.mjs";

const MINUTES = 60;

export function configurationFor({ settings, keys, people, pages, cookieKey }) {
  return {
    adapter: (model) => new Store(model),
    jwks: { keys: keys.keys },
    clients: [
      {
        client_id: settings.clientId,
        client_secret: settings.clientSecret,
        redirect_uris: settings.redirectUris,
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    clientAuthMethods: ["client_secret_basic", "client_secret_post"],
    responseTypes: ["code"],
    pkce: { methods: ["S256"], required: () => true },
    scopes: ["openid", "email", "profile"],
    claims: {
      openid: ["sub", "amr", "acr", "auth_time"],
      email: ["email", "email_verified"],
      profile: ["name"],
    },
    acrValues: Object.values(LEVELS),
    // The claims of all scopes stand in the ID token, so that nobody has to ask for them once more.
    conformIdTokenClaims: false,
    findAccount: (ctx, subject) => {
      const person = people.find(subject);
      return person && { accountId: subject, claims: () => person };
    },
    loadExistingGrant: consentOf,
    interactions: { policy: policy(), url: (ctx, { uid }) => `/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => pages.askToSignOut(ctx, form),
        postLogoutSuccessSource: (ctx) => pages.signedOut(ctx),
      },
    },
    renderError: (ctx, problem) => pages.refused(ctx, problem),
    clientBasedCORS: () => false,
    cookies: {
      keys: [cookieKey],
      // Cookies do not know ports: the portal at the same address gets them, too.
      names: { session: "provider_session", interaction: "provider_interaction", resume: "provider_resume" },
    },
    ttl: {
      AccessToken: 10 * MINUTES,
      AuthorizationCode: MINUTES,
      Grant: 480 * MINUTES,
      IdToken: 10 * MINUTES,
      Interaction: 60 * MINUTES,
      Session: 480 * MINUTES,
    },
  };
}

/* Nobody is asked what the portal may know of them: it is their employer's. */
function policy() {
  const prompts = interactionPolicy.base();
  prompts.remove("consent");
  prompts.add(new interactionPolicy.Prompt({ name: "select_account", requestable: true }), 0);
  return prompts;
}

async function consentOf(ctx) {
  const { client, session, provider, requestParamScopes } = ctx.oidc;
  const known = session.grantIdFor(client.clientId);
  const grant = (known && (await provider.Grant.find(known))) || new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope([...requestParamScopes].join(" "));
  await grant.save();
  return grant;
}
