//! What the owner of a local account that is shut gets instead of a link to choose a new password, which would not help
//! (docs/rules.md §4.8a).

use askama::Template;
use serde::{Deserialize, Serialize};

use super::{Letter, Letterhead};

/// Sent to the contact address, whether the owner or somebody else asked for a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoPasswordLink {
    /// Of which account.
    pub techpass_id: String,
    /// Whether the account is over for good, and not only disabled.
    pub has_ended: bool,
}

#[derive(Template)]
#[template(path = "email/no_password_link.txt")]
struct Text<'a> {
    recipient: &'a str,
    techpass_id: &'a str,
    link: &'a str,
    has_ended: bool,
}

#[derive(Template)]
#[template(path = "email/no_password_link.html")]
struct Html<'a> {
    subject: &'a str,
    recipient: &'a str,
    techpass_id: &'a str,
    link: &'a str,
    has_ended: bool,
}

impl NoPasswordLink {
    pub(super) fn write(&self, head: Letterhead<'_>) -> askama::Result<Letter> {
        let has_ended = self.has_ended;
        let (subject, path) = if has_ended {
            ("Your TechPass has ended: a new password does not help", "/start")
        } else {
            ("Your TechPass is disabled: how to get it back", "/help/requests/new")
        };
        let (link, recipient, techpass_id) = (head.link(path), head.recipient, self.techpass_id.as_str());
        let text = Text { recipient, techpass_id, link: &link, has_ended }.render()?;
        let html = Html { subject, recipient, techpass_id, link: &link, has_ended }.render()?;
        Ok(Letter { subject: subject.to_owned(), text, html })
    }
}
