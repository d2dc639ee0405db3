//! What we send: one struct an e-mail, with its subject, text and HTML; and the ways out.
//!
//! A message is stored as what it says (encrypted, for it holds links), and written out only when it is sent.

pub mod account_disabled;
pub mod account_secured;
pub mod already_active;
pub mod new_browser;
pub mod no_password_link;
pub mod password_link;
pub mod post;
pub mod security_notice;
pub mod seed_onboarding;
pub mod sms;
pub mod sms_texts;
pub mod smtp;
pub mod techpass_onboarding;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use url::Url;
use uuid::Uuid;

use crate::{chance::Chance, keys::Keys, store::outbox::NewMessage};

pub use account_disabled::AccountDisabled;
pub use account_secured::AccountSecured;
pub use already_active::AlreadyActive;
pub use new_browser::NewBrowser;
pub use no_password_link::NoPasswordLink;
pub use password_link::PasswordLink;
pub use security_notice::SecurityNotice;
pub use seed_onboarding::SeedOnboarding;
pub use sms_texts::{InitialPassword, SmsCode};
pub use techpass_onboarding::TechPassOnboarding;

/// Everything that we send. Stored messages are read by later versions: a variant may gain fields, never change its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message {
    /// The invitation to activate a TechPass account.
    #[serde(rename = "techpass_onboarding")]
    TechPassOnboarding(TechPassOnboarding),
    /// How to put a device on SEED.
    SeedOnboarding(SeedOnboarding),
    /// Somebody signed up with the address of an active account.
    AlreadyActive(AlreadyActive),
    /// Somebody signed up with the address of a disabled account.
    AccountDisabled(AccountDisabled),
    /// The link to choose a new password.
    PasswordLink(PasswordLink),
    /// Somebody asked for such a link for an account that is disabled or has ended.
    NoPasswordLink(NoPasswordLink),
    /// Something about the safety of the account changed.
    SecurityNotice(SecurityNotice),
    /// The owner said that something was not them, and this was done.
    AccountSecured(AccountSecured),
    /// Somebody signed in with a browser that the account did not know.
    NewBrowser(NewBrowser),
    /// By SMS: a code that proves a phone.
    SmsCode(SmsCode),
    /// By SMS: the first password of a local account.
    InitialPassword(InitialPassword),
}

/// What a sign-up may send: counted together when an address is not to be written to too often.
pub const SENT_BY_SIGN_UP: &[&str] = &["techpass_onboarding", "seed_onboarding", "already_active", "account_disabled"];

/// Why a stored message cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It was encrypted with another key, or for another row.
    #[error("the message is not encrypted with our key")]
    OtherKey,
    /// It was stored by a version that knows more kinds.
    #[error("this version does not know the kind of the message")]
    UnknownKind,
}

/// A message, written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The subject line.
    pub subject: String,
    /// The text, for clients and people that prefer it.
    pub text: String,
    /// The same in HTML.
    pub html: String,
}

/// What every message is written with.
#[derive(Debug, Clone, Copy)]
pub struct Letterhead<'a> {
    /// What links begin with; has no path.
    pub base_url: &'a Url,
    /// Whose address it goes to.
    pub recipient: &'a str,
}

impl Letterhead<'_> {
    /// An absolute link to a page of ours (`/accept/…`).
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.as_str().trim_end_matches('/'))
    }
}

impl Message {
    /// What it is, for the log and for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TechPassOnboarding(_) => "techpass_onboarding",
            Self::SeedOnboarding(_) => "seed_onboarding",
            Self::AlreadyActive(_) => "already_active",
            Self::AccountDisabled(_) => "account_disabled",
            Self::PasswordLink(_) => "password_link",
            Self::NoPasswordLink(_) => "no_password_link",
            Self::SecurityNotice(_) => "security_notice",
            Self::AccountSecured(_) => "account_secured",
            Self::NewBrowser(_) => NewBrowser::KIND,
            Self::SmsCode(_) => SmsCode::KIND,
            Self::InitialPassword(_) => "initial_password",
        }
    }

    /// Writes the message out.
    ///
    /// # Errors
    /// If a template fails.
    pub fn write(&self, head: Letterhead<'_>) -> askama::Result<Letter> {
        match self {
            Self::TechPassOnboarding(message) => message.write(head),
            Self::SeedOnboarding(message) => message.write(head),
            Self::AlreadyActive(message) => message.write(head),
            Self::AccountDisabled(message) => message.write(head),
            Self::PasswordLink(message) => message.write(head),
            Self::NoPasswordLink(message) => message.write(head),
            Self::SecurityNotice(message) => message.write(head),
            Self::AccountSecured(message) => message.write(head),
            Self::NewBrowser(message) => message.write(head),
            Self::SmsCode(message) => Ok(message.write()),
            Self::InitialPassword(message) => Ok(message.write()),
        }
    }

    /// Encrypts the message for the outbox.
    pub fn seal(&self, keys: &Keys, chance: &dyn Chance, now: OffsetDateTime) -> NewMessage {
        let id = chance.id(now);
        let plain = serde_json::to_vec(self).expect("a message of text and dates becomes JSON");
        NewMessage { id, kind: self.kind(), body: keys.seal(chance, id.as_bytes(), &plain) }
    }

    /// Decrypts a message from the outbox.
    ///
    /// # Errors
    /// [`Unreadable`] says why it cannot be read just now.
    pub fn open(keys: &Keys, id: Uuid, body: &[u8]) -> Result<Self, Unreadable> {
        let plain = keys.open(id.as_bytes(), body).map_err(|_| Unreadable::OtherKey)?;
        serde_json::from_slice(&plain).map_err(|_| Unreadable::UnknownKind)
    }
}

#[cfg(test)]
mod tests;
