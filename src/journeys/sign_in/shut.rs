//! What somebody is told who has proved who they are, and cannot come in: how the account stands, and the way back.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use time::OffsetDateTime;

use crate::{
    domain::{account::AccountStatus, moment::is_expired, person::Person},
    store::credentials::KnownPassword,
    web::{error::WebError, page::PageContext},
};

/// Why somebody who has proved who they are is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shut {
    Disabled,
    Ended,
    InitialPasswordDied,
}

#[derive(Template)]
#[template(path = "sign_in/shut.html")]
struct Page<'a> {
    page: &'a PageContext,
    shut: Shut,
}

impl Shut {
    /// Why this person is not let in, if they are not.
    pub fn out(person: &Person, now: OffsetDateTime) -> Option<Self> {
        Self::by_status(person.status, person.activation_ends, now)
    }

    /// Why whoever has this password is not let in with it, if they are not.
    pub fn by_password(known: &KnownPassword, now: OffsetDateTime) -> Option<Self> {
        let has_died = known.expires_at.is_some_and(|ends| is_expired(ends, now));
        Self::by_status(known.status, known.activation_ends, now)
            .or_else(|| has_died.then_some(Self::InitialPasswordDied))
    }

    fn by_status(status: AccountStatus, activation_ends: OffsetDateTime, now: OffsetDateTime) -> Option<Self> {
        match status {
            AccountStatus::Disabled => Some(Self::Disabled),
            AccountStatus::Terminated => Some(Self::Ended),
            AccountStatus::Pending => is_expired(activation_ends, now).then_some(Self::Ended),
            AccountStatus::Active => None,
        }
    }

    /// The page that says so.
    ///
    /// # Errors
    /// [`WebError`] if it cannot be rendered.
    pub fn page(self, page: &PageContext) -> Result<Response, WebError> {
        page.answer(StatusCode::FORBIDDEN, &Page { page, shut: self })
    }
}
