//! What people prove who they are by: passwords, authenticators, recovery codes. Nothing here opens anything if it
//! is copied: passwords and codes are hashes, secrets are encrypted.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{StoreError, accounts::status};
use crate::domain::{account::AccountStatus, codes::CodeUse, moment::is_expired, techpass_id::Username};

/// The password of a local account, and what decides whether it lets in.
#[derive(Debug)]
pub struct KnownPassword {
    /// The account.
    pub account: Uuid,
    /// Where it stands.
    pub status: AccountStatus,
    /// When it is over unless it is activated before.
    pub activation_ends: OffsetDateTime,
    /// The hash; none if there is no password.
    pub hash: Option<String>,
    /// When an initial password dies.
    pub expires_at: Option<OffsetDateTime>,
}

/// The password of a username.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn password_of(
    connection: &mut PgConnection,
    username: &Username,
) -> Result<Option<KnownPassword>, StoreError> {
    let row = sqlx::query!(
        r#"select a.id, a.status, a.activation_ends, p.hash as "hash?", p.expires_at as "expires_at?"
             from accounts a left join passwords p on p.account_id = a.id where a.username = $1"#,
        username.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(KnownPassword {
            account: row.id,
            status: status(&row.status)?,
            activation_ends: row.activation_ends,
            hash: row.hash,
            expires_at: row.expires_at,
        })
    })
    .transpose()
}

/// The hash of an account's password; none if an initial one has died.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn password_hash(
    connection: &mut PgConnection,
    account: Uuid,
    now: OffsetDateTime,
) -> Result<Option<String>, StoreError> {
    let row = sqlx::query!("select hash, expires_at from passwords where account_id = $1", account)
        .fetch_optional(connection)
        .await?;
    Ok(row.filter(|row| !row.expires_at.is_some_and(|ends| is_expired(ends, now))).map(|row| row.hash))
}

/// The password that somebody chose.
#[derive(Debug)]
pub struct ChosenPassword {
    /// Its hash.
    pub hash: String,
    /// When it was chosen.
    pub set_at: OffsetDateTime,
}

/// The password that the person of an account chose.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn chosen_password(
    connection: &mut PgConnection,
    account: Uuid,
) -> Result<Option<ChosenPassword>, StoreError> {
    let query = sqlx::query_as!(
        ChosenPassword,
        "select hash, set_at from passwords where account_id = $1 and kind = 'chosen'",
        account
    );
    Ok(query.fetch_optional(connection).await?)
}

/// Sets the password of an account: one that its person chose, or an initial one that dies.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn set_password(
    connection: &mut PgConnection,
    account: Uuid,
    hash: &str,
    expires_at: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into passwords (account_id, hash, kind, set_at, expires_at) values ($1, $2, $3, $4, $5)
         on conflict (account_id) do update set hash = $2, kind = $3, set_at = $4, expires_at = $5",
        account,
        hash,
        if expires_at.is_some() { "initial" } else { "chosen" },
        now,
        expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts a password that its person chose in the place of the one that they gave: only if that is still the one there is, for it is what
/// proves who they are. False if another one took its place meanwhile.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn replace_password(
    connection: &mut PgConnection,
    account: Uuid,
    given: &str,
    hash: &str,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update passwords set hash = $3, kind = 'chosen', set_at = $4, expires_at = null where account_id = $1 and hash = $2",
        account,
        given,
        hash,
        now,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether a hash is that of an account's password still: then neither changes before the transaction ends. Locks the account first,
/// as whoever changes a password does.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn lock_password(connection: &mut PgConnection, account: Uuid, hash: &str) -> Result<bool, StoreError> {
    let row = sqlx::query!(
        "select a.id from accounts a join passwords p on p.account_id = a.id where a.id = $1 and p.hash = $2
            for update of a for share of p",
        account,
        hash,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.is_some())
}

/// Takes the password of an account away: nothing fits any more, until its owner chooses another by a mailed link.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn remove_password(connection: &mut PgConnection, account: Uuid) -> Result<(), StoreError> {
    sqlx::query!("delete from passwords where account_id = $1", account).execute(connection).await?;
    Ok(())
}

/// An authenticator and its secret, encrypted.
#[derive(Debug)]
pub struct Authenticator {
    /// Its id, to which the secret is tied.
    pub id: Uuid,
    /// The secret, encrypted.
    pub secret: Vec<u8>,
}

/// The authenticators of an account.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn authenticators(connection: &mut PgConnection, account: Uuid) -> Result<Vec<Authenticator>, StoreError> {
    let query = sqlx::query_as!(Authenticator, "select id, secret from authenticators where account_id = $1", account);
    Ok(query.fetch_all(connection).await?)
}

/// Adds an authenticator that has just given its first code. False if that secret is there already: a double click.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn add_authenticator(
    connection: &mut PgConnection,
    account: Uuid,
    authenticator: &Authenticator,
    name: &str,
    step: i64,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "with added as (
             insert into authenticators (id, account_id, name, secret, created_at, last_step, last_used_at)
             values ($1, $2, $3, $4, $5, $6, $5) on conflict (id) do nothing returning account_id
         )
         update accounts set authenticators_made = authenticators_made + 1 where id in (select account_id from added)",
        authenticator.id,
        account,
        name,
        authenticator.secret,
        now,
        step,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Uses up a step of an authenticator, and with it every older one (RFC 6238 §5.2). False if it was used already, by whomever.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn use_step(
    connection: &mut PgConnection,
    authenticator: Uuid,
    step: i64,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update authenticators set last_step = $2, last_used_at = $3 where id = $1 and last_step < $2",
        authenticator,
        step,
        now,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts new recovery codes in the place of all that there are. They count as kept only when the person says so.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn replace_recovery_codes(
    connection: &mut PgConnection,
    account: Uuid,
    hashes: &[Vec<u8>],
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    // First of all, for it locks the account: of two at once, the second one deletes what the first one made.
    sqlx::query!("update accounts set codes_kept_at = null where id = $1", account).execute(&mut *connection).await?;
    sqlx::query!("delete from recovery_codes where account_id = $1", account).execute(&mut *connection).await?;
    sqlx::query!(
        "insert into recovery_codes (account_id, hash, created_at) select $1, h, $3 from unnest($2::bytea[]) as h",
        account,
        hashes,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that the person keeps the recovery codes that they were shown. False if those are not the ones that there are.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn keep_recovery_codes(
    connection: &mut PgConnection,
    account: Uuid,
    shown: &[Vec<u8>],
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update accounts set codes_kept_at = $2 where id = $1
            and (select count(*) from recovery_codes where account_id = $1 and hash = any($3)) = cardinality($3::bytea[])",
        account,
        now,
        shown,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Uses a recovery code.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn use_recovery_code(
    connection: &mut PgConnection,
    account: Uuid,
    hashes: &[Vec<u8>],
    now: OffsetDateTime,
) -> Result<CodeUse, StoreError> {
    let done = sqlx::query!(
        "update recovery_codes set used_at = $3 where account_id = $1 and hash = any($2) and used_at is null",
        account,
        hashes,
        now,
    )
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(CodeUse::Right);
    }
    let used =
        sqlx::query!("select used_at from recovery_codes where account_id = $1 and hash = any($2)", account, hashes)
            .fetch_optional(connection)
            .await?;
    Ok(if used.is_some() { CodeUse::Used } else { CodeUse::Wrong })
}
