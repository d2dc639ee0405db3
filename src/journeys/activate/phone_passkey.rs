//! A passkey in the place of the phone, where SMS do not arrive (docs/rules.md §4.6). The phone stays unproven, and that is kept.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use tower_sessions::Session;

use super::phone;
use crate::{
    app::App,
    domain::{activation::Step, mobile::Mobile, passkey::PasskeyName},
    store::{audit::Event, people},
    web::{
        addresses,
        ceremony::{self, Purpose},
        error::WebError,
        form::Submitted,
        observe::RequestId,
        page::PageContext,
        session::{OnTheWay, SessionId, Viewer},
        way::Way,
    },
};

/// What the script puts into the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    credential: String,
}

/// What the browser is to be asked.
pub async fn options(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    at: OnTheWay,
    Submitted(_): Submitted<Form>,
) -> Result<Response, WebError> {
    let viewer = at.at(Step::Phone)?;
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    unreachable_phone(&app, &viewer).await?;
    ceremony::ask_to_make(&way, &viewer.person, Purpose::ReplacePhone).await
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    at: OnTheWay,
    page: PageContext,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let viewer = at.at(Step::Phone)?;
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let mobile = unreachable_phone(&app, &viewer).await?;
    let name = PasskeyName::parse(&viewer.sitting.browser).map_err(WebError::BadRequest)?;
    let added = ceremony::add(&way, &viewer.person, Purpose::ReplacePhone, &name, &form.credential).await?;
    let mut tx = match added {
        Ok(Some(tx)) => tx,
        // A second click: the first one has done it.
        Ok(None) => return Ok(Redirect::to(addresses::step(Step::Done)).into_response()),
        Err(refused) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return phone::show(&app, &page, &viewer, status, &refused.view(), &phone::Form::default()).await;
        }
    };
    people::replace_phone(&mut tx, viewer.person.id, &mobile, way.now).await?;
    way.note(&mut tx, viewer.person.id, Event::PhoneReplaced, json!({})).await?;
    Ok(Redirect::to(&way.go_on(tx, viewer.sitting.clone(), SessionId::Same).await?).into_response())
}

/// The number that a code goes to, if it is one that no SMS reaches: only then may a passkey take its place.
async fn unreachable_phone(app: &App, viewer: &Viewer) -> Result<Mobile, WebError> {
    let known = phone::known_number(&mut *app.pool.acquire().await?, viewer.person.id).await?;
    let mobile = known.and_then(|(country, number)| Mobile::parse(&country, &number).ok());
    mobile.filter(Mobile::is_in_china).ok_or(WebError::NotFound)
}
