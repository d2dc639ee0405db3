//! Which way is mine? An e-mail address and a device go in, one verdict comes out (docs/rules.md §1).
//!
//! The answer has an address of its own that holds nothing personal, so that it can be sent to a colleague.

mod answer;
mod form;

use axum::{Router, routing::get};

use crate::app::App;

pub fn router() -> Router<App> {
    Router::new().route("/start", get(form::get).post(form::post)).route("/start/answer", get(answer::get))
}
