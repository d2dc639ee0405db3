//! The end of the way: the account is active, and these are the next steps (docs/rules.md §4.11).

use askama::Template;
use axum::{extract::State, response::Response};

use crate::{
    app::App,
    domain::{activation::AccountKind, person::Person},
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
    passkeys: Passkeys,
}

/// What a passkey would be to whoever has just arrived.
enum Passkeys {
    /// The whole of logging in: to whoever has a password here.
    WayIn,
    /// A second factor, in the place of a code: to an officer whose agency vouches for none.
    SecondFactor,
    /// Nothing: it would be asked for nowhere, or there are none at this address.
    NoUse,
}

impl Passkeys {
    fn of(person: &Person, app: &App) -> Self {
        match person.kind() {
            _ if app.passkeys.is_none() => Self::NoUse,
            AccountKind::Local => Self::WayIn,
            AccountKind::Wog if person.keeps_factors_here() => Self::SecondFactor,
            AccountKind::Wog => Self::NoUse,
        }
    }
}

pub async fn get(State(app): State<App>, SignedIn(viewer): SignedIn, page: PageContext) -> Result<Response, WebError> {
    page.show(&Page {
        page: &page,
        techpass_id: viewer.person.techpass_id(),
        with_seed: viewer.person.seed.is_provisioned(),
        links: &app.reference.load().service_links,
        passkeys: Passkeys::of(&viewer.person, &app),
    })
}
