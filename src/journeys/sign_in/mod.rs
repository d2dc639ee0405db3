//! Signing in (docs/rules.md §4.12): the TechPass ID first. Its domain decides what follows: the agency's own sign-in, or the
//! password and the second factor here. And signing out.

mod id;
mod out;

use axum::{
    Router,
    routing::{get, post},
};

use crate::app::App;

pub fn router() -> Router<App> {
    Router::new().route("/sign-in", get(id::get).post(id::post)).route("/sign-out", post(out::post))
}
