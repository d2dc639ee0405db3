//! The way out for e-mail: a real mail server, by SMTP.

mod server;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use lettre::{
    Message as Email,
    message::{Mailbox, MultiPart, header},
    transport::smtp::{Error as SmtpError, client::AsyncSmtpConnection},
};
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use tokio::time::Instant;
use uuid::Uuid;

use self::server::Server;
use super::Letter;

/// A connection that was idle for longer is not used again: mail servers hang up after a minute or so.
const KEPT_FOR: Duration = Duration::from_secs(20);

/// A connection that was idle for longer is asked whether it still works. Under load none is, so it costs nothing there.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// Why a message did not leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// The mail server will never take it: no such mailbox, for instance.
    #[error("{0}")]
    ForGood(String),
    /// It may work later.
    #[error("{0}")]
    ForNow(String),
}

impl From<SmtpError> for NotSent {
    fn from(error: SmtpError) -> Self {
        let reason = error.to_string();
        if error.is_permanent() && error.status().is_none_or(|code| is_about_the_message(code.into(), &reason)) {
            Self::ForGood(reason)
        } else {
            Self::ForNow(reason)
        }
    }
}

/// A mail server, and the connections to it that are idle just now.
///
/// A connection is taken out for a message and put back when the message is done. Whoever gives up waiting drops it with the
/// conversation on it: the next message must not read the answers to this one.
#[derive(Clone)]
pub struct Smtp {
    server: Arc<Server>,
    idle: Arc<Mutex<Vec<Idle>>>,
    from: Mailbox,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Smtp {
    /// The mail server at `url` (`smtp://`, `smtps://`); `from` is the sender of every mail. Connects when first used.
    ///
    /// # Errors
    /// A sentence, if the URL cannot be used.
    pub fn new(url: &SecretString, from: Mailbox) -> Result<Self, String> {
        let server = Server::at(url.expose_secret()).map_err(|problem| format!("PORTAL_MAIL__URL {problem}"))?;
        Ok(Self { server: Arc::new(server), idle: Arc::default(), from })
    }

    /// Sends one message. `id` makes the Message-ID: the same for every attempt, so that whoever gets it twice can tell.
    ///
    /// # Errors
    /// [`NotSent`], told apart by whether trying again makes sense.
    pub async fn send(&self, id: Uuid, to: &str, letter: Letter, now: OffsetDateTime) -> Result<(), NotSent> {
        let email = self.write(id, to, letter, now).map_err(|error| NotSent::ForGood(error.to_string()))?;
        let mut connection = self.take_connection().await?;
        connection.send(email.envelope(), &email.formatted()).await?;
        if !connection.has_broken() {
            let idle = Idle { connection, since: Instant::now() };
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
        }
        Ok(())
    }

    async fn take_connection(&self) -> Result<AsyncSmtpConnection, NotSent> {
        while let Some(mut idle) = self.last_idle() {
            let idle_for = idle.since.elapsed();
            if idle_for < TRUSTED_FOR || (idle_for < KEPT_FOR && idle.connection.test_connected().await) {
                return Ok(idle.connection);
            }
        }
        self.server.connect().await
    }

    fn last_idle(&self) -> Option<Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn write(
        &self,
        id: Uuid,
        to: &str,
        letter: Letter,
        now: OffsetDateTime,
    ) -> Result<Email, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Email::builder()
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .date(SystemTime::from(now))
            .from(self.from.clone())
            .to(Mailbox::new(None, to.parse()?))
            .subject(letter.subject)
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(letter.text, letter.html))?)
    }
}

/// Refusals that are about us rather than about the message (log in first, wrong password, relaying denied: by the code, or
/// by an enhanced one of class 5.7, RFC 3463 §3.8): a person mends the settings, and the message still goes out.
fn is_about_the_message(code: u16, reason: &str) -> bool {
    let is_by_policy = reason.split(|c: char| c.is_whitespace() || c == '"').any(|word| word.starts_with("5.7."));
    !is_by_policy && !matches!(code, 500 | 502 | 503 | 504 | 521 | 530 | 534 | 535 | 538)
}

/// Tells other machines not to answer with an "I am on leave" (RFC 3834 §5).
#[derive(Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::is_about_the_message;

    #[test]
    fn a_refusal_of_ourselves_is_no_bounce() {
        for code in [550, 551, 552, 553, 554, 501] {
            assert!(is_about_the_message(code, "5.1.1 no such user"), "{code}");
        }
        for code in [530, 534, 535, 538, 521, 503] {
            assert!(!is_about_the_message(code, ""), "{code}");
        }
        assert!(!is_about_the_message(554, "permanent error (554): 5.7.1 relay access denied"));
    }
}
