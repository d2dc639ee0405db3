//! Links by which an owner says that something was not them, and taking back what was added.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::StoreError;
use crate::domain::not_me::Addition;

/// A link, and what it is about.
#[derive(Debug)]
pub struct NotMeLink {
    /// The SHA-256 of its token.
    pub hash: [u8; 32],
    /// Whose account.
    pub account: Uuid,
    /// What happened, in the word of the notice.
    pub happened: Option<String>,
    /// When.
    pub happened_at: OffsetDateTime,
    /// Until when it is valid.
    pub expires_at: OffsetDateTime,
    /// When it was used.
    pub consumed_at: Option<OffsetDateTime>,
}

/// Puts a link there.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn put_link(connection: &mut PgConnection, link: &NotMeLink, now: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into tokens (hash, purpose, account_id, created_at, expires_at, consumed_at, happened, happened_at)
         values ($1, 'not_me', $2, $3, $4, $5, $6, $7)",
        &link.hash,
        link.account,
        now,
        link.expires_at,
        link.consumed_at,
        link.happened,
        link.happened_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The link with this hash.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn find_link(connection: &mut PgConnection, hash: &[u8; 32]) -> Result<Option<NotMeLink>, StoreError> {
    let row = sqlx::query!(
        r#"select account_id, happened, happened_at as "happened_at!", expires_at, consumed_at from tokens
            where hash = $1 and purpose = 'not_me'"#,
        hash,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| NotMeLink {
        hash: *hash,
        account: row.account_id,
        happened: row.happened,
        happened_at: row.happened_at,
        expires_at: row.expires_at,
        consumed_at: row.consumed_at,
    }))
}

/// Takes back what was added to an account at a moment: what is written down in one transaction has one moment. False if it is
/// not there (any more).
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn take_back(
    connection: &mut PgConnection,
    account: Uuid,
    addition: Addition,
    at: OffsetDateTime,
) -> Result<bool, StoreError> {
    let taken = match addition {
        Addition::Authenticator => {
            take_codes_back(connection, account, at).await?;
            sqlx::query!("delete from authenticators where account_id = $1 and created_at = $2", account, at)
                .execute(connection)
                .await?
                .rows_affected()
        }
        Addition::Passkey => {
            sqlx::query!(
                "update accounts set phone_replaced_at = null where id = $1 and phone_replaced_at = $2",
                account,
                at,
            )
            .execute(&mut *connection)
            .await?;
            sqlx::query!("delete from passkeys where account_id = $1 and created_at = $2", account, at)
                .execute(connection)
                .await?
                .rows_affected()
        }
        Addition::RecoveryCodes => take_codes_back(connection, account, at).await?,
        Addition::Mobile => sqlx::query!(
            "update accounts set mobile = null, mobile_country = null, phone_verified_at = null
              where id = $1 and phone_verified_at = $2",
            account,
            at,
        )
        .execute(connection)
        .await?
        .rows_affected(),
        // Known since then, or known before and last seen then: of either it is known that it was this one.
        Addition::Browser => sqlx::query!(
            "delete from known_browsers where account_id = $1 and (first_seen = $2 or last_seen = $2)",
            account,
            at,
        )
        .execute(connection)
        .await?
        .rows_affected(),
    };
    Ok(taken > 0)
}

/// Whether anything was taken back when an owner said at this moment that something was not them.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn was_taken_back(
    connection: &mut PgConnection,
    account: Uuid,
    at: OffsetDateTime,
) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from audit where account_id = $1 and event = 'not_me' and at = $2
                             and details->>'taken_back' = 'true') as "found!""#,
        account,
        at,
    );
    Ok(found.fetch_one(connection).await?)
}

async fn take_codes_back(connection: &mut PgConnection, account: Uuid, at: OffsetDateTime) -> Result<u64, StoreError> {
    let taken = sqlx::query!(
        "with gone as (delete from recovery_codes where account_id = $1 and created_at = $2 returning 1)
         update accounts set codes_kept_at = null where id = $1 and exists (select from gone)",
        account,
        at,
    )
    .execute(connection)
    .await?;
    Ok(taken.rows_affected())
}
