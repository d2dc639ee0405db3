//! Sends what is in the outbox: claims a few messages, sends each, writes down at once what became of it.

use std::time::Duration as Wait;

use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    domain::{
        delivery::{Next, after_failure},
        moment::is_expired,
    },
    messages::{Letterhead, Message, smtp::NotSent},
    store::{
        StoreError,
        outbox::{self, Claimed, Outcome},
    },
};

/// How many messages one process sends at once. Also how many can be sent a second time after a crash: those that the mail
/// server had taken, and that were not yet written down.
pub const LANES: usize = 4;

/// How many messages a lane claims at a time.
const CLAIM: i64 = 8;

/// For how long a message is claimed. A worker that dies leaves it to others after this: within a minute.
const LEASE: Duration = Duration::seconds(45);

/// How often to look at the clock when nobody rings: a process may die between its commit and the bell.
const LOOK_EVERY: Wait = Wait::from_secs(5);

/// How long to wait when the database does not answer.
const DATABASE_GONE: Wait = Wait::from_secs(1);

/// How soon to try again to write down what became of a message.
const RECORD_AGAIN: Wait = Wait::from_millis(200);

/// One lane: sends until stopped, finishing what it has claimed.
pub async fn deliver(app: App, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let wait = match deliver_due(&app, &stop).await {
            Ok(0) => None,
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%error, "the outbox cannot be read; trying again");
                Some(DATABASE_GONE)
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = app.bell.heard(), if wait.is_none() => {}
            () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => {}
        }
    }
}

/// Rings the bell when a message falls due: a retry, or one that a dead worker left behind.
pub async fn wake_when_due(app: App) {
    loop {
        let wait = match outbox::next_due(&app.pool).await {
            Ok(Some(due)) => Wait::try_from(due - app.clock.now()).unwrap_or_default().min(LOOK_EVERY),
            Ok(None) | Err(_) => LOOK_EVERY,
        };
        tokio::time::sleep(wait.max(Wait::from_millis(100))).await;
        app.bell.ring_here();
    }
}

/// Claims a few messages that are due and sends them. Says how many it claimed.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn deliver_due(app: &App, stop: &CancellationToken) -> Result<usize, StoreError> {
    let now = app.clock.now();
    let lease_ends = now + LEASE;
    let claimed = outbox::claim(&app.pool, app.chance.id(now), lease_ends, CLAIM, now).await?;
    let count = claimed.len();
    if count > 0 {
        // There may be more.
        app.bell.ring_here();
    }
    for message in claimed {
        let now = app.clock.now();
        let last_start = lease_ends - Duration::try_from(app.config.mail.timeout).unwrap_or(LEASE);
        if stop.is_cancelled() || is_expired(last_start, now) {
            // Not begun: whoever comes next may have it at once.
            let outcome = Outcome::Retry { reason: "not begun in time".to_owned(), at: now };
            outbox::record(&app.pool, message.id, message.lease, &outcome, now).await?;
            continue;
        }
        let outcome = attempt(app, &message).await;
        note(app, &message, &outcome).await?;
    }
    Ok(count)
}

async fn attempt(app: &App, message: &Claimed) -> Outcome {
    let failure = match send(app, message).await {
        Ok(gateway_id) => return Outcome::Sent { gateway_id },
        Err(NotSent::ForGood(reason)) => return Outcome::Bounced { reason },
        Err(NotSent::ForNow(reason)) => reason,
    };
    let attempts = u32::try_from(message.attempts).unwrap_or(1);
    match after_failure(attempts, message.created_at, app.clock.now(), app.chance.fraction()) {
        Next::RetryAt(at) => Outcome::Retry { reason: failure, at },
        Next::GiveUp => Outcome::GivenUp { reason: failure },
    }
}

/// Sends a message; gives what an SMS gateway calls it.
async fn send(app: &App, message: &Claimed) -> Result<Option<String>, NotSent> {
    // Neither mends itself, but a person can: by bringing the key back, or by the next release. So it is tried again.
    let opened =
        Message::open(&app.keys, message.id, &message.body).map_err(|error| NotSent::ForNow(error.to_string()))?;
    let head = Letterhead { base_url: &app.config.base_url, recipient: &message.recipient };
    let letter = opened.write(head).map_err(|error| NotSent::ForNow(error.to_string()))?;
    let sending = async {
        if message.channel == "sms" {
            app.sms.send(message.id, &message.recipient, &letter.text).await
        } else {
            app.post.send(message.id, &message.recipient, letter, app.clock.now()).await.map(|()| None)
        }
    };
    tokio::time::timeout(app.config.mail.timeout, sending)
        .await
        .unwrap_or_else(|_| Err(NotSent::ForNow(format!("the {} server took too long", word(&message.channel)))))
}

/// What carries a message, in a word.
fn word(channel: &str) -> &'static str {
    if channel == "sms" { "SMS" } else { "mail" }
}

async fn note(app: &App, message: &Claimed, outcome: &Outcome) -> Result<(), StoreError> {
    let now = app.clock.now();
    let is_ours = record(app, message, outcome, now).await?;
    let (id, kind, attempts) = (message.id, message.kind.as_str(), message.attempts);
    let word = match outcome {
        Outcome::Sent { .. } => {
            tracing::info!(%id, kind, attempts, "sent a message");
            "sent"
        }
        Outcome::Retry { reason, .. } => {
            tracing::warn!(%id, kind, attempts, reason = %without_addresses(reason), "a message could not be sent; trying again later");
            "retried"
        }
        Outcome::Bounced { reason } => {
            tracing::warn!(%id, kind, attempts, reason = %without_addresses(reason), "a message was refused for good");
            "bounced"
        }
        Outcome::GivenUp { reason } => {
            tracing::error!(%id, kind, attempts, reason = %without_addresses(reason), "a message could not be sent for three days");
            "given_up"
        }
    };
    if !is_ours {
        tracing::warn!(%id, "the lease of a message ran out while it was being sent; it may arrive twice");
    }
    app.meter.delivery(word, Wait::try_from(now - message.created_at).unwrap_or_default());
    Ok(())
}

/// Writes down what became of a message, however long the database is away: only this process knows it, and once the lease
/// has ended another one would send the message again.
async fn record(app: &App, message: &Claimed, outcome: &Outcome, now: OffsetDateTime) -> Result<bool, StoreError> {
    let lease_ends = now + LEASE;
    loop {
        match outbox::record(&app.pool, message.id, message.lease, outcome, now).await {
            Err(error) if error.is_unavailable() && !is_expired(lease_ends, app.clock.now()) => {
                tracing::warn!(%error, id = %message.id, "what became of a message cannot be written down yet; trying again");
                tokio::time::sleep(RECORD_AGAIN).await;
            }
            other => return other,
        }
    }
}

/// What a mail server says often repeats the address; the log has none.
fn without_addresses(reason: &str) -> String {
    reason.split(' ').map(|word| if word.contains('@') { "<address>" } else { word }).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::without_addresses;

    #[test]
    fn a_mail_server_s_answer_is_logged_without_the_address_that_it_repeats() {
        let logged = without_addresses("permanent error (550): 5.1.1 <mei@tech.gov.sg>: no such user");
        assert_eq!(logged, "permanent error (550): 5.1.1 <address> no such user");
    }
}
