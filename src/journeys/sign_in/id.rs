//! The TechPass ID: an address of an agency leads to the agency's sign-in, any other ID to the password.

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_sessions::Session;

use crate::{
    app::App,
    domain::{directory::Directory, email_address::EmailAddress, techpass_id::TechPassId},
    providers::Ask,
    web::{
        addresses,
        error::WebError,
        form::{FormView, Submitted},
        observe::RequestId,
        page::PageContext,
        provider_trip::{self, Purpose},
        session, trip_problem,
    },
};

/// What the person sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    techpass_id: String,
    next: String,
}

/// What the address may carry: where to go afterwards.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    next: String,
}

#[derive(Template)]
#[template(path = "sign_in/id.html")]
pub(super) struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    techpass_id: &'a str,
    next: &'a str,
    /// Whether passkeys are offered here.
    with_passkey: bool,
}

impl<'a> Page<'a> {
    pub(super) fn new(
        app: &App,
        page: &'a PageContext,
        form: &'a FormView,
        techpass_id: &'a str,
        next: &'a str,
    ) -> Self {
        Self { page, form, techpass_id, next, with_passkey: app.passkeys.is_some() }
    }
}

pub async fn get(
    State(app): State<App>,
    page: PageContext,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, WebError> {
    let Query(wanted) = wanted.unwrap_or_default();
    if page.signed_in.is_some() {
        let next = addresses::own_path(&wanted.next).unwrap_or(addresses::ACCOUNT);
        return Ok(Redirect::to(next).into_response());
    }
    let next = addresses::own_path(&wanted.next).unwrap_or_default();
    page.show(&Page::new(&app, &page, &FormView::default(), "", next))
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    page: PageContext,
    request_id: RequestId,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let next = addresses::own_path(&form.next).unwrap_or_default();
    let way = match way_of(&form.techpass_id, &app.reference.load().directory) {
        Ok(way) => way,
        Err(message) => {
            let view = FormView::with_error("techpass_id", message);
            return page.refuse(&Page::new(&app, &page, &view, &form.techpass_id, next));
        }
    };
    session::remember_next(&session, next).await?;
    match way {
        Way::Provider(provider, email) => {
            let ask = Ask { login_hint: Some(email.as_str()), ..Ask::default() };
            let begun = provider_trip::begin(&app, &session, &provider, Purpose::SignIn, ask, app.clock.now()).await;
            match begun {
                Ok(address) => Ok(Redirect::to(address.as_str()).into_response()),
                Err(error) => {
                    trip_problem::could_not_begin(&app, &page, &request_id, &provider, &Purpose::SignIn, error)
                }
            }
        }
        Way::Password(id) => {
            session::remember_techpass_id(&session, &id).await?;
            Ok(Redirect::to("/sign-in/password").into_response())
        }
    }
}

/// How somebody signs in.
enum Way {
    /// At the provider of that name.
    Provider(String, EmailAddress),
    /// Here, with this ID.
    Password(TechPassId),
}

/// Decides by the domain alone: whether there is an account is nobody's business here (docs/rules.md §2.12).
fn way_of(text: &str, directory: &Directory) -> Result<Way, &'static str> {
    match TechPassId::parse(text) {
        None if text.trim().is_empty() => Err("Enter your TechPass ID"),
        None => Err("Enter your TechPass ID, such as tan_mei@tech.gov.sg or ana.lim@techpass.gov.sg"),
        Some(TechPassId::Address(email)) => {
            let provider = directory.integrated(email.domain()).and_then(|domain| domain.provider.clone());
            provider.map(|provider| Way::Provider(provider, email)).ok_or(
                "People with this e-mail address log in with a TechPass ID that ends in @techpass.gov.sg. It is in your onboarding e-mail",
            )
        }
        Some(id @ TechPassId::Local(_)) => Ok(Way::Password(id)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Way, way_of};
    use crate::domain::directory::Directory;

    #[test]
    fn an_id_of_ours_leads_to_the_password_and_what_is_none_is_said_so() {
        let directory = Directory::default();
        assert!(matches!(way_of("Ana.Lim", &directory), Ok(Way::Password(_))));
        assert!(matches!(way_of("ana@techpass.gov.sg", &directory), Ok(Way::Password(_))));
        assert!(way_of("", &directory).is_err_and(|message| message == "Enter your TechPass ID"));
        assert!(way_of("ana@vendor.example", &directory).is_err_and(|message| message.contains("@techpass.gov.sg")));
        assert!(way_of("a b", &directory).is_err());
    }
}
