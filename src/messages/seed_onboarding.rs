//! The SEED onboarding e-mail: how to put a device on SEED, and until when (docs/rules.md §2.8).

use askama::Template;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Letter, Letterhead};
use crate::domain::moment;

/// Sent when SEED was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedOnboarding {
    /// Until when this e-mail is valid.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

#[derive(Template)]
#[template(path = "email/seed_onboarding.txt")]
struct Text<'a> {
    recipient: &'a str,
    link: &'a str,
    ends: &'a str,
}

#[derive(Template)]
#[template(path = "email/seed_onboarding.html")]
struct Html<'a> {
    subject: &'a str,
    recipient: &'a str,
    link: &'a str,
    ends: &'a str,
}

impl SeedOnboarding {
    pub(super) fn write(&self, head: Letterhead<'_>) -> askama::Result<Letter> {
        let subject = format!("Put your device on SEED before {}", moment::date_only(self.expires_at));
        let link = head.link("/account/seed");
        let ends = moment::date_time(self.expires_at);
        let recipient = head.recipient;
        let text = Text { recipient, link: &link, ends: &ends }.render()?;
        let html = Html { subject: &subject, recipient, link: &link, ends: &ends }.render()?;
        Ok(Letter { subject, text, html })
    }
}
