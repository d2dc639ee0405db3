//! The page after the form: the same for every address. What happens next, by when, and what to do if no e-mail comes.

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::Response,
};
use serde::Deserialize;
use time::Duration;

use super::{again, request::SeedWish};
use crate::{
    app::App,
    domain::{account::activation_ends, moment, seed::SEED_EMAIL_VALIDITY, sign_up::RESEND_AFTER},
    web::{
        error::{WebError, wait_in_words},
        page::PageContext,
    },
};

/// What the address carries: what was wished, and what a second look is for. Nothing of it names a person.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    seed: String,
    again: String,
    /// How many seconds to wait, where it was too soon.
    wait: u64,
}

#[derive(Template)]
#[template(path = "sign_up/done.html")]
struct Page<'a> {
    page: &'a PageContext,
    seed: SeedWish,
    again: Again,
    /// Which form the button sends again.
    form: String,
    activation_ends: String,
    seed_ends: String,
}

/// What became of "send it again".
#[derive(Debug, Clone, PartialEq, Eq)]
enum Again {
    NotAsked,
    Sent,
    TooSoon {
        /// How long to wait, in words.
        wait: String,
    },
}

/// Where a sign-up leads.
pub fn address(seed: SeedWish) -> String {
    format!("/sign-up/done?seed={}", word(seed))
}

/// Where "send it again" leads.
pub fn address_sent_again(seed: SeedWish) -> String {
    format!("{}&again=sent", address(seed))
}

/// Where "send it again" leads when it comes too soon.
pub fn address_too_soon(seed: SeedWish, wait: Duration) -> String {
    // A part of a second is a second: who waits as long as we say is not too soon again.
    let seconds = wait.whole_seconds() + i64::from(wait.subsec_nanoseconds() > 0);
    format!("{}&again=too-soon&wait={seconds}", address(seed))
}

fn word(seed: SeedWish) -> &'static str {
    match seed {
        SeedWish::No => "no",
        SeedWish::Yes => "yes",
        SeedWish::NotOffered => "not-offered",
    }
}

pub async fn get(
    State(app): State<App>,
    page: PageContext,
    headers: HeaderMap,
    state: Result<Query<Shown>, QueryRejection>,
) -> Result<Response, WebError> {
    let Query(state) = state.unwrap_or_default();
    let now = app.clock.now();
    let seed = [SeedWish::Yes, SeedWish::NotOffered].into_iter().find(|wish| word(*wish) == state.seed);
    let again = match state.again.as_str() {
        "sent" => Again::Sent,
        "too-soon" => {
            Again::TooSoon { wait: wait_in_words(state.wait.min(RESEND_AFTER.whole_seconds().unsigned_abs())) }
        }
        _ => Again::NotAsked,
    };
    page.show(&Page {
        page: &page,
        seed: seed.unwrap_or(SeedWish::No),
        again,
        form: again::remembered_form(&app, &headers, now).unwrap_or_default(),
        activation_ends: moment::date_only(activation_ends(now)),
        seed_ends: moment::date_only(now + SEED_EMAIL_VALIDITY),
    })
}
