// The sign-in page: shows who can be chosen, and tells the provider who was.

import { errors } from "oidc-provider";

const PATH = /^\/interaction\/([\w-]+)$/;
const LONGEST_FORM = 10_000;

export function signInPage(provider, people, pages) {
  return async (ctx, next) => {
    const [, id] = PATH.exec(ctx.path) ?? [];
    if (!id) return next();
    const interaction = await provider.interactionDetails(ctx.req, ctx.res).catch(unlessItIsOver);
    if (interaction?.uid !== id) return pages.isOver(ctx);
    const hint = interaction.params.login_hint;
    if (ctx.method !== "POST") return pages.signIn(ctx, people, people.blank(hint));

    const fields = await formIn(ctx);
    if (fields.get("do") === "cancel") {
      return goOn(ctx, provider, { error: "access_denied", error_description: "the person cancelled the sign-in" });
    }
    const sent = people.read(fields, hint);
    if (sent.error) return pages.signIn(ctx, people, sent);
    const login = people.signIn(sent);
    await forgetAnotherPerson(ctx, provider, interaction, login.accountId);
    return goOn(ctx, provider, { login, select_account: {} });
  };
}

function unlessItIsOver(error) {
  if (!(error instanceof errors.SessionNotFound)) throw error;
}

async function goOn(ctx, provider, result) {
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result));
  ctx.status = 303;
}

// Left to itself, the library ends the session of the person before with a page that needs scripts.
async function forgetAnotherPerson(ctx, provider, interaction, accountId) {
  const before = interaction.session;
  if (!before?.accountId || before.accountId === accountId) return;
  const session = await provider.Session.findByUid(before.uid);
  await session?.destroy();
  interaction.session = undefined;
  await interaction.persist();
}

async function formIn(ctx) {
  let text = "";
  for await (const chunk of ctx.req.setEncoding("utf8")) {
    text += chunk;
    if (text.length > LONGEST_FORM) ctx.throw(413);
  }
  return new URLSearchParams(text);
}
