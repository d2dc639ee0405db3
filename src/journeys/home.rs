//! The home page: what TechPass and SEED are, and the four ways on from here.

use askama::Template;
use axum::{
    Router,
    extract::{Query, rejection::QueryRejection},
    response::Response,
    routing::get,
};
use serde::Deserialize;

use crate::{
    app::App,
    web::{error::WebError, page::PageContext},
};

pub fn router() -> Router<App> {
    Router::new().route("/", get(home))
}

#[derive(Template)]
#[template(path = "home.html")]
struct Page<'a> {
    page: &'a PageContext,
    has_signed_out: bool,
}

/// What the address may carry: whether somebody has just signed out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Opened {
    signed_out: String,
}

async fn home(page: PageContext, opened: Result<Query<Opened>, QueryRejection>) -> Result<Response, WebError> {
    let has_signed_out = opened.is_ok_and(|Query(opened)| opened.signed_out == "yes") && page.signed_in.is_none();
    page.show(&Page { page: &page, has_signed_out })
}
