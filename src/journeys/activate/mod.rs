//! Activation: everything between the first proof of who one is and an active account, step by step (docs/rules.md §4). Which
//! step comes next is decided in `domain::activation` and nowhere else; a step that is not the next one leads there.

mod done;
mod index;
mod terms;

use axum::{Router, routing::get};

use crate::app::App;

pub fn router() -> Router<App> {
    Router::new()
        .route("/activate", get(index::get).post(index::post))
        .route("/activate/terms/{document}", get(terms::get).post(terms::post))
        .route("/activate/done", get(done::get))
}
