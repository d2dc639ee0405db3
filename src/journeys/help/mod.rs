//! Getting help. Raising a request here is not open yet, and the page says so; it answers what is asked most, and names the
//! service desk that is open today.

use askama::Template;
use axum::{
    Router,
    extract::State,
    response::{Redirect, Response},
    routing::get,
};

use crate::{
    app::App,
    domain::{business_days::SERVICE_DESK_DAYS, moment},
    web::{error::WebError, page::PageContext},
};

pub fn router() -> Router<App> {
    Router::new()
        .route("/help", get(show))
        .route("/help/requests", get(show_first))
        .route("/help/requests/new", get(show_first))
}

#[derive(Template)]
#[template(path = "help/help.html")]
struct Page<'a> {
    page: &'a PageContext,
    answered_by: &'a str,
}

async fn show(State(app): State<App>, page: PageContext) -> Result<Response, WebError> {
    let answered_by = moment::date(app.reference.load().calendar.after(app.clock.now(), SERVICE_DESK_DAYS));
    page.show(&Page { page: &page, answered_by: &answered_by })
}

async fn show_first() -> Redirect {
    Redirect::to("/help")
}
