//! Where one is signed in, and signing out of one browser or of all (docs/rules.md §4.13).

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use tower_sessions::Session;

use crate::{
    app::App,
    domain::moment,
    store::{audit::Event, people, sessions},
    web::{
        addresses::{self, Done},
        error::WebError,
        form::Submitted,
        observe::RequestId,
        page::PageContext,
        session::{self, SignedIn},
        way::Way,
    },
};

const ADDRESS: &str = "/account/security/sessions";

/// A browser, as people read it.
struct Browser {
    id: String,
    name: String,
    network: String,
    since: String,
    seen: String,
    is_this: bool,
}

#[derive(Template)]
#[template(path = "account/sessions.html")]
struct Page<'a> {
    page: &'a PageContext,
    done: &'a str,
    browsers: Vec<Browser>,
}

pub async fn get(
    State(app): State<App>,
    session: Session,
    SignedIn(viewer): SignedIn,
    page: PageContext,
    done: Result<Query<Done>, QueryRejection>,
) -> Result<Response, WebError> {
    let Query(done) = done.unwrap_or_default();
    let this = session.id().map(|id| sessions::hash_of(&id));
    let mut connection = app.pool.acquire().await?;
    let open = sessions::of_account(&mut connection, viewer.person.id, app.clock.now()).await?;
    let browsers = open.into_iter().map(|session| Browser {
        is_this: this.is_some_and(|this| this.as_slice() == session.id),
        id: hex::encode(&session.id),
        name: session.browser,
        network: session.network,
        since: moment::date_time(session.created_at),
        seen: moment::date_time(session.last_seen_at),
    });
    page.show(&Page { page: &page, done: &done.done, browsers: browsers.collect() })
}

/// What the person sends: which browser is to be signed out; none means all.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    session: String,
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    SignedIn(viewer): SignedIn,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let mut tx = app.pool.begin().await?;
    if form.session.is_empty() {
        people::end_sessions(&mut tx, viewer.person.id, way.now).await?;
        way.note(&mut tx, viewer.person.id, Event::SignedOutEverywhere, json!({})).await?;
        tx.commit().await?;
        return Ok(session::leave(&session).await?);
    }
    let id = hex::decode(&form.session).unwrap_or_default();
    if sessions::end(&mut tx, viewer.person.id, &id).await? {
        way.note(&mut tx, viewer.person.id, Event::SessionEnded, json!({})).await?;
    }
    tx.commit().await?;
    Ok(Redirect::to(&addresses::done(ADDRESS, "ended")).into_response())
}
