//! The way out for e-mail: a real mail server, by SMTP.

use std::time::{Duration, SystemTime};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message as Email, Tokio1Executor,
    message::{Mailbox, MultiPart, header},
    transport::smtp::PoolConfig,
};
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Letter;

/// Connections to the mail server that one copy of the portal keeps at most.
const CONNECTIONS: u32 = 8;

/// How long an idle connection is kept: mail servers hang up after a minute or so.
const IDLE: Duration = Duration::from_secs(20);

/// How long one step of the conversation may take.
const STEP: Duration = Duration::from_secs(10);

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

/// A mail server.
#[derive(Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// The mail server at `url` (`smtp://`, `smtps://`); `from` is the sender of every mail. Connects when first used.
    ///
    /// # Errors
    /// A sentence, if the URL cannot be used.
    pub fn new(url: &SecretString, from: Mailbox) -> Result<Self, String> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())
            .map_err(|error| format!("PORTAL_MAIL__URL cannot be used: {error}"))?
            .timeout(Some(STEP))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS).idle_timeout(IDLE))
            .build();
        Ok(Self { transport, from })
    }

    /// Sends one message. `id` makes the Message-ID: the same for every attempt, so that whoever gets it twice can tell.
    ///
    /// # Errors
    /// [`NotSent`], told apart by whether trying again makes sense.
    pub async fn send(&self, id: Uuid, to: &str, letter: Letter, now: OffsetDateTime) -> Result<(), NotSent> {
        let email = self.write(id, to, letter, now).map_err(|error| NotSent::ForGood(error.to_string()))?;
        self.transport.send(email).await.map(drop).map_err(|error| {
            let reason = error.to_string();
            if error.is_permanent() && error.status().is_none_or(|code| is_about_the_message(code.into())) {
                NotSent::ForGood(reason)
            } else {
                NotSent::ForNow(reason)
            }
        })
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

/// Refusals that are about us rather than about the message (log in first, wrong password, not now): a person mends the
/// settings, and the message still goes out.
fn is_about_the_message(code: u16) -> bool {
    !matches!(code, 500 | 502 | 503 | 504 | 521 | 530 | 534 | 535 | 538)
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
            assert!(is_about_the_message(code), "{code}");
        }
        for code in [530, 534, 535, 538, 521, 503] {
            assert!(!is_about_the_message(code), "{code}");
        }
    }
}
