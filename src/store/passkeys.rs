//! Passkeys: public keys, and what their owners call them. Nothing here opens anything if it is copied.

use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::StoreError;
use crate::domain::passkey::PasskeyName;

/// A passkey, as its owner sees it.
#[derive(Debug, Clone)]
pub struct OwnPasskey {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// When it was added.
    pub created_at: OffsetDateTime,
    /// When it last let somebody in.
    pub last_used_at: Option<OffsetDateTime>,
}

/// The passkeys of an account, the oldest first.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn of_account(connection: &mut PgConnection, account: Uuid) -> Result<Vec<OwnPasskey>, StoreError> {
    Ok(sqlx::query_as!(
        OwnPasskey,
        "select id, name, created_at, last_used_at from passkeys where account_id = $1 order by created_at, id",
        account,
    )
    .fetch_all(connection)
    .await?)
}

/// What devices call the passkeys of an account.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn credential_ids(connection: &mut PgConnection, account: Uuid) -> Result<Vec<Vec<u8>>, StoreError> {
    let query = sqlx::query_scalar!("select credential_id from passkeys where account_id = $1 order by id", account);
    Ok(query.fetch_all(connection).await?)
}

/// A passkey to be added.
#[derive(Debug)]
pub struct NewPasskey<'a> {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub account: Uuid,
    /// What the device calls it.
    pub credential_id: &'a [u8],
    /// What its owner calls it.
    pub name: &'a PasskeyName,
    /// What has to be known to check its answers.
    pub credential: &'a Value,
}

/// Adds a passkey. False if it is registered already, by whomever.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn add(
    connection: &mut PgConnection,
    passkey: &NewPasskey<'_>,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "insert into passkeys (id, account_id, credential_id, name, credential, created_at)
         values ($1, $2, $3, $4, $5, $6) on conflict (credential_id) do nothing",
        passkey.id,
        passkey.account,
        passkey.credential_id,
        passkey.name.as_str(),
        passkey.credential,
        now,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A passkey whose answer is to be checked.
#[derive(Debug)]
pub struct KnownPasskey {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub account: Uuid,
    /// What has to be known to check its answers.
    pub credential: Value,
    /// The hash of the challenge that it answered last.
    pub last_challenge: Option<Vec<u8>>,
}

/// The passkey that devices call so, and its account, locked until the transaction ends: of many answers at once, one is checked
/// after the other.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn lock(connection: &mut PgConnection, credential_id: &[u8]) -> Result<Option<KnownPasskey>, StoreError> {
    // The account first, as where one is removed: two that lock in another order wait for each other.
    sqlx::query!(
        "select a.id from accounts a join passkeys p on p.account_id = a.id where p.credential_id = $1 for update of a",
        credential_id,
    )
    .fetch_optional(&mut *connection)
    .await?;
    Ok(sqlx::query_as!(
        KnownPasskey,
        "select id, account_id as account, credential, last_challenge from passkeys where credential_id = $1 for update",
        credential_id,
    )
    .fetch_optional(connection)
    .await?)
}

/// Whether that passkey is this account's.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn belongs_to(
    connection: &mut PgConnection,
    credential_id: &[u8],
    account: Uuid,
) -> Result<bool, StoreError> {
    let query = sqlx::query_scalar!(
        r#"select exists (select from passkeys where credential_id = $1 and account_id = $2) as "is_theirs!""#,
        credential_id,
        account,
    );
    Ok(query.fetch_one(connection).await?)
}

/// Notes that a passkey was used: its counter, and which challenge it answered.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn used(
    connection: &mut PgConnection,
    id: Uuid,
    credential: &Value,
    challenge: &[u8; 32],
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update passkeys set credential = $2, last_challenge = $3, last_used_at = $4 where id = $1",
        id,
        credential,
        challenge,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a passkey of this account another name. False if there is none such, or it is called so already.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn rename(
    connection: &mut PgConnection,
    account: Uuid,
    id: Uuid,
    name: &PasskeyName,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update passkeys set name = $3 where account_id = $1 and id = $2 and name <> $3",
        account,
        id,
        name.as_str()
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a passkey away from this account. False if there is none such.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn remove(connection: &mut PgConnection, account: Uuid, id: Uuid) -> Result<bool, StoreError> {
    let done =
        sqlx::query!("delete from passkeys where account_id = $1 and id = $2", account, id).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}
