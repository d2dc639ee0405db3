//! What the owner of an account hears when something about its safety changed (docs/rules.md §4.14).

use askama::Template;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Letter, Letterhead};
use crate::domain::{moment, not_me::Addition};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// The password was changed.
    PasswordChanged,
    /// An authenticator app was added.
    AuthenticatorAdded,
    /// An authenticator app was removed.
    AuthenticatorRemoved,
    /// New recovery codes were made: the old ones no longer work.
    RecoveryCodesMade,
    /// Another mobile number took the place of the one before.
    MobileChanged,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A passkey was refused because its counter went back: there may be two of it.
    PasskeyCopied,
    /// Somebody signed in with a browser that the account did not know. Told by a message of its own.
    NewBrowser,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// Too many wrong passwords: no more are taken for a while.
    PasswordLocked,
    /// Too many wrong codes: no more are taken for a while.
    CodesLocked,
}

impl Happened {
    /// In words, as a heading.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::PasswordChanged => "Your TechPass password was changed",
            Self::AuthenticatorAdded => "An authenticator app was added to your TechPass",
            Self::AuthenticatorRemoved => "An authenticator app was removed from your TechPass",
            Self::RecoveryCodesMade => "New recovery codes were made for your TechPass",
            Self::MobileChanged => "The mobile number of your TechPass was changed",
            Self::PasskeyAdded => "A passkey was added to your TechPass",
            Self::PasskeyRemoved => "A passkey was removed from your TechPass",
            Self::PasskeyCopied => "A passkey of your TechPass may have been copied",
            Self::NewBrowser => "Somebody logged in to your TechPass in a new browser",
            Self::RecoveryCodeUsed => "A recovery code of your TechPass was used",
            Self::PasswordLocked => "Somebody gave too many wrong TechPass passwords",
            Self::CodesLocked => "Somebody gave too many wrong TechPass codes",
        }
    }

    /// The word that is stored.
    #[must_use]
    pub fn to_word(self) -> Option<String> {
        serde_json::to_value(self).ok().and_then(|word| word.as_str().map(str::to_owned))
    }

    /// Takes the word that is stored.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        serde_json::from_value(word.into()).ok()
    }

    /// What was added then: it is taken back if it was not the owner.
    #[must_use]
    pub const fn addition(self) -> Option<Addition> {
        match self {
            Self::AuthenticatorAdded => Some(Addition::Authenticator),
            Self::PasskeyAdded => Some(Addition::Passkey),
            Self::NewBrowser => Some(Addition::Browser),
            Self::RecoveryCodesMade => Some(Addition::RecoveryCodes),
            Self::MobileChanged => Some(Addition::Mobile),
            _ => None,
        }
    }

    const fn is_lock(self) -> bool {
        matches!(self, Self::PasswordLocked | Self::CodesLocked)
    }
}

/// Sent to the contact address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityNotice {
    /// What the owner is to hear of.
    pub happened: Happened,
    /// To which account.
    pub techpass_id: String,
    /// When it happened.
    #[serde(with = "time::serde::timestamp")]
    pub at: OffsetDateTime,
    /// The token of the link by which the owner says that it was not them. Notices of an earlier version have none.
    #[serde(default)]
    pub token: Option<String>,
}

#[derive(Template)]
#[template(path = "email/security_notice.txt")]
struct Text<'a> {
    subject: &'a str,
    recipient: &'a str,
    techpass_id: &'a str,
    link: &'a str,
    at: &'a str,
    is_lock: bool,
    is_copy: bool,
}

#[derive(Template)]
#[template(path = "email/security_notice.html")]
struct Html<'a> {
    subject: &'a str,
    recipient: &'a str,
    techpass_id: &'a str,
    link: &'a str,
    at: &'a str,
    is_lock: bool,
    is_copy: bool,
}

impl SecurityNotice {
    pub(super) fn write(&self, head: Letterhead<'_>) -> askama::Result<Letter> {
        let subject = self.happened.in_words();
        let link = head.link(&match &self.token {
            Some(token) => format!("/not-me/{token}"),
            None => "/account/security/not-me".to_owned(),
        });
        let at = moment::date_time(self.at);
        let (recipient, techpass_id, is_lock) = (head.recipient, self.techpass_id.as_str(), self.happened.is_lock());
        let is_copy = self.happened == Happened::PasskeyCopied;
        let text = Text { subject, recipient, techpass_id, link: &link, at: &at, is_lock, is_copy }.render()?;
        let html = Html { subject, recipient, techpass_id, link: &link, at: &at, is_lock, is_copy }.render()?;
        Ok(Letter { subject: subject.to_owned(), text, html })
    }
}
