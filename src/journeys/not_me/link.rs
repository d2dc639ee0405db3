//! By the link in a notice: what happened and what the button does; the button; and what to do next.

use askama::Template;
use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::Session;

use super::secure::{Disowned, is_living, secure, taken_back};
use crate::{
    app::App,
    domain::{
        activation::AccountKind,
        moment::{self, is_expired},
        person::Person,
    },
    keys::token_hash,
    messages::security_notice::Happened,
    store::{
        not_me::{self, NotMeLink},
        people, tokens,
    },
    web::{
        error::WebError,
        form::{Button, Submitted},
        observe::RequestId,
        page::PageContext,
        way::Way,
    },
};

#[derive(Template)]
#[template(path = "not_me/link.html")]
struct Page<'a> {
    page: &'a PageContext,
    what: &'static str,
    at: String,
    techpass_id: String,
    is_local: bool,
    taken_back: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "not_me/dead.html")]
struct DeadPage<'a> {
    page: &'a PageContext,
    /// When it was used, and where to read what was done.
    used: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "not_me/done.html")]
struct DonePage<'a> {
    page: &'a PageContext,
    at: String,
    is_local: bool,
    taken_back: Option<&'static str>,
}

pub async fn get(
    State(app): State<App>,
    page: PageContext,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, WebError> {
    let found = match find_open(&app, &page, token).await? {
        Ok(found) => found,
        Err(dead) => return Ok(dead),
    };
    let happened = found.happened();
    page.show(&Page {
        page: &page,
        what: happened.map_or("Something at your TechPass changed", Happened::in_words),
        at: moment::date_time(found.link.happened_at),
        techpass_id: found.person.techpass_id(),
        is_local: found.is_local(),
        taken_back: taken_back(happened),
    })
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    page: PageContext,
    request_id: RequestId,
    token: Result<Path<String>, PathRejection>,
    Submitted(Button {}): Submitted<Button>,
) -> Result<Response, WebError> {
    let mut found = match find_open(&app, &page, token).await? {
        Ok(found) => found,
        Err(dead) => return Ok(dead),
    };
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let mut tx = app.pool.begin().await?;
    people::lock(&mut tx, found.person.id).await?;
    if !tokens::consume(&mut tx, &found.link.hash, way.now).await? {
        drop(tx);
        found.link.consumed_at = Some(way.now);
        return page.answer(StatusCode::GONE, &found.dead(&page));
    }
    let disowned = Disowned { happened: found.happened(), at: found.link.happened_at };
    secure(&way, &mut tx, &found.person, disowned).await?;
    tx.commit().await?;
    app.bell.ring();
    Ok(Redirect::to(&found.done_address()).into_response())
}

/// What was done and what to do next, for whoever has the link that was used.
pub async fn done(
    State(app): State<App>,
    page: PageContext,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, WebError> {
    let found = find(&app, token).await?;
    let Some(at) = found.link.consumed_at else {
        return Ok(Redirect::to(&format!("/not-me/{}", found.token)).into_response());
    };
    let mut connection = app.pool.acquire().await?;
    let is_taken_back = not_me::was_taken_back(&mut connection, found.link.account, at).await?;
    // Given back first: the page needs one as well.
    drop(connection);
    page.show(&DonePage {
        page: &page,
        at: moment::date_time(at),
        is_local: found.is_local(),
        taken_back: taken_back(found.happened()).filter(|_| is_taken_back),
    })
}

/// A link that is or was one of ours, and whose it is.
struct Found {
    token: String,
    link: NotMeLink,
    person: Person,
}

impl Found {
    fn happened(&self) -> Option<Happened> {
        self.link.happened.as_deref().and_then(Happened::parse)
    }

    fn is_local(&self) -> bool {
        self.person.kind() == AccountKind::Local
    }

    fn done_address(&self) -> String {
        done_address(&self.token)
    }

    fn dead<'a>(&self, page: &'a PageContext) -> DeadPage<'a> {
        let used = self.link.consumed_at.map(|at| (moment::date_time(at), self.done_address()));
        DeadPage { page, used }
    }

    /// The link if it can be used, or the page that says that it is dead.
    fn or_dead(self, app: &App, page: &PageContext) -> Result<Result<Self, Response>, WebError> {
        let is_open = self.link.consumed_at.is_none() && !is_expired(self.link.expires_at, app.clock.now());
        if is_open && is_living(&self.person) {
            return Ok(Ok(self));
        }
        page.answer(StatusCode::GONE, &self.dead(page)).map(Err)
    }
}

/// Where it is told what was done.
pub fn done_address(token: &str) -> String {
    format!("/not-me/{token}/done")
}

/// The link if it can be used, or the page that says that it is dead, or never was.
async fn find_open(
    app: &App,
    page: &PageContext,
    token: Result<Path<String>, PathRejection>,
) -> Result<Result<Found, Response>, WebError> {
    match find(app, token).await {
        Ok(found) => found.or_dead(app, page),
        Err(WebError::NotFound) => page.answer(StatusCode::NOT_FOUND, &DeadPage { page, used: None }).map(Err),
        Err(other) => Err(other),
    }
}

async fn find(app: &App, token: Result<Path<String>, PathRejection>) -> Result<Found, WebError> {
    let Path(token) = token.map_err(|_| WebError::NotFound)?;
    let token = tokens::without_punctuation(&token).to_owned();
    let mut connection = app.pool.acquire().await?;
    let link = not_me::find_link(&mut connection, &token_hash(&token)).await?.ok_or(WebError::NotFound)?;
    let person = people::find(&mut *connection, link.account).await?.ok_or(WebError::NotFound)?.person;
    Ok(Found { token, link, person })
}
