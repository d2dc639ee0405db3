//! Where e-mail goes: to the mail server, or in development to the inbox at `/dev/inbox`.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Letter,
    smtp::{NotSent, Smtp},
};
use crate::config::Mail;

/// The way out for e-mail.
#[derive(Clone)]
pub enum Post {
    /// To a mail server.
    Server(Smtp),
    /// Nowhere: the development inbox reads what was sent from the outbox.
    DevelopmentInbox,
}

impl Post {
    /// The way that the settings name.
    ///
    /// # Errors
    /// A sentence, if the mail server's address cannot be used.
    pub fn new(settings: &Mail) -> Result<Self, String> {
        match &settings.server {
            Some(url) => Ok(Self::Server(Smtp::new(url, settings.from.clone())?)),
            None => Ok(Self::DevelopmentInbox),
        }
    }

    /// Sends one message.
    ///
    /// # Errors
    /// [`NotSent`], told apart by whether trying again makes sense.
    pub async fn send(&self, id: Uuid, to: &str, letter: Letter, now: OffsetDateTime) -> Result<(), NotSent> {
        match self {
            Self::Server(server) => server.send(id, to, letter, now).await,
            Self::DevelopmentInbox => Ok(()),
        }
    }
}
