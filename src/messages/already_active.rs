//! What the owner of an active account gets when somebody signs up with its address (docs/rules.md §2.13).

use askama::Template;
use serde::{Deserialize, Serialize};

use super::{Letter, Letterhead};

/// Sent instead of an invitation: there is nothing to accept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlreadyActive {}

#[derive(Template)]
#[template(path = "email/already_active.txt")]
struct Text<'a> {
    recipient: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "email/already_active.html")]
struct Html<'a> {
    subject: &'a str,
    recipient: &'a str,
    link: &'a str,
}

impl AlreadyActive {
    #[allow(clippy::unused_self, reason = "every message is written the same way")]
    pub(super) fn write(&self, head: Letterhead<'_>) -> askama::Result<Letter> {
        let subject = "You already have TechPass".to_owned();
        let link = head.link("/account");
        let recipient = head.recipient;
        let text = Text { recipient, link: &link }.render()?;
        let html = Html { subject: &subject, recipient, link: &link }.render()?;
        Ok(Letter { subject, text, html })
    }
}
