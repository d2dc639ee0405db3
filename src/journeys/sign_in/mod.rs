//! Signing in (docs/rules.md §4.12): the TechPass ID first. Its domain decides what follows: the agency's own sign-in, or the
//! password and the second factor here, or a passkey in the place of both. And signing out.

mod forgotten;
mod id;
mod mfa;
mod mfa_passkey;
mod out;
mod passkey;
mod password;
mod shut;

use axum::{
    Router,
    routing::{get, post},
};

use crate::app::App;

pub fn router() -> Router<App> {
    Router::new()
        .route("/sign-in", get(id::get).post(id::post))
        .route("/sign-in/password", get(password::get).post(password::post))
        .route("/sign-in/passkey", post(passkey::post))
        .route("/sign-in/passkey/options", post(passkey::options))
        .route("/sign-in/mfa", get(mfa::get).post(mfa::post))
        .route("/sign-in/mfa/passkey", post(mfa_passkey::post))
        .route("/sign-in/mfa/passkey/options", post(mfa_passkey::options))
        .route("/sign-in/recovery", get(mfa::get_recovery).post(mfa::post_recovery))
        .route("/sign-in/forgotten", get(forgotten::get).post(forgotten::post))
        .route("/sign-in/forgotten/{token}", get(forgotten::get_new).post(forgotten::post_new))
        .route("/sign-out", post(out::post))
}
