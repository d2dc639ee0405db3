//! My Account: who one is here, what matters next, and what one can look after oneself (docs/rules.md §4.13).

mod overview;
mod passkey;
mod passkeys;
mod security;

use axum::{
    Router,
    routing::{get, post},
};

use crate::app::App;

pub fn router() -> Router<App> {
    Router::new()
        .route("/account", get(overview::get))
        .route("/account/security", get(security::get).post(security::post))
        .route("/account/security/passkeys", get(passkeys::get).post(passkeys::post))
        .route("/account/security/passkeys/options", post(passkeys::options))
        .route("/account/security/passkeys/{id}", get(passkey::get).post(passkey::post))
        .route("/account/security/passkeys/{id}/remove", get(passkey::get_remove).post(passkey::post_remove))
}
