//! Development's conveniences: the inbox with everything that was sent, and the page of components. They do not exist in
//! production.

mod components;
mod inbox;

use axum::{Router, routing::get};

use crate::app::App;

pub fn router() -> Router<App> {
    Router::new()
        .route("/dev/inbox", get(inbox::page))
        .route("/dev/inbox.json", get(inbox::json))
        .route("/dev/components", get(components::get))
}
