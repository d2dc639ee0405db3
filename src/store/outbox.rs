//! What is to be sent, and what was. It is also the delivery log: no row is ever dropped.
//!
//! A worker claims messages by a lease: until it ends, nobody else sends them; a worker that dies lets it end. What became of
//! a message is written down only by whoever still holds the lease.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::StoreError;
use crate::domain::sms_fate::SmsFate;

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
    /// The server took it.
    Sent {
        /// What an SMS gateway calls it, by which it tells later what became of it.
        gateway_id: Option<String>,
    },
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
    let gateway_id = match outcome {
        Outcome::Sent { gateway_id } => gateway_id.as_deref(),
        _ => None,
    };
    let (status, reason, due_at, sent_at) = match outcome {
        Outcome::Sent { .. } => ("sent", None, None, Some(now)),
        Outcome::Retry { reason, at } => ("queued", Some(reason), Some(*at), None),
        Outcome::Bounced { reason } => ("bounced", Some(reason), None, None),
        Outcome::GivenUp { reason } => ("given_up", Some(reason), None, None),
    };
    let done = sqlx::query!(
        // What is known already of an earlier attempt, under another name, says nothing of this one.
        "update outbox set status = $3, last_error = $4, due_at = coalesce($5, due_at), sent_at = $6,
                lease = null, lease_ends = null, gateway_id = coalesce($7, gateway_id),
                delivery = case when $7 <> gateway_id then null else delivery end
          where id = $1 and status = 'sending' and lease = $2",
        id,
        lease,
        status,
        reason,
        due_at,
        sent_at,
        gateway_id,
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What the SMS gateway reports about a message.
#[derive(Debug)]
pub struct Report<'a> {
    /// Which message, where the gateway says it in our words. It may report before we have written down what it calls it.
    pub message: Option<Uuid>,
    /// What the gateway calls it.
    pub gateway_id: &'a str,
    /// What became of it.
    pub fate: SmsFate,
    /// The gateway's number for what went wrong.
    pub error: Option<&'a str>,
}

/// Writes down what became of an SMS, and gives which message it is. None if that is known already, or something later is, or
/// there is no such message.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn note_report(
    connection: &mut PgConnection,
    report: &Report<'_>,
    now: OffsetDateTime,
) -> Result<Option<Uuid>, StoreError> {
    let noted = sqlx::query_scalar!(
        "update outbox set gateway_id = $2, delivery = $3, delivery_error = $4, delivery_at = $5
          where id = coalesce($1, (select id from outbox where gateway_id = $2 order by created_at desc limit 1))
            and channel = 'sms' and coalesce(gateway_id, $2) = $2
            and (delivery is null or (delivery = $6 and $3 <> $6))
         returning id",
        report.message,
        report.gateway_id,
        report.fate.as_str(),
        report.error,
        now,
        SmsFate::PassedOn.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(noted)
}

/// Whether the latest message of a kind that an account was sent since a moment is lost: its person waits in vain.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn is_latest_lost(
    connection: &mut PgConnection,
    account: Uuid,
    kind: &str,
    since: OffsetDateTime,
) -> Result<bool, StoreError> {
    let lost = sqlx::query_scalar!(
        r#"select coalesce(status in ('bounced', 'given_up') or delivery in ('undelivered', 'failed'), false) as "lost!"
             from outbox where account_id = $1 and kind = $2 and created_at >= $3 order by created_at desc limit 1"#,
        account,
        kind,
        since,
    )
    .fetch_optional(connection)
    .await?;
    Ok(lost.unwrap_or(false))
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
