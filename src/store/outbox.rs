//! What is to be sent, and what was. It is also the delivery log: no row is ever dropped.
//!
//! A worker claims messages by a lease: until it ends, nobody else sends them; a worker that dies lets it end. What became of
//! a message is written down only by whoever still holds the lease.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::StoreError;

/// The channel on which workers hear that there is something to send.
pub const BELL: &str = "outbox";

/// A message that is to be sent, encrypted.
#[derive(Debug)]
pub struct NewMessage {
    /// Also the local part of its Message-ID.
    pub id: Uuid,
    /// What it is, for the log and for people: `techpass_onboarding`.
    pub kind: &'static str,
    /// The message, encrypted.
    pub body: Vec<u8>,
}

/// Puts a message into the outbox, in the transaction of what it tells about. The bell is to be rung after the commit.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn put(
    connection: &mut PgConnection,
    account: Uuid,
    recipient: &str,
    message: &NewMessage,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into outbox (id, channel, recipient, kind, body, account_id, status, due_at, created_at)
         values ($1, $2, $3, $4, $5, $6, 'queued', $7, $7)",
        message.id,
        // Nothing but a number in the international form begins so.
        if recipient.starts_with('+') { "sms" } else { "email" },
        recipient,
        message.kind,
        message.body,
        account,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A message that this worker alone may send for now.
#[derive(Debug)]
pub struct Claimed {
    /// Also the local part of its Message-ID.
    pub id: Uuid,
    /// By what way: `email` or `sms`.
    pub channel: String,
    /// To whom.
    pub recipient: String,
    /// What it is.
    pub kind: String,
    /// The message, encrypted.
    pub body: Vec<u8>,
    /// How often it has been tried, this time included.
    pub attempts: i32,
    /// When it was put here.
    pub created_at: OffsetDateTime,
    /// The lease under which it may be sent.
    pub lease: Uuid,
}

/// Claims what is due, or was left behind by a worker that died: oldest first, past what other workers have locked.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn claim(
    pool: &PgPool,
    lease: Uuid,
    lease_ends: OffsetDateTime,
    most: i64,
    now: OffsetDateTime,
) -> Result<Vec<Claimed>, StoreError> {
    let rows = sqlx::query_as!(
        Claimed,
        r#"with queued as (
               select id from outbox where status = 'queued' and due_at <= $1
                order by due_at limit $2 for update skip locked
           ), left_behind as (
               select id from outbox where status = 'sending' and lease_ends <= $1
                order by lease_ends limit $2 for update skip locked
           ), due as (
               select id from left_behind union all select id from queued limit $2
           )
           update outbox o set status = 'sending', lease = $3, lease_ends = $4, attempts = attempts + 1
             from due where o.id = due.id
           returning o.id, o.channel, o.recipient, o.kind, o.body, o.attempts, o.created_at, o.lease as "lease!""#,
        now,
        most,
        lease,
        lease_ends,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows)
}

/// How an attempt to send ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The mail server took it.
    Sent,
    /// It did not work this time; the reason, and when to try next.
    Retry {
        /// Why it did not work.
        reason: String,
        /// When to try next.
        at: OffsetDateTime,
    },
    /// The mail server refused it for good.
    Bounced {
        /// Why it was refused.
        reason: String,
    },
    /// It did not work for so long that a person has to look.
    GivenUp {
        /// Why it did not work the last time.
        reason: String,
    },
}

/// Writes down how an attempt ended. False if the lease was lost meanwhile: then somebody else answers for the message.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn record(
    pool: &PgPool,
    id: Uuid,
    lease: Uuid,
    outcome: &Outcome,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let (status, reason, due_at, sent_at) = match outcome {
        Outcome::Sent => ("sent", None, None, Some(now)),
        Outcome::Retry { reason, at } => ("queued", Some(reason), Some(*at), None),
        Outcome::Bounced { reason } => ("bounced", Some(reason), None, None),
        Outcome::GivenUp { reason } => ("given_up", Some(reason), None, None),
    };
    let done = sqlx::query!(
        "update outbox set status = $3, last_error = $4, due_at = coalesce($5, due_at), sent_at = $6,
                lease = null, lease_ends = null
          where id = $1 and status = 'sending' and lease = $2",
        id,
        lease,
        status,
        reason,
        due_at,
        sent_at,
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// When there will be something to do: the earliest due date, or end of a lease. None if all is sent.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn next_due(pool: &PgPool) -> Result<Option<OffsetDateTime>, StoreError> {
    let next = sqlx::query_scalar!(
        "select least((select min(due_at) from outbox where status = 'queued'),
                      (select min(lease_ends) from outbox where status = 'sending'))"
    )
    .fetch_one(pool)
    .await?;
    Ok(next)
}

/// How many messages are not sent yet.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn count_waiting(pool: &PgPool) -> Result<i64, StoreError> {
    let waiting = sqlx::query_scalar!(
        r#"select (select count(*) from outbox where status = 'queued')
                + (select count(*) from outbox where status = 'sending') as "waiting!""#
    )
    .fetch_one(pool)
    .await?;
    Ok(waiting)
}

/// Rings for the workers of all copies.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn ring(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query!("select pg_notify($1, '')", BELL).execute(pool).await?;
    Ok(())
}

/// A message that was sent, for the development inbox.
#[derive(Debug)]
pub struct Sent {
    /// Its id.
    pub id: Uuid,
    /// `email` or `sms`.
    pub channel: String,
    /// To whom.
    pub recipient: String,
    /// The message, encrypted.
    pub body: Vec<u8>,
    /// When.
    pub sent_at: OffsetDateTime,
}

/// The latest messages that were sent, newest first.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn latest_sent(connection: &mut PgConnection, most: i64) -> Result<Vec<Sent>, StoreError> {
    let rows = sqlx::query_as!(
        Sent,
        r#"select id, channel, recipient, body, sent_at as "sent_at!" from outbox
            where status = 'sent' order by sent_at desc, id desc limit $1"#,
        most,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
