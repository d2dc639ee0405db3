//! My Account: who one is here, what matters next, and what one can look after oneself (docs/rules.md §4.13).

mod overview;

use axum::{Router, routing::get};

use crate::app::App;

pub fn router() -> Router<App> {
    Router::new().route("/account", get(overview::get))
}
