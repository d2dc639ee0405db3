//! Proving anew who one is with a passkey (docs/rules.md §4.16): alone where one signs in here, and in the place of the code where one
//! is back from the provider.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_sessions::Session;

use super::confirm::{Page, Proof};
use crate::{
    app::App,
    web::{
        addresses,
        ceremony::{self, Proven, Purpose},
        confirming::{ProvedBy, confirmed},
        error::WebError,
        form::Submitted,
        observe::RequestId,
        page::PageContext,
        session::SignedIn,
        way::Way,
    },
};

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
    SignedIn(viewer): SignedIn,
    Submitted(_): Submitted<Form>,
) -> Result<Response, WebError> {
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    ceremony::ask_to_use(&way, Some(viewer.person.id), Purpose::Confirm).await
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    SignedIn(viewer): SignedIn,
    page: PageContext,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let next = addresses::own_path(&form.next).unwrap_or(addresses::SECURITY);
    if viewer.sitting.is_confirmed(way.now) {
        // A second click.
        return Ok(Redirect::to(next).into_response());
    }
    let proof = Proof::of(&session, &viewer.person, way.now).await?;
    let Some(by) = by(proof) else {
        // The provider's word is missing still.
        return Ok(Redirect::to(&addresses::confirm(next)).into_response());
    };
    match ceremony::prove(&way, Some(viewer.person.id), Purpose::Confirm, &form.credential).await? {
        Ok(Proven { tx, .. }) => {
            confirmed(&way, tx, &viewer, by).await?;
            Ok(Redirect::to(next).into_response())
        }
        Err(refused) => {
            let view = refused.view();
            page.answer(StatusCode::UNPROCESSABLE_ENTITY, &Page::new(&app, &page, &view, proof, &viewer.person, next))
        }
    }
}

/// What a passkey comes to beside what was proven already; nothing where it does not count.
const fn by(proof: Proof) -> Option<ProvedBy> {
    match proof {
        Proof::Password => Some(ProvedBy::Passkey),
        Proof::Code => Some(ProvedBy::ProviderAndPasskey),
        Proof::Provider => None,
    }
}
