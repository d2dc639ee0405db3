//! What machines ask: is it alive, is it ready, what are its figures.

use axum::{
    Extension, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{app::App, store::pool, web::page::OwnPage};

/// `/metrics` has its own listening address in production: it is not for everybody.
pub fn router(app: &App) -> Router<App> {
    let router = Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz));
    if app.config.is_development() { router.route("/metrics", get(metrics)) } else { router }
}

/// `/metrics` alone, for its own listening address.
pub fn metrics_router(app: App) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(app)
}

async fn healthz() -> &'static str {
    "alive\n"
}

async fn readyz(State(app): State<App>) -> Response {
    match pool::ping(&app.pool).await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, Extension(OwnPage), "the database does not answer\n").into_response()
        }
    }
}

async fn metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], app.meter.render()).into_response()
}
