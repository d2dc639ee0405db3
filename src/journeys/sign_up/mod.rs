//! A public officer signs up: a form of three questions, a page that says what happens next, and an e-mail within seconds
//! (docs/rules.md §2). Whoever belongs elsewhere is told so beside the question that decided it.

mod again;
mod done;
mod form;
mod request;
mod robots;

use axum::{
    Router,
    routing::{get, post},
};

use crate::app::App;

pub fn router() -> Router<App> {
    Router::new()
        .route("/sign-up", get(form::get).post(form::post))
        .route("/sign-up/done", get(done::get))
        .route("/sign-up/again", post(again::post))
}
