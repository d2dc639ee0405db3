//! The authenticator app: a picture and a key to type, one code to confirm (docs/rules.md §4.3). The recovery codes are made at the
//! same moment, so that nobody has the one without the other.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use tower_sessions::Session;

use crate::{
    app::App,
    domain::{account::AccountStatus, activation::Step},
    messages::security_notice::Happened,
    store::{audit::Event, credentials, people},
    web::{
        addresses,
        authenticator::{NAME, SetUp, Shown},
        error::WebError,
        factor,
        form::{FormView, Submitted},
        observe::RequestId,
        page::PageContext,
        session::{OnTheWay, SessionId, Viewer},
        tries::{self, Tried},
        way::Way,
    },
};

/// The number of the authenticator that is set up here: where there is none, none of this sitting came before it.
const FIRST: i32 = 0;

/// What the person sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    code: String,
}

#[derive(Template)]
#[template(path = "activate/mfa.html")]
struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    shown: Shown,
}

pub async fn get(State(app): State<App>, at: OnTheWay, page: PageContext) -> Result<Response, WebError> {
    let viewer = at.at(Step::SetUpFactor)?;
    page.show(&show(&app, &page, &FormView::default(), &viewer))
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    at: OnTheWay,
    page: PageContext,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let viewer = at.at(Step::SetUpFactor)?;
    let person = &viewer.person;
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    if let Err(too_many) = tries::take_theirs(&way, person, Tried::Totp).await? {
        let view = FormView::with_error("code", too_many.in_words());
        return page.answer(StatusCode::TOO_MANY_REQUESTS, &show(&app, &page, &view, &viewer));
    }
    let set_up = SetUp::of(&app, person, &viewer.sitting, FIRST);
    let step = match set_up.first_step(&way, &form.code).await? {
        Ok(step) => step,
        Err(wrong) => return page.refuse(&show(&app, &page, &FormView::with_error("code", wrong), &viewer)),
    };
    let mut tx = app.pool.begin().await?;
    let authenticator = set_up.authenticator();
    // Looked at again under a lock: a form that was begun long ago must not add a second one.
    people::lock(&mut tx, person.id).await?;
    let known = credentials::authenticators(&mut tx, person.id).await?;
    if !known.is_empty() && known.iter().all(|known| known.id != authenticator.id) {
        return Err(WebError::SeeOther(addresses::step(Step::ProveFactor).to_owned()));
    }
    if credentials::add_authenticator(&mut tx, person.id, &authenticator, NAME, step, way.now).await? {
        factor::make_recovery_codes(&mut tx, &app, &session, person.id, way.now).await?;
        tries::give_theirs_back(&mut tx, &app, person, Tried::Totp).await?;
        way.note(&mut tx, person.id, Event::AuthenticatorAdded, json!({})).await?;
        if person.status == AccountStatus::Active {
            way.tell(&mut tx, person, Happened::AuthenticatorAdded).await?;
        }
    }
    let mut sitting = viewer.sitting.clone();
    sitting.is_second_factor_proven = true;
    Ok(Redirect::to(&way.go_on(tx, sitting, SessionId::New).await?).into_response())
}

fn show<'a>(app: &App, page: &'a PageContext, form: &'a FormView, viewer: &Viewer) -> Page<'a> {
    Page { page, form, shown: SetUp::of(app, &viewer.person, &viewer.sitting, FIRST).shown() }
}
