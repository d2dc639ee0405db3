//! Links: who they are for and until when. Looking at one changes nothing.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{StoreError, accounts::status};
use crate::domain::{email_address::EmailAddress, identity::Candidate};

/// What an invitation link leads to.
#[derive(Debug)]
pub struct AcceptLink {
    /// Whom the invitation is for; none once the account was deleted.
    pub email: Option<EmailAddress>,
    /// The account.
    pub account: Candidate,
    /// Until when the link is valid.
    pub expires_at: OffsetDateTime,
    /// Whether it was used.
    pub is_consumed: bool,
}

/// The invitation behind a link.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn find_accept_link(
    connection: &mut PgConnection,
    hash: &[u8; 32],
) -> Result<Option<AcceptLink>, StoreError> {
    let row = sqlx::query!(
        r#"select a.id, a.email, a.status, a.activation_ends, a.provider_subject is not null as "is_bound!", t.expires_at, t.consumed_at is not null as "is_consumed!"
             from tokens t join accounts a on a.id = t.account_id
            where t.hash = $1 and t.purpose = 'accept'"#,
        hash,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(AcceptLink {
            email: row.email.as_deref().and_then(|email| EmailAddress::parse(email).ok()),
            account: Candidate {
                id: row.id,
                status: status(&row.status)?,
                activation_ends: row.activation_ends,
                is_bound: row.is_bound,
            },
            expires_at: row.expires_at,
            is_consumed: row.is_consumed,
        })
    })
    .transpose()
}

/// A link to choose a new password.
#[derive(Debug)]
pub struct PasswordToken {
    /// The SHA-256 of its token.
    pub hash: [u8; 32],
    /// Whose.
    pub account: Uuid,
    /// Until when it is valid.
    pub expires_at: OffsetDateTime,
    /// Whether it was used, or replaced by a newer one.
    pub is_consumed: bool,
}

/// Puts a link to choose a new password in the place of all earlier ones of the account.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn put_password_link(
    connection: &mut PgConnection,
    account: Uuid,
    hash: &[u8; 32],
    expires_at: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "with replaced as (
             update tokens set consumed_at = $4 where account_id = $2 and purpose = 'password' and consumed_at is null
         )
         insert into tokens (hash, purpose, account_id, created_at, expires_at) values ($1, 'password', $2, $4, $3)",
        hash,
        account,
        expires_at,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The link to choose a new password.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn find_password_link(
    connection: &mut PgConnection,
    hash: &[u8; 32],
) -> Result<Option<PasswordToken>, StoreError> {
    let row = sqlx::query!(
        r#"select account_id, expires_at, consumed_at is not null as "is_consumed!" from tokens
            where hash = $1 and purpose = 'password'"#,
        hash,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| PasswordToken {
        hash: *hash,
        account: row.account_id,
        expires_at: row.expires_at,
        is_consumed: row.is_consumed,
    }))
}

/// Ends the links to choose a new password that an account has open.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn end_password_links(
    connection: &mut PgConnection,
    account: Uuid,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update tokens set consumed_at = $2 where account_id = $1 and purpose = 'password' and consumed_at is null",
        account,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Uses a link up. False if it was used meanwhile.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn consume(connection: &mut PgConnection, hash: &[u8; 32], now: OffsetDateTime) -> Result<bool, StoreError> {
    let done = sqlx::query!("update tokens set consumed_at = $2 where hash = $1 and consumed_at is null", hash, now)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// A token without what mail programs take for a part of the link: the full stop or the bracket that follows it.
#[must_use]
pub fn without_punctuation(token: &str) -> &str {
    token.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric() && !matches!(letter, '-' | '_'))
}
