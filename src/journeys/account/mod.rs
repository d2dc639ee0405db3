//! My Account: who one is here, what matters next, and what one can look after oneself (docs/rules.md §4.13).

mod authenticator_new;
mod authenticators;
mod confirm;
mod confirm_passkey;
mod deadlines;
mod edit;
mod mobile;
mod overview;
mod passkey;
mod passkeys;
mod password;
mod recovery_codes;
mod security;
mod sessions;
mod terms;

use axum::{
    Router,
    routing::{get, post},
};

use crate::app::App;

pub fn router() -> Router<App> {
    Router::new()
        .route("/account", get(overview::get))
        .route("/account/edit", get(edit::get).post(edit::post))
        .route("/account/edit/mobile", get(mobile::get).post(mobile::post))
        .route("/account/edit/mobile/drop", post(mobile::post_drop))
        .route("/account/deadlines.ics", get(deadlines::get))
        .route("/account/terms", get(terms::get))
        .route("/account/terms/receipt", get(terms::receipt))
        .route("/account/security", get(security::get).post(sessions::post))
        .route("/account/security/confirm", get(confirm::get).post(confirm::post))
        .route("/account/security/confirm/passkey", post(confirm_passkey::post))
        .route("/account/security/confirm/passkey/options", post(confirm_passkey::options))
        .route("/account/security/review", post(security::post_review))
        .route("/account/security/sessions", get(sessions::get).post(sessions::post))
        .route("/account/security/password", get(password::get).post(password::post))
        .route("/account/security/authenticators", get(authenticators::get))
        .route("/account/security/authenticators/new", get(authenticator_new::get).post(authenticator_new::post))
        .route("/account/security/authenticators/{id}", get(authenticators::get_one).post(authenticators::post_name))
        .route(
            "/account/security/authenticators/{id}/remove",
            get(authenticators::get_remove).post(authenticators::post_remove),
        )
        .route("/account/security/recovery-codes", get(recovery_codes::get).post(recovery_codes::post))
        .route("/account/security/recovery-codes/download", get(recovery_codes::download))
        .route("/account/security/passkeys", get(passkeys::get).post(passkeys::post))
        .route("/account/security/passkeys/options", post(passkeys::options))
        .route("/account/security/passkeys/{id}", get(passkey::get).post(passkey::post))
        .route("/account/security/passkeys/{id}/remove", get(passkey::get_remove).post(passkey::post_remove))
}
