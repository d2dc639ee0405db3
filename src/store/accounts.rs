//! Accounts: what is known about them.

use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::StoreError;
use crate::domain::{account::AccountStatus, email_address::EmailAddress, seed::SeedStatus, sign_up::KnownAccount};

/// The living account of an address, locked, and how often messages of these `kinds` were sent to it in the last hour.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn find_for_sign_up(
    connection: &mut PgConnection,
    email: &EmailAddress,
    kinds: &[&str],
    now: OffsetDateTime,
) -> Result<Option<(Uuid, KnownAccount)>, StoreError> {
    let Some(row) = sqlx::query!(
        "select id, status, activation_ends, seed_status from accounts
          where email = $1 and status <> 'terminated' for update",
        email.as_str(),
    )
    .fetch_optional(&mut *connection)
    .await?
    else {
        return Ok(None);
    };
    // Asked after the lock is held, so that of two at once the second sees what the first one sent.
    let written = sqlx::query!(
        r#"select max(created_at) as last, count(distinct created_at) as "times!" from outbox
            where account_id = $1 and created_at > $2 and kind = any($3)"#,
        row.id,
        now - Duration::HOUR,
        kinds as &[&str],
    )
    .fetch_one(connection)
    .await?;
    let known = KnownAccount {
        status: status(&row.status)?,
        activation_ends: row.activation_ends,
        seed: SeedStatus::parse(&row.seed_status).ok_or(StoreError::UnknownValue("accounts.seed_status"))?,
        last_message_at: written.last,
        messages_in_last_hour: u32::try_from(written.times).unwrap_or(u32::MAX),
    };
    Ok(Some((row.id, known)))
}

/// Reads the status of an account.
pub(super) fn status(text: &str) -> Result<AccountStatus, StoreError> {
    AccountStatus::parse(text).ok_or(StoreError::UnknownValue("accounts.status"))
}
