//! The end of the way: the account is active, and these are the next steps (docs/rules.md §4.11).

use askama::Template;
use axum::{extract::State, response::Response};

use crate::{
    app::App,
    store::terms::ServiceLink,
    web::{error::WebError, page::PageContext, session::SignedIn},
};

#[derive(Template)]
#[template(path = "activate/done.html")]
struct Page<'a> {
    page: &'a PageContext,
    techpass_id: String,
    with_seed: bool,
    links: &'a [ServiceLink],
    /// Whether a passkey can be added here.
    with_passkeys: bool,
}

pub async fn get(State(app): State<App>, SignedIn(viewer): SignedIn, page: PageContext) -> Result<Response, WebError> {
    page.show(&Page {
        page: &page,
        techpass_id: viewer.person.techpass_id(),
        with_seed: viewer.person.seed.is_provisioned(),
        links: &app.reference.load().service_links,
        with_passkeys: app.passkeys.is_some(),
    })
}
