// As if somebody who is signed in had just proved anew who they are, in every browser of theirs.

export async function confirms(portal, email) {
  await portal.sql(
    `update sessions set content = jsonb_set(content, '{sitting,confirmed_at}', to_jsonb($2::bigint))
      where account_id = (select id from accounts where email = $1)`,
    email,
    Date.now() * 1000,
  );
}
