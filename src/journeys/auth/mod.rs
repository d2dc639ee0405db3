//! To the identity provider and back, by OpenID Connect: whoever accepts an invitation and whoever signs in takes this way
//! (docs/rules.md §2.24 to §2.27). What is verified is decided upon in `domain::identity`; here it is carried out.

mod callback;
mod confirm;
mod start;

use axum::{Router, routing::get};

use crate::app::App;

pub fn router() -> Router<App> {
    Router::new()
        .route("/auth/{provider}/start", get(start::get).post(start::post))
        .route("/auth/{provider}/callback", get(callback::get))
}
