//! "This wasn't me" (docs/rules.md §4.23): the owner reads in a notice, or in the list of what happened lately, of something
//! that they did not do, and shuts out whoever did. By the link in the notice that takes no sign-in: whoever reads the owner's
//! mail could choose a new password anyhow.

mod link;
mod owner;
mod secure;

use axum::{Router, routing::get};

use crate::app::App;

pub fn router() -> Router<App> {
    Router::new()
        .route("/not-me/{token}", get(link::get).post(link::post))
        .route("/not-me/{token}/done", get(link::done))
        .route("/account/security/not-me", get(owner::get).post(owner::post))
}
