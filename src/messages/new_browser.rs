//! What the owner of an account hears when somebody signed in with a browser that the account did not know (docs/rules.md §4.24).

use askama::Template;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Letter, Letterhead, security_notice::Happened};
use crate::domain::moment;

/// Sent to the contact address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewBrowser {
    /// To which account.
    pub techpass_id: String,
    /// The browser, in words.
    pub browser: String,
    /// Roughly where from.
    pub network: String,
    /// When the sign-in was complete.
    #[serde(with = "time::serde::timestamp")]
    pub at: OffsetDateTime,
    /// The token of the link by which the owner says that it was not them.
    pub token: String,
}

#[derive(Template)]
#[template(path = "email/new_browser.txt")]
struct Text<'a> {
    message: &'a NewBrowser,
    subject: &'a str,
    recipient: &'a str,
    link: &'a str,
    at: &'a str,
}

#[derive(Template)]
#[template(path = "email/new_browser.html")]
struct Html<'a> {
    message: &'a NewBrowser,
    subject: &'a str,
    recipient: &'a str,
    link: &'a str,
    at: &'a str,
}

impl NewBrowser {
    /// What it is called in the outbox.
    pub const KIND: &str = "new_browser";

    pub(super) fn write(&self, head: Letterhead<'_>) -> askama::Result<Letter> {
        let (subject, recipient) = (Happened::NewBrowser.in_words(), head.recipient);
        let (link, at) = (head.link(&format!("/not-me/{}", self.token)), moment::date_time(self.at));
        let text = Text { message: self, subject, recipient, link: &link, at: &at }.render()?;
        let html = Html { message: self, subject, recipient, link: &link, at: &at }.render()?;
        Ok(Letter { subject: subject.to_owned(), text, html })
    }
}
