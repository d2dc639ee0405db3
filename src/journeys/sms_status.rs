//! What the SMS gateway tells about messages that it took (docs/rules.md §4.5a).

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    routing::post,
};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    app::App,
    domain::sms_fate::SmsFate,
    store::outbox::{self, Report},
    web::{error::WebError, gateway_form::FromGateway},
};

/// The one address that stands outside of what is for people: no session, no hidden field, no limit by network.
pub fn router() -> Router<App> {
    Router::new().route("/api/v1/sms/status", post(take))
}

/// What stands in the address that we gave the gateway.
#[derive(Debug, Default, Deserialize)]
pub struct Which {
    message: Option<Uuid>,
}

/// Whatever is reported, and however often: the answer is the same, for the gateway can do nothing about it.
async fn take(
    State(app): State<App>,
    which: Result<Query<Which>, QueryRejection>,
    form: FromGateway,
) -> Result<StatusCode, WebError> {
    let Query(which) = which.unwrap_or_default();
    let (gateway_id, error) = (form.field("MessageSid"), form.field("ErrorCode"));
    let fate = SmsFate::parse(form.field("MessageStatus"));
    let Some(fate) = fate.filter(|_| !gateway_id.is_empty()) else { return Ok(StatusCode::NO_CONTENT) };
    let error = Some(error).filter(|code| !code.is_empty());
    let report = Report { message: which.message, gateway_id, fate, error };
    let mut connection = app.pool.acquire().await?;
    if let Some(id) = outbox::note_report(&mut connection, &report, app.clock.now()).await? {
        app.meter.sms(fate.as_str());
        if fate.is_lost() {
            tracing::warn!(%id, fate = fate.as_str(), code = error.unwrap_or("none"), "an SMS did not arrive");
        }
    }
    Ok(StatusCode::NO_CONTENT)
}
