//! What the owner of an account hears after somebody who reads their mail, or is signed in as them, said "this wasn't me"
//! (docs/rules.md §4.23).

use askama::Template;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Letter, Letterhead};
use crate::domain::moment;

/// Sent to the contact address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSecured {
    /// Of which account.
    pub techpass_id: String,
    /// Whether it has its password here, and not at an agency.
    pub is_local: bool,
    /// When the owner said so.
    #[serde(with = "time::serde::timestamp")]
    pub at: OffsetDateTime,
}

#[derive(Template)]
#[template(path = "email/account_secured.txt")]
struct Text<'a> {
    recipient: &'a str,
    techpass_id: &'a str,
    link: &'a str,
    at: &'a str,
    is_local: bool,
}

#[derive(Template)]
#[template(path = "email/account_secured.html")]
struct Html<'a> {
    subject: &'a str,
    recipient: &'a str,
    techpass_id: &'a str,
    link: &'a str,
    at: &'a str,
    is_local: bool,
}

impl AccountSecured {
    pub(super) fn write(&self, head: Letterhead<'_>) -> askama::Result<Letter> {
        let subject = "We have secured your TechPass".to_owned();
        let link = head.link(if self.is_local { "/sign-in/forgotten" } else { "/help" });
        let at = moment::date_time(self.at);
        let (recipient, techpass_id, is_local) = (head.recipient, self.techpass_id.as_str(), self.is_local);
        let text = Text { recipient, techpass_id, link: &link, at: &at, is_local }.render()?;
        let html = Html { subject: &subject, recipient, techpass_id, link: &link, at: &at, is_local }.render()?;
        Ok(Letter { subject, text, html })
    }
}
