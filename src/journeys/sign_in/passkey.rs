//! Signing in with a passkey alone: it stands for the password and the second factor of a local account. Any passkey may answer,
//! so that what the browser is asked tells nothing about who has an account. Whoever signs in at an agency does so there, whatever
//! passkeys they have here.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use tower_sessions::Session;

use super::{
    id::Page,
    shut::{self, Shut},
};
use crate::{
    app::App,
    domain::activation::AccountKind,
    store::audit::Event,
    web::{
        addresses,
        ceremony::{self, Proven, Purpose},
        error::WebError,
        form::{FormView, Submitted},
        observe::RequestId,
        page::PageContext,
        session::{self, Place, SessionId},
        way::Way,
    },
};

const AT_THE_AGENCY: &str = "You log in at your agency, and this passkey is for the step after it. Enter your e-mail address as your TechPass ID";

/// What the script puts into the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    credential: String,
    next: String,
}

/// What the browser is to be asked.
pub async fn options(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    Submitted(_): Submitted<Form>,
) -> Result<Response, WebError> {
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    ceremony::ask_to_use(&way, None, Purpose::SignIn).await
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    page: PageContext,
    place: Place,
    request_id: RequestId,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let next = addresses::own_path(&form.next).unwrap_or_default();
    let refuse = |view: &FormView| page.refuse(&Page::new(&app, &page, view, "", next));
    let Proven { person, mut tx } = match ceremony::prove(&way, None, Purpose::SignIn, &form.credential).await? {
        Ok(proven) => proven,
        Err(refused) => return refuse(&refused.view()),
    };
    if person.kind() == AccountKind::Wog {
        tx.commit().await?;
        return refuse(&FormView::with_error(ceremony::FIELD, AT_THE_AGENCY));
    }
    if let Some(shut) = Shut::of_account(person.status, person.activation_ends, way.now) {
        tx.commit().await?;
        way.note_failure(person.id, json!({"because": "shut"})).await?;
        return page.answer(StatusCode::FORBIDDEN, &shut::Page { page: &page, shut });
    }
    way.note(&mut tx, person.id, Event::SignInBegun, json!({"by": "passkey"})).await?;
    way.note(&mut tx, person.id, Event::FactorProven, json!({"by": "passkey"})).await?;
    session::remember_next(&session, next).await?;
    let sitting = session::new_sitting(&person, place, true, way.now);
    Ok(Redirect::to(&way.go_on(tx, sitting, SessionId::New).await?).into_response())
}
