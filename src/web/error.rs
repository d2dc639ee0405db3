//! The one place where something that went wrong becomes a page: what happened, what to do now, and a reference that the
//! log has too.

use std::{error::Error, time::Duration};

use askama::Template;
use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    observe::RequestId,
    page::{OwnPage, PageContext},
};
use crate::app::App;

/// Why a request could not be answered as asked.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// Nobody's browser sends this; the sentence says what is wrong with it.
    #[error("bad request: {0}")]
    BadRequest(&'static str),
    /// It did not come from a page of ours; the sentence says why we think so.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// There is no such page, or not for this person.
    #[error("not found")]
    NotFound,
    /// Something else has to be done first, or is done already: the page is elsewhere.
    #[error("to be seen at another address")]
    SeeOther(String),
    /// The body took too long to arrive.
    #[error("the request took too long to arrive")]
    TooSlow,
    /// The body is larger than the route takes.
    #[error("the request is too large")]
    TooLarge,
    /// A limit was reached.
    #[error("too many requests")]
    TooMany {
        /// When it makes sense to try again.
        wait: Duration,
    },
    /// The database, or something else that we need, does not answer.
    #[error("unavailable: {0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// A mistake of ours.
    #[error("internal error: {0}")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl WebError {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::SeeOther(_) => StatusCode::SEE_OTHER,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<crate::passwords::Busy> for WebError {
    fn from(error: crate::passwords::Busy) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<askama::Error> for WebError {
    fn from(error: askama::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl From<crate::store::StoreError> for WebError {
    fn from(error: crate::store::StoreError) -> Self {
        if error.is_unavailable() { Self::Unavailable(error.into()) } else { Self::Internal(error.into()) }
    }
}

impl From<sqlx::Error> for WebError {
    fn from(error: sqlx::Error) -> Self {
        crate::store::StoreError::from(error).into()
    }
}

/// What happened, for the page that [`error_pages`] makes of it.
#[derive(Debug, Clone, Copy)]
struct What(&'static str);

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        match &self {
            Self::Internal(error) => tracing::error!(error = %Chain(error.as_ref()), "a request failed"),
            Self::Unavailable(error) => {
                tracing::warn!(error = %Chain(error.as_ref()), "something we need does not answer")
            }
            other => tracing::debug!(reason = %other, "a request was refused"),
        }
        let mut response = self.status().into_response();
        match self {
            Self::BadRequest(what) | Self::Forbidden(what) => {
                response.extensions_mut().insert(What(what));
            }
            Self::TooMany { wait } => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
            }
            Self::SeeOther(address) => return axum::response::Redirect::to(&address).into_response(),
            Self::Unavailable(_) => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        response
    }
}

/// An error with all that caused it, on one line.
struct Chain<'a>(&'a (dyn Error + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// The error page.
#[derive(Template)]
#[template(path = "errors/error.html")]
struct Page<'a> {
    page: &'a PageContext,
    heading: &'static str,
    what_happened: &'a str,
    what_to_do: &'a str,
    reference: &'a str,
}

/// Gives every answer that is an error, wherever it came from, its page. Answers that are pages already pass.
pub async fn error_pages(State(app): State<App>, request: Request, next: Next) -> Response {
    let context = PageContext::of(&app, request.headers());
    let reference = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
    let response = next.run(request).await;
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || response.extensions().get::<OwnPage>().is_some() {
        return response;
    }
    let context = context.read_by(response.extensions().get());
    let words = words(status);
    let wait = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let what_to_do = match (status, wait) {
        (StatusCode::TOO_MANY_REQUESTS, Some(seconds)) => {
            format!("{} Try again in {}.", words.what_to_do, wait_in_words(seconds))
        }
        _ => words.what_to_do.to_owned(),
    };
    let template = Page {
        page: &context,
        heading: words.heading,
        what_happened: response.extensions().get::<What>().map_or(words.what_happened, |what| what.0),
        what_to_do: &what_to_do,
        reference: reference.as_str(),
    };
    let Ok(mut page) = context.answer(status, &template) else { return response };
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = response.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}

/// A time to wait, as people say it.
pub fn wait_in_words(seconds: u64) -> String {
    match seconds {
        0..=1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        91..=5_400 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{} hours", seconds.div_ceil(3_600)),
    }
}

/// What happened, in the words of the page: heading, what happened, what to do.
struct Words {
    heading: &'static str,
    what_happened: &'static str,
    what_to_do: &'static str,
}

const fn say(heading: &'static str, what_happened: &'static str, what_to_do: &'static str) -> Words {
    Words { heading, what_happened, what_to_do }
}

const WORDS: [(StatusCode, Words); 11] = [
    (
        StatusCode::TOO_MANY_REQUESTS,
        say("Too many tries", "We hold back requests for a while when there are very many.", "Nothing is lost."),
    ),
    (
        StatusCode::BAD_REQUEST,
        say(
            "We could not read that",
            "What your browser sent was not complete.",
            "Go back, reload the page, and try again.",
        ),
    ),
    (
        StatusCode::FORBIDDEN,
        say(
            "We could not accept that",
            "You may not do this, or the page was open too long.",
            "Go back, reload the page, and send the form again. Allow cookies for this site.",
        ),
    ),
    (
        StatusCode::NOT_FOUND,
        say(
            "Page not found",
            "There is no page at this address, or it is not yours to see.",
            "Check the address. If you came from an e-mail, open the whole link.",
        ),
    ),
    (
        StatusCode::METHOD_NOT_ALLOWED,
        say(
            "This page cannot do that",
            "The page is there, but it does not take this kind of request.",
            "Open the page from the home page and try again.",
        ),
    ),
    (
        StatusCode::REQUEST_TIMEOUT,
        say(
            "That took too long",
            "Your request did not reach us whole in time.",
            "Check your connection and try again.",
        ),
    ),
    (
        StatusCode::CONFLICT,
        say(
            "Somebody was faster",
            "What you wanted to change was changed a moment ago.",
            "Reload the page to see how it stands now, then decide again.",
        ),
    ),
    (
        StatusCode::GONE,
        say(
            "This link no longer works",
            "The link has expired, was used, or was replaced by a newer one.",
            "Look for a newer e-mail from us, or start again from the home page.",
        ),
    ),
    (
        StatusCode::PAYLOAD_TOO_LARGE,
        say(
            "That is too large",
            "What you sent is larger than this page takes.",
            "Go back, shorten it, and send it again.",
        ),
    ),
    (
        StatusCode::UNPROCESSABLE_ENTITY,
        say(
            "Something in the form is not right",
            "We could not use what the form holds.",
            "Go back, check each field, and send it again.",
        ),
    ),
    (
        StatusCode::SERVICE_UNAVAILABLE,
        say(
            "We cannot do this right now",
            "A part of the portal does not answer. We know about it.",
            "Wait a minute, then reload this page. If you sent a form, send it again: nothing is done twice.",
        ),
    ),
];

const NOT_ACCEPTED: Words = say(
    "We could not accept that",
    "Your browser sent something that this page does not take.",
    "Go back, reload the page, and try again.",
);

const OUR_MISTAKE: Words = say(
    "Something went wrong on our side",
    "We could not finish what you asked for. It is our mistake.",
    "Try again. If it happens again, get help and tell us the reference below.",
);

fn words(status: StatusCode) -> &'static Words {
    let known = WORDS.iter().find(|(known, _)| *known == status).map(|(_, words)| words);
    known.unwrap_or(if status.is_client_error() { &NOT_ACCEPTED } else { &OUR_MISTAKE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_words_of_its_own_for_people() {
        let mut headings: Vec<&str> = [400, 403, 404, 405, 408, 409, 410, 413, 422, 429, 500, 503]
            .map(|code| words(StatusCode::from_u16(code).expect("a status")))
            .map(|words| {
                assert!(words.what_happened.ends_with('.') && words.what_to_do.ends_with('.'));
                words.heading
            })
            .to_vec();
        headings.sort_unstable();
        headings.dedup();
        assert_eq!(headings.len(), 12, "{headings:?}");
    }

    #[test]
    fn waits_are_told_in_the_unit_that_people_use() {
        assert_eq!(wait_in_words(1), "a second");
        assert_eq!(wait_in_words(2), "2 seconds");
        assert_eq!(wait_in_words(60), "60 seconds");
        assert_eq!(wait_in_words(91), "2 minutes");
        assert_eq!(wait_in_words(3_600), "60 minutes");
        assert_eq!(wait_in_words(5_401), "2 hours");
    }
}
