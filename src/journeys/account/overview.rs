//! What somebody sees first who is signed in.

use askama::Template;
use axum::{extract::State, response::Response};

use crate::{
    app::App,
    domain::{
        activation::AccountKind,
        person::{Person, Role},
    },
    store::people,
    web::{error::WebError, page::PageContext, session::SignedIn},
};

#[derive(Template)]
#[template(path = "account/overview.html")]
struct Page<'a> {
    page: &'a PageContext,
    person: &'a Person,
    roles: String,
    /// Of a local account, the number.
    mobile: Option<String>,
}

pub async fn get(State(app): State<App>, SignedIn(viewer): SignedIn, page: PageContext) -> Result<Response, WebError> {
    let person = &viewer.person;
    let mobile = match person.kind() {
        AccountKind::Local => people::mobile(&mut *app.pool.acquire().await?, person.id).await?,
        AccountKind::Wog => None,
    };
    let roles = person.roles.iter().map(|role| match role {
        Role::Agent => "Service desk agent",
        Role::Approver => "Approver",
        Role::Admin => "Administrator",
    });
    let (roles, mobile) = (roles.collect::<Vec<_>>().join(", "), mobile.map(|(_, number)| number));
    page.show(&Page { page: &page, person, roles, mobile })
}
