//! Where one is signed in, what happened lately, and signing out of one browser or of all (docs/rules.md §4.13).

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use tower_sessions::Session;

use crate::{
    app::App,
    domain::moment,
    store::{
        audit::{self, Event},
        people, sessions,
    },
    web::{
        error::WebError,
        form::Submitted,
        observe::RequestId,
        page::PageContext,
        session::{self, SignedIn},
        way::Way,
    },
};

const ADDRESS: &str = "/account/security";

/// How many events are shown.
const EVENTS: i64 = 20;

/// What is told to the owner, in words. What the portal does by itself stays in the trail.
const TOLD: [(Event, &str); 12] = [
    (Event::SignedIn, "Signed in"),
    (Event::SignInFailed, "A sign-in that failed"),
    (Event::SignedOut, "Signed out"),
    (Event::SessionEnded, "Another browser was signed out"),
    (Event::SignedOutEverywhere, "Signed out everywhere"),
    (Event::AuthenticatorAdded, "An authenticator app was added"),
    (Event::PasskeyAdded, "A passkey was added"),
    (Event::PasskeyRemoved, "A passkey was removed"),
    (Event::RecoveryCodeUsed, "A recovery code was used"),
    (Event::RecoveryCodesMade, "New recovery codes were made"),
    (Event::PasswordChosen, "The password was changed"),
    (Event::PasswordLinkSent, "A link for a new password was sent"),
];

/// A browser, as people read it.
struct Browser {
    id: String,
    name: String,
    network: String,
    since: String,
    seen: String,
    is_this: bool,
}

/// Something that happened, as people read it.
struct Told {
    at: String,
    what: &'static str,
}

#[derive(Template)]
#[template(path = "account/security.html")]
struct Page<'a> {
    page: &'a PageContext,
    browsers: Vec<Browser>,
    events: Vec<Told>,
}

pub async fn get(
    State(app): State<App>,
    session: Session,
    SignedIn(viewer): SignedIn,
    page: PageContext,
) -> Result<Response, WebError> {
    let this = session.id().map(|id| sessions::hash_of(&id));
    let mut connection = app.pool.acquire().await?;
    let open = sessions::of_account(&mut connection, viewer.person.id, app.clock.now()).await?;
    let names: Vec<&str> = TOLD.iter().map(|(event, _)| event.as_str()).collect();
    let happened = audit::latest(&mut connection, viewer.person.id, &names, EVENTS).await?;
    let browsers = open.into_iter().map(|session| Browser {
        is_this: this.is_some_and(|this| this.as_slice() == session.id),
        id: hex::encode(&session.id),
        name: session.browser,
        network: session.network,
        since: moment::date_time(session.created_at),
        seen: moment::date_time(session.last_seen_at),
    });
    let events = happened.into_iter().filter_map(|happening| {
        let (_, what) = TOLD.iter().find(|(event, _)| event.as_str() == happening.event)?;
        Some(Told { at: moment::date_time(happening.at), what })
    });
    page.show(&Page { page: &page, browsers: browsers.collect(), events: events.collect() })
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
    Ok(Redirect::to(ADDRESS).into_response())
}
