//! The recovery codes: how many are left, and ten new ones, shown until their person says that they are kept (docs/rules.md §4.4,
//! §4.19). The old ones no longer work then.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use tower_sessions::Session;

use super::authenticators::require_factors_here;
use crate::{
    app::App,
    domain::{codes::RECOVERY_CODES, moment},
    messages::security_notice::Happened,
    store::{audit::Event, security},
    web::{
        addresses,
        error::WebError,
        factor,
        form::Submitted,
        observe::RequestId,
        page::PageContext,
        session::{self, Confirmed, SignedIn, Viewer},
        way::Way,
    },
};

const ADDRESS: &str = "/account/security/recovery-codes";

/// What the person sends: that the codes are kept, or that new ones are wanted, in the place of those that were made then.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    new: String,
    made: String,
}

#[derive(Template)]
#[template(path = "account/recovery_codes.html")]
struct Page<'a> {
    page: &'a PageContext,
    /// None once they are kept, and in a browser that did not see them being made.
    codes: Option<Vec<String>>,
    left: i64,
    all: usize,
    are_kept: bool,
    made_on: String,
    made: String,
}

pub async fn get(
    State(app): State<App>,
    session: Session,
    SignedIn(viewer): SignedIn,
    page: PageContext,
) -> Result<Response, WebError> {
    require_factors_here(&viewer.person)?;
    let codes = factor::shown_codes(&app, &session, viewer.person.id).await?;
    if codes.is_none() {
        // To make new ones, they have to show who they are: better before the button than after it.
        Confirmed::or_ask(viewer.clone(), ADDRESS, app.clock.now())?;
    }
    let known = security::recovery_codes(&mut *app.pool.acquire().await?, viewer.person.id).await?;
    page.show(&Page {
        page: &page,
        codes,
        left: known.left,
        all: RECOVERY_CODES,
        are_kept: known.are_kept,
        made_on: known.made_at.map(moment::date_only).unwrap_or_default(),
        made: known.edition(),
    })
}

/// The codes as a file.
pub async fn download(
    State(app): State<App>,
    session: Session,
    SignedIn(viewer): SignedIn,
) -> Result<Response, WebError> {
    let codes = factor::shown_codes(&app, &session, viewer.person.id).await?.ok_or(WebError::NotFound)?;
    Ok(factor::codes_file(&viewer.person, &codes))
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    SignedIn(viewer): SignedIn,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    require_factors_here(&viewer.person)?;
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    if form.new != "yes" {
        return keep(&way, &viewer).await;
    }
    let Confirmed(viewer) = Confirmed::or_ask(viewer, ADDRESS, way.now)?;
    let person = &viewer.person;
    let mut tx = app.pool.begin().await?;
    // Of two clicks, the second one finds newer codes than were on its page, and leaves them alone.
    way.lock(&mut tx, &viewer.sitting).await?;
    if form.made == security::recovery_codes(&mut tx, person.id).await?.edition() {
        factor::make_recovery_codes(&mut tx, &app, &session, person.id, way.now).await?;
        way.note(&mut tx, person.id, Event::RecoveryCodesMade, json!({})).await?;
        way.tell(&mut tx, person, Happened::RecoveryCodesMade).await?;
        tx.commit().await?;
        app.bell.ring();
        session::keep(&session, &viewer.sitting).await?;
    }
    Ok(Redirect::to(ADDRESS).into_response())
}

/// The codes are kept: they are not shown again.
async fn keep(way: &Way<'_>, viewer: &Viewer) -> Result<Response, WebError> {
    let person = &viewer.person;
    if let Some(codes) = factor::shown_codes(way.app, way.session, person.id).await? {
        let mut tx = way.app.pool.begin().await?;
        way.lock(&mut tx, &viewer.sitting).await?;
        let are_alive = factor::keep_codes(&mut tx, person.id, &codes, way.now).await?;
        if are_alive {
            way.note(&mut tx, person.id, Event::RecoveryCodesKept, json!({})).await?;
        }
        tx.commit().await?;
        factor::forget_shown_codes(way.session).await?;
        if !are_alive {
            // Others were made in another browser.
            return Ok(Redirect::to(ADDRESS).into_response());
        }
    }
    Ok(Redirect::to(&addresses::done(addresses::SECURITY, "codes")).into_response())
}
