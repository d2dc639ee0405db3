//! What somebody sees first who is signed in.

use askama::Template;
use axum::response::Response;

use crate::{
    domain::person::{Person, Role},
    web::{error::WebError, page::PageContext, session::SignedIn},
};

#[derive(Template)]
#[template(path = "account/overview.html")]
struct Page<'a> {
    page: &'a PageContext,
    person: &'a Person,
    roles: String,
}

pub async fn get(SignedIn(viewer): SignedIn, page: PageContext) -> Result<Response, WebError> {
    let person = &viewer.person;
    let roles = person.roles.iter().map(|role| match role {
        Role::Agent => "Service desk agent",
        Role::Approver => "Approver",
        Role::Admin => "Administrator",
    });
    page.show(&Page { page: &page, person, roles: roles.collect::<Vec<_>>().join(", ") })
}
