//! Accepting the invitation: the link in the onboarding e-mail opens a page, and only its button goes on (docs/rules.md
//! §2.20 to §2.23). Mail scanners open links; opening changes nothing.

mod invitation;

use axum::{Router, routing::get};

use crate::app::App;

pub fn router() -> Router<App> {
    Router::new().route("/accept/{token}", get(invitation::get).post(invitation::post))
}
