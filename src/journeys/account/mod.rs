//! My Account: who one is here, what matters next, and what one can look after oneself (docs/rules.md §4.13).

mod confirm;
mod overview;
mod security;

use axum::{Router, routing::get};

use crate::app::App;

pub fn router() -> Router<App> {
    Router::new()
        .route("/account", get(overview::get))
        .route("/account/security", get(security::get).post(security::post))
        .route("/account/security/confirm", get(confirm::get).post(confirm::post))
}
