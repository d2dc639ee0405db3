//! Codes by SMS that prove a phone: one an account, kept as a hash. What is sent is the business of `outbox`.

use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::StoreError;
use crate::domain::{mobile::Mobile, moment::is_expired};

/// How long a code by SMS is valid.
pub const SMS_CODE_VALIDITY: Duration = Duration::minutes(10);

/// How soon another one may be sent (docs/rules.md §4.5).
pub const SMS_AGAIN_AFTER: Duration = Duration::seconds(60);

/// How many wrong tries a code by SMS survives.
const SMS_TRIES: i32 = 5;

/// The phone that a code is on its way to, and when it was sent.
#[derive(Debug)]
pub struct SmsUnderWay {
    /// The number.
    pub mobile: String,
    /// The country that was chosen with it.
    pub mobile_country: String,
    /// When the code was sent.
    pub sent_at: OffsetDateTime,
}

/// The code that is on its way to an account's phone.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn sms_under_way(connection: &mut PgConnection, account: Uuid) -> Result<Option<SmsUnderWay>, StoreError> {
    let query = sqlx::query_as!(
        SmsUnderWay,
        "select mobile, mobile_country, sent_at from sms_codes where account_id = $1",
        account
    );
    Ok(query.fetch_optional(connection).await?)
}

/// Puts a new code in the place of the one before. False if that one was sent less than 60 seconds ago.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn put_sms_code(
    connection: &mut PgConnection,
    account: Uuid,
    mobile: &Mobile,
    hash: &[u8],
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "insert into sms_codes as c (account_id, mobile, mobile_country, hash, sent_at, expires_at, tries_left)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (account_id) do update set mobile = $2, mobile_country = $3, hash = $4, sent_at = $5, expires_at = $6,
                tries_left = $7
          where c.sent_at <= $8",
        account,
        mobile.as_str(),
        mobile.country(),
        hash,
        now,
        now + SMS_CODE_VALIDITY,
        SMS_TRIES,
        now - SMS_AGAIN_AFTER,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What became of a code by SMS that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeCheck {
    /// It is right; the phone is proven.
    Right,
    /// It is wrong.
    Wrong {
        /// How many tries are left.
        tries_left: i32,
    },
    /// There is no code that could be right: expired, or tried too often before.
    Dead,
}

/// Tries a code by SMS. A right one proves the phone, and is gone; a wrong one costs a try.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn try_sms_code(
    connection: &mut PgConnection,
    account: Uuid,
    hash: &[u8],
    now: OffsetDateTime,
) -> Result<CodeCheck, StoreError> {
    let row = sqlx::query!(
        r#"update sms_codes set tries_left = tries_left - 1 where account_id = $1 and tries_left > 0
           returning mobile, mobile_country, hash = $2 as "is_right!", expires_at, tries_left"#,
        account,
        hash,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(CodeCheck::Dead) };
    if is_expired(row.expires_at, now) {
        return Ok(CodeCheck::Dead);
    }
    if !row.is_right {
        return Ok(CodeCheck::Wrong { tries_left: row.tries_left });
    }
    sqlx::query!(
        "with gone as (delete from sms_codes where account_id = $1)
         update accounts set mobile = $2, mobile_country = $3, phone_verified_at = $4 where id = $1",
        account,
        row.mobile,
        row.mobile_country,
        now,
    )
    .execute(connection)
    .await?;
    Ok(CodeCheck::Right)
}
