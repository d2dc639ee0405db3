//! Activation: everything between the first proof of who one is and an active account, step by step (docs/rules.md §4). Which
//! step comes next is decided in `domain::activation` and nowhere else; a step that is not the next one leads there.

mod done;
mod index;
mod mfa;
mod password;
mod phone;
mod phone_passkey;
mod recovery_codes;
mod terms;

use axum::{
    Router,
    routing::{get, post},
};

use crate::app::App;

pub fn router() -> Router<App> {
    Router::new()
        .route("/activate", get(index::get).post(index::post))
        .route("/activate/mfa", get(mfa::get).post(mfa::post))
        .route("/activate/recovery-codes", get(recovery_codes::get).post(recovery_codes::post))
        .route("/activate/recovery-codes/download", get(recovery_codes::download))
        .route("/activate/phone", get(phone::get).post(phone::post))
        .route("/activate/phone/number", post(phone::post_number))
        .route("/activate/phone/passkey", post(phone_passkey::post))
        .route("/activate/phone/passkey/options", post(phone_passkey::options))
        .route("/activate/password", get(password::get).post(password::post))
        .route("/activate/terms/{document}", get(terms::get).post(terms::post))
        .route("/activate/done", get(done::get))
}
