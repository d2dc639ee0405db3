//! The invitation: whom it is for, until when it is valid, and the button. A dead link says why, and the way on.

use askama::Template;
use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::Session;

use crate::{
    app::App,
    domain::{
        email_address::EmailAddress,
        invitation::{AcceptLinkState, accept_link_state},
        moment,
    },
    keys::token_hash,
    providers::Ask,
    store::{StoreError, in_time, tokens},
    web::{
        error::WebError,
        form::{Button, Submitted},
        observe::RequestId,
        page::PageContext,
        provider_trip::{self, Purpose},
        session, trip_problem,
    },
};

#[derive(Template)]
#[template(path = "accept/invitation.html")]
struct Page<'a> {
    page: &'a PageContext,
    email: &'a str,
    expires_at: &'a str,
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
    match find(&app, &page, &request_id, token).await? {
        Ok(open) => page.show(&Page { page: &page, email: &open.email.masked(), expires_at: &open.expires_at }),
        Err(dead) => Ok(dead),
    }
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    page: PageContext,
    request_id: RequestId,
    token: Result<Path<String>, PathRejection>,
    Submitted(Button {}): Submitted<Button>,
) -> Result<Response, WebError> {
    let open = match find(&app, &page, &request_id, token).await? {
        Ok(open) => open,
        Err(dead) => return Ok(dead),
    };
    session::forget_next(&session).await?;
    let reference = app.reference.load();
    let provider = reference.directory.integrated(open.email.domain()).and_then(|domain| domain.provider.as_deref());
    let (provider, purpose) = (provider.unwrap_or_default(), Purpose::Accept { link: open.link });
    let ask = Ask { login_hint: Some(open.email.as_str()), ..Ask::default() };
    match provider_trip::begin(&app, &session, provider, purpose.clone(), ask, app.clock.now()).await {
        Ok(address) => Ok(Redirect::to(address.as_str()).into_response()),
        Err(error) => trip_problem::could_not_begin(&app, &page, &request_id, provider, &purpose, error),
    }
}

/// A link that can be used.
struct OpenLink {
    link: [u8; 32],
    email: EmailAddress,
    expires_at: String,
}

/// The link, or the page that says why it is none (any more).
async fn find(
    app: &App,
    page: &PageContext,
    request_id: &RequestId,
    token: Result<Path<String>, PathRejection>,
) -> Result<Result<OpenLink, Response>, WebError> {
    let reference = request_id.as_str();
    // What is no text was never a link of ours.
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let hash = token_hash(tokens::without_punctuation(&token));
    let found = in_time(async {
        let mut connection = app.pool.acquire().await?;
        tokens::find_accept_link(&mut connection, &hash).await
    });
    let Some(link) = found.await.map_err(|error: StoreError| WebError::from(error))? else {
        return page.answer(StatusCode::NOT_FOUND, &UnknownPage { page, reference }).map(Err);
    };
    let expires_at = moment::date_time(link.expires_at);
    let state = accept_link_state(link.account.status, link.is_consumed, link.expires_at, app.clock.now());
    match (state, link.email) {
        (AcceptLinkState::Open, Some(email)) => Ok(Ok(OpenLink { link: hash, email, expires_at })),
        _ => page.answer(StatusCode::GONE, &DeadPage { page, state, expires_at: &expires_at, reference }).map(Err),
    }
}
