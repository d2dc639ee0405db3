//! Stored secrets by the key that they are encrypted with. The first bytes of each say which (`keys::Keys`).

use sqlx::PgConnection;

use super::{StoreError, credentials::Authenticator};

/// How far secrets are counted: how many more there are makes no difference to whoever waits until there is none.
const COUNTED: i64 = 10_000;

/// Authenticators whose secret is encrypted with a key, locked until the transaction ends; past those that somebody else has
/// locked.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn under(connection: &mut PgConnection, key_id: &[u8], most: i64) -> Result<Vec<Authenticator>, StoreError> {
    Ok(sqlx::query_as!(
        Authenticator,
        "select id, secret from authenticators where substring(secret from 1 for 4) = $1 limit $2 for update skip locked",
        key_id,
        most,
    )
    .fetch_all(connection)
    .await?)
}

/// Puts a secret in the place of the same one under another key.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn replace(connection: &mut PgConnection, authenticator: &Authenticator) -> Result<(), StoreError> {
    sqlx::query!("update authenticators set secret = $2 where id = $1", authenticator.id, authenticator.secret)
        .execute(connection)
        .await?;
    Ok(())
}

/// How many secrets are encrypted with a key, up to a number that is many.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn count_under(connection: &mut PgConnection, key_id: &[u8]) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
               select from authenticators where substring(secret from 1 for 4) = $1 limit $2) as counted"#,
        key_id,
        COUNTED,
    );
    Ok(count.fetch_one(connection).await?)
}
