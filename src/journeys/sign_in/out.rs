//! Signing out: the session is gone on every copy, whether it was good or not.

use axum::{extract::State, response::Response};
use serde_json::json;
use tower_sessions::Session;

use crate::{
    app::App,
    store::audit::Event,
    web::{
        error::WebError,
        form::{Button, Submitted},
        observe::RequestId,
        session::{self, MaybeSignedIn},
        way::Way,
    },
};

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    MaybeSignedIn(viewer): MaybeSignedIn,
    Submitted(Button {}): Submitted<Button>,
) -> Result<Response, WebError> {
    if let Some(viewer) = viewer {
        let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
        let mut tx = app.pool.begin().await?;
        way.note(&mut tx, viewer.person.id, Event::SignedOut, json!({})).await?;
        tx.commit().await?;
    }
    Ok(session::leave(&session).await?)
}
