//! The authenticator apps: which there are, another one, another name, and away with one that is not wanted (docs/rules.md §4.19).
//! A new phone is added first, then the old one is removed: there is always one left.

use askama::Template;
use axum::{
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;
use tower_sessions::Session;
use uuid::Uuid;

use crate::{
    app::App,
    domain::{
        moment,
        person::Person,
        second_factors::{Factor, MOST_AUTHENTICATORS, may_add_authenticator, may_remove},
        short_text::{self, NotShortText},
    },
    messages::security_notice::Happened,
    store::{
        audit::Event,
        authenticators::{self, Listed},
        second_factors,
    },
    web::{
        addresses::{self, Done},
        error::WebError,
        form::{Button, FormView, Submitted},
        observe::RequestId,
        page::PageContext,
        session::{Confirmed, SignedIn, Viewer},
        way::Way,
    },
};

/// Goes on only for those whose second factors are kept here. Whose provider asks for one has none here, and nothing to recover.
pub fn require_factors_here(person: &Person) -> Result<(), WebError> {
    if person.keeps_factors_here() { Ok(()) } else { Err(WebError::NotFound) }
}

/// An authenticator, as people read it.
struct Shown {
    id: Uuid,
    name: String,
    added: String,
    used: String,
}

impl From<Listed> for Shown {
    fn from(listed: Listed) -> Self {
        Self {
            id: listed.id,
            name: listed.name,
            added: moment::date_time(listed.created_at),
            used: listed.last_used_at.map(moment::date_time).unwrap_or_default(),
        }
    }
}

#[derive(Template)]
#[template(path = "account/authenticators.html")]
struct ListPage<'a> {
    page: &'a PageContext,
    done: &'a str,
    authenticators: Vec<Shown>,
    may_add: bool,
    most: usize,
}

#[derive(Template)]
#[template(path = "account/authenticator.html")]
struct NamePage<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    authenticator: Shown,
    called: &'a str,
}

#[derive(Template)]
#[template(path = "account/authenticator_remove.html")]
struct RemovePage<'a> {
    page: &'a PageContext,
    authenticator: Shown,
    is_last: bool,
    leaves_passkeys_only: bool,
}

pub async fn get(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    page: PageContext,
    done: Result<Query<Done>, QueryRejection>,
) -> Result<Response, WebError> {
    let Query(done) = done.unwrap_or_default();
    if done.done == "removed" && !viewer.person.keeps_factors_here() {
        // With the last of them their page is gone, too.
        return Ok(Redirect::to(&addresses::done(addresses::SECURITY, "factor")).into_response());
    }
    require_factors_here(&viewer.person)?;
    let listed = authenticators::listed(&mut *app.pool.acquire().await?, viewer.person.id).await?;
    let may_add = may_add_authenticator(listed.len());
    let authenticators = listed.into_iter().map(Shown::from).collect();
    page.show(&ListPage { page: &page, done: &done.done, authenticators, may_add, most: MOST_AUTHENTICATORS })
}

/// What the person sends who calls one something else.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NameForm {
    name: String,
}

pub async fn get_one(
    State(app): State<App>,
    Confirmed(viewer): Confirmed,
    page: PageContext,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Response, WebError> {
    let one = find(&mut *app.pool.acquire().await?, viewer.person.id, id).await?;
    let name = one.name.clone();
    page.show(&NamePage { page: &page, form: &FormView::default(), authenticator: one.into(), called: &name })
}

pub async fn post_name(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    Confirmed(viewer): Confirmed,
    page: PageContext,
    id: Result<Path<Uuid>, PathRejection>,
    Submitted(form): Submitted<NameForm>,
) -> Result<Response, WebError> {
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let account = viewer.person.id;
    let one = find(&mut *app.pool.acquire().await?, account, id).await?;
    let name = match short_text::parse(&form.name) {
        Ok(name) => name,
        Err(wrong) => {
            let view = FormView::with_error("name", wrong_name(wrong));
            return page.refuse(&NamePage { page: &page, form: &view, authenticator: one.into(), called: &form.name });
        }
    };
    let mut tx = app.pool.begin().await?;
    if authenticators::rename(&mut tx, account, one.id, name).await? {
        way.note(&mut tx, account, Event::AuthenticatorRenamed, json!({"authenticator": one.id})).await?;
    }
    tx.commit().await?;
    Ok(Redirect::to(&addresses::done(addresses::AUTHENTICATORS, "renamed")).into_response())
}

/// What is wrong with a name, in words for beside the field.
pub fn wrong_name(wrong: NotShortText) -> String {
    match wrong {
        NotShortText::Missing => "Enter a name, such as Work phone".to_owned(),
        other => other.to_string(),
    }
}

pub async fn get_remove(
    State(app): State<App>,
    Confirmed(viewer): Confirmed,
    page: PageContext,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Response, WebError> {
    let mut connection = app.pool.acquire().await?;
    let one = find(&mut connection, viewer.person.id, id).await?;
    let (is_last, apps) = (
        !may_go(&app, &mut connection, &viewer).await?,
        second_factors::count(&mut connection, viewer.person.id).await?.authenticators,
    );
    page.show(&RemovePage { page: &page, authenticator: one.into(), is_last, leaves_passkeys_only: apps == 1 })
}

pub async fn post_remove(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    Confirmed(viewer): Confirmed,
    page: PageContext,
    id: Result<Path<Uuid>, PathRejection>,
    Submitted(Button {}): Submitted<Button>,
) -> Result<Response, WebError> {
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let account = viewer.person.id;
    let removed = || Redirect::to(&addresses::done(addresses::AUTHENTICATORS, "removed")).into_response();
    let mut tx = app.pool.begin().await?;
    // Counted under a lock: of two that are removed at once, one stays.
    way.lock(&mut tx, &viewer.sitting).await?;
    let one = match find(&mut tx, account, id).await {
        Ok(found) => found,
        // A second click: it is gone already.
        Err(WebError::NotFound) => return Ok(removed()),
        Err(other) => return Err(other),
    };
    if !may_go(&app, &mut tx, &viewer).await? {
        drop(tx);
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return page.answer(
            status,
            &RemovePage { page: &page, authenticator: one.into(), is_last: true, leaves_passkeys_only: false },
        );
    }
    if authenticators::remove(&mut tx, account, one.id).await? {
        way.note(&mut tx, account, Event::AuthenticatorRemoved, json!({"authenticator": one.id})).await?;
        way.tell(&mut tx, &viewer.person, Happened::AuthenticatorRemoved).await?;
    }
    tx.commit().await?;
    app.bell.ring();
    Ok(removed())
}

/// One of somebody's authenticators.
async fn find(
    connection: &mut PgConnection,
    account: Uuid,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Listed, WebError> {
    let Path(id) = id.map_err(|_| WebError::NotFound)?;
    let listed = authenticators::listed(connection, account).await?;
    listed.into_iter().find(|listed| listed.id == id).ok_or(WebError::NotFound)
}

/// Whether somebody may remove an authenticator.
async fn may_go(app: &App, connection: &mut PgConnection, viewer: &Viewer) -> Result<bool, WebError> {
    let mut have = second_factors::count(connection, viewer.person.id).await?;
    if app.passkeys.is_none() {
        // Nobody gets in with one here.
        have.passkeys = 0;
    }
    Ok(may_remove(Factor::Authenticator, have, viewer.sitting.is_vouched, &viewer.person).is_ok())
}
