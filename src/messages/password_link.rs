//! The link by which the owner of a local account chooses a new password (docs/rules.md §4.8).

use askama::Template;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Letter, Letterhead};
use crate::domain::moment;

/// Sent to the contact address, whether the owner or somebody else asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordLink {
    /// The token of the link.
    pub token: String,
    /// Of which account.
    pub techpass_id: String,
    /// Until when it is valid.
    #[serde(with = "time::serde::timestamp")]
    pub expires_at: OffsetDateTime,
    /// Whether a code of the authenticator app is asked for as well. Messages of the version before do not say, and leave it out.
    #[serde(default)]
    pub with_code: bool,
}

#[derive(Template)]
#[template(path = "email/password_link.txt")]
struct Text<'a> {
    recipient: &'a str,
    techpass_id: &'a str,
    link: &'a str,
    ends: &'a str,
    with_code: bool,
}

#[derive(Template)]
#[template(path = "email/password_link.html")]
struct Html<'a> {
    subject: &'a str,
    recipient: &'a str,
    techpass_id: &'a str,
    link: &'a str,
    ends: &'a str,
    with_code: bool,
}

impl PasswordLink {
    pub(super) fn write(&self, head: Letterhead<'_>) -> askama::Result<Letter> {
        let subject = "Choose a new TechPass password".to_owned();
        let link = head.link(&format!("/sign-in/forgotten/{}", self.token));
        let ends = moment::date_time(self.expires_at);
        let (recipient, techpass_id, with_code) = (head.recipient, self.techpass_id.as_str(), self.with_code);
        let text = Text { recipient, techpass_id, link: &link, ends: &ends, with_code }.render()?;
        let html = Html { subject: &subject, recipient, techpass_id, link: &link, ends: &ends, with_code }.render()?;
        Ok(Letter { subject, text, html })
    }
}
