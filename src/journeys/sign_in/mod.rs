//! Signing in. It is not open yet, and the page says so; pages of an account already lead here, as they always will for
//! whoever is not signed in.

use askama::Template;
use axum::{
    Router,
    http::Uri,
    response::{Redirect, Response},
    routing::get,
};

use crate::{
    app::App,
    web::{error::WebError, page::PageContext},
};

pub fn router() -> Router<App> {
    Router::new()
        .route("/sign-in", get(show))
        .route("/account", get(sign_in_first))
        .route("/account/{*page}", get(sign_in_first))
}

#[derive(Template)]
#[template(path = "sign_in/not_open.html")]
struct Page<'a> {
    page: &'a PageContext,
}

async fn show(page: PageContext) -> Result<Response, WebError> {
    page.show(&Page { page: &page })
}

async fn sign_in_first(address: Uri) -> Redirect {
    let next: String = url::form_urlencoded::byte_serialize(address.path().as_bytes()).collect();
    Redirect::to(&format!("/sign-in?next={next}"))
}
