//! The page after the form: the same for every address. What happens next, by when, and what to do if no e-mail comes.

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use serde::Deserialize;

use super::request::SeedWish;
use crate::{
    app::App,
    domain::{account::activation_ends, moment, seed::SEED_EMAIL_VALIDITY},
    web::{error::WebError, page::PageContext},
};

/// What the address carries: what was wished, and what a second look is for. Nothing of it names a person.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    seed: String,
    again: String,
}

#[derive(Template)]
#[template(path = "sign_up/done.html")]
struct Page<'a> {
    page: &'a PageContext,
    seed: SeedWish,
    again: Again,
    activation_ends: String,
    seed_ends: String,
}

/// What became of "send it again".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    NotAsked,
    Sent,
    TooSoon,
}

/// Where a sign-up leads.
pub fn address(seed: SeedWish) -> String {
    format!("/sign-up/done?seed={}", word(seed))
}

/// Where "send it again" leads.
pub fn address_again(seed: SeedWish, is_sent: bool) -> String {
    format!("{}&again={}", address(seed), if is_sent { "sent" } else { "too-soon" })
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
    state: Result<Query<Shown>, QueryRejection>,
) -> Result<Response, WebError> {
    let Query(state) = state.unwrap_or_default();
    let now = app.clock.now();
    let seed = [SeedWish::Yes, SeedWish::NotOffered].into_iter().find(|wish| word(*wish) == state.seed);
    let again = match state.again.as_str() {
        "sent" => Again::Sent,
        "too-soon" => Again::TooSoon,
        _ => Again::NotAsked,
    };
    page.show(&Page {
        page: &page,
        seed: seed.unwrap_or(SeedWish::No),
        again,
        activation_ends: moment::date_only(activation_ends(now)),
        seed_ends: moment::date_only(now + SEED_EMAIL_VALIDITY),
    })
}
