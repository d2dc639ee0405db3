//! Signing out: the session is gone on every copy, whether it was good or not.

use axum::{extract::State, response::Response};
use serde::Deserialize;
use serde_json::json;
use tower_sessions::Session;

use crate::{
    app::App,
    store::audit::Event,
    web::{
        error::WebError,
        form::Submitted,
        observe::RequestId,
        session::{self, MaybeSignedIn},
        way::Way,
    },
};

/// Nothing but the button.
#[derive(Debug, Deserialize)]
pub struct Form {}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    MaybeSignedIn(viewer): MaybeSignedIn,
    Submitted(Form {}): Submitted<Form>,
) -> Result<Response, WebError> {
    if let Some(viewer) = viewer {
        let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
        let mut tx = app.pool.begin().await?;
        way.note(&mut tx, viewer.person.id, Event::SignedOut, json!({})).await?;
        tx.commit().await?;
    }
    Ok(session::leave(&session).await?)
}
