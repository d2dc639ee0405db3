//! The TechPass onboarding e-mail: the invitation to activate an account (docs/rules.md §2.7).

use askama::Template;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Letter, Letterhead};
use crate::domain::moment;

/// Sent to whoever signs up, and again when they ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TechPassOnboarding {
    /// What opens the invitation.
    pub token: String,
    /// Until when the account can be activated.
    #[serde(with = "time::serde::rfc3339")]
    pub activation_ends: OffsetDateTime,
    /// What to say about SEED.
    pub seed: SeedNote,
}

/// What the onboarding e-mail says about SEED.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeedNote {
    /// It was not asked for.
    None,
    /// It was asked for; an e-mail of its own tells the rest.
    Sent,
    /// It was asked for and given some time ago.
    SentBefore,
    /// It was asked for, and is not offered at this domain.
    NotOffered,
}

#[derive(Template)]
#[template(path = "email/techpass_onboarding.txt")]
struct Text<'a> {
    recipient: &'a str,
    link: &'a str,
    ends: &'a str,
    seed: SeedNote,
}

#[derive(Template)]
#[template(path = "email/techpass_onboarding.html")]
struct Html<'a> {
    subject: &'a str,
    recipient: &'a str,
    link: &'a str,
    ends: &'a str,
    seed: SeedNote,
}

impl TechPassOnboarding {
    pub(super) fn write(&self, head: Letterhead<'_>) -> askama::Result<Letter> {
        let subject = format!("Accept your TechPass invitation before {}", moment::date_only(self.activation_ends));
        let link = head.link(&format!("/accept/{}", self.token));
        let ends = moment::date_time(self.activation_ends);
        let (recipient, seed) = (head.recipient, self.seed);
        let text = Text { recipient, link: &link, ends: &ends, seed }.render()?;
        let html = Html { subject: &subject, recipient, link: &link, ends: &ends, seed }.render()?;
        Ok(Letter { subject, text, html })
    }
}
