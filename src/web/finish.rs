//! What was sent is done, whether or not its sender waits for the answer.

use axum::{
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::Instrument;

/// Carries on with a request that may change something when its sender hangs up: otherwise its work would be dropped wherever it
/// just is, between two things that belong together, and a wrong password that nobody waited for would tell no owner.
pub async fn finish(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let work = tokio::spawn(next.run(request).in_current_span());
    // A panic was made an answer further in: what is left is that the portal stops.
    work.await.unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response())
}
