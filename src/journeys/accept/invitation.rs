//! The invitation: whom it is for, until when it is valid, and the button. A dead link says why, and the way on.

use askama::Template;
use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;

use crate::{
    app::App,
    domain::{
        invitation::{AcceptLinkState, accept_link_state},
        moment,
    },
    store::{StoreError, in_time, tokens},
    web::{error::WebError, form::Submitted, observe::RequestId, page::PageContext},
};

/// Nothing but the button.
#[derive(Debug, Deserialize)]
pub struct Form {}

#[derive(Template)]
#[template(path = "accept/invitation.html")]
struct Page<'a> {
    page: &'a PageContext,
    email: &'a str,
    expires_at: &'a str,
    /// Whether the button was pressed: what it leads to is not open yet.
    is_accepted: bool,
}

/// The page of a link that never was: a letter of it is missing, perhaps.
#[derive(Template)]
#[template(path = "accept/unknown.html")]
struct UnknownPage<'a> {
    page: &'a PageContext,
    reference: &'a str,
}

#[derive(Template)]
#[template(path = "accept/dead.html")]
struct DeadPage<'a> {
    page: &'a PageContext,
    state: AcceptLinkState,
    expires_at: &'a str,
    reference: &'a str,
}

pub async fn get(
    State(app): State<App>,
    page: PageContext,
    request_id: RequestId,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, WebError> {
    show(&app, &page, &request_id, token, false).await
}

pub async fn post(
    State(app): State<App>,
    page: PageContext,
    request_id: RequestId,
    token: Result<Path<String>, PathRejection>,
    Submitted(Form {}): Submitted<Form>,
) -> Result<Response, WebError> {
    show(&app, &page, &request_id, token, true).await
}

async fn show(
    app: &App,
    page: &PageContext,
    request_id: &RequestId,
    token: Result<Path<String>, PathRejection>,
    is_accepted: bool,
) -> Result<Response, WebError> {
    let reference = request_id.as_str();
    // What is no text was never a link of ours.
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let token = without_punctuation(&token);
    let now = app.clock.now();
    let link = in_time(async {
        let mut connection = app.pool.acquire().await?;
        tokens::find_accept_link(&mut connection, token).await
    });
    let Some(link) = link.await.map_err(|error: StoreError| WebError::from(error))? else {
        return page.answer(StatusCode::NOT_FOUND, &UnknownPage { page, reference });
    };
    let expires_at = moment::date_time(link.expires_at);
    let state = accept_link_state(link.status, link.is_consumed, link.expires_at, now);
    match (state, &link.email) {
        (AcceptLinkState::Open, Some(email)) => {
            page.show(&Page { page, email: &email.masked(), expires_at: &expires_at, is_accepted })
        }
        _ => page.answer(StatusCode::GONE, &DeadPage { page, state, expires_at: &expires_at, reference }),
    }
}

/// A link without what mail programs take for a part of it: the full stop or the bracket that follows it.
fn without_punctuation(token: &str) -> &str {
    token.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric() && !matches!(letter, '-' | '_'))
}
