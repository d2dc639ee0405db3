//! What the owner of a disabled account gets when somebody signs up with its address (docs/rules.md §2.13).

use askama::Template;
use serde::{Deserialize, Serialize};

use super::{Letter, Letterhead};

/// Sent instead of an invitation: the account is there, and has to be re-enabled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDisabled {}

#[derive(Template)]
#[template(path = "email/account_disabled.txt")]
struct Text<'a> {
    recipient: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "email/account_disabled.html")]
struct Html<'a> {
    subject: &'a str,
    recipient: &'a str,
    link: &'a str,
}

impl AccountDisabled {
    #[allow(clippy::unused_self, reason = "every message is written the same way")]
    pub(super) fn write(&self, head: Letterhead<'_>) -> askama::Result<Letter> {
        let subject = "Your TechPass is disabled: how to get it back".to_owned();
        let link = head.link("/help/requests/new");
        let recipient = head.recipient;
        let text = Text { recipient, link: &link }.render()?;
        let html = Html { subject: &subject, recipient, link: &link }.render()?;
        Ok(Letter { subject, text, html })
    }
}
