//! The home page: what TechPass and SEED are, and the four ways on from here.

use askama::Template;
use axum::{Router, response::Response, routing::get};

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
}

async fn home(page: PageContext) -> Result<Response, WebError> {
    page.show(&Page { page: &page })
}
