// Signing out at the provider. Whoever brings their own ID token is signed out at once, and so is nobody; others are asked.

export async function signOutAtOnce(ctx, next) {
  await next();
  if (ctx.oidc?.route !== "end_session" || ctx.status !== 200) return;
  const { session, entities, provider } = ctx.oidc;
  const isTheirWish = entities.IdTokenHint?.payload.sub === session.accountId;
  if (session.accountId && !isTheirWish) return;

  const { postLogoutRedirectUri, state } = session.state;
  await session.destroy();
  ctx.cookies.set(provider.cookieName("session"), null);
  const target = new URL(postLogoutRedirectUri ?? ctx.oidc.urlFor("end_session_success"));
  if (postLogoutRedirectUri && state) target.searchParams.set("state", state);
  ctx.redirect(target.href);
  ctx.status = 303;
}
