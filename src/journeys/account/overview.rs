//! What somebody sees first who is signed in: who they are here, and the dates that matter (docs/rules.md §4.13, §4.21).

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};

use super::deadlines::{Date, facts};
use crate::{
    app::App,
    domain::{
        deadlines,
        person::{Person, Role},
    },
    store::profiles::{self, Profile},
    web::{addresses::Done, error::WebError, page::PageContext, session::SignedIn},
};

#[derive(Template)]
#[template(path = "account/overview.html")]
struct Page<'a> {
    page: &'a PageContext,
    done: &'a str,
    person: &'a Person,
    profile: &'a Profile,
    agency: String,
    roles: String,
    dates: Vec<Date>,
}

pub async fn get(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    page: PageContext,
    done: Result<Query<Done>, QueryRejection>,
) -> Result<Response, WebError> {
    let (Query(done), person, now) = (done.unwrap_or_default(), &viewer.person, app.clock.now());
    let profile = profiles::find(&mut *app.pool.acquire().await?, person.id).await?;
    let roles = person.roles.iter().map(|role| match role {
        Role::Agent => "Service desk agent",
        Role::Approver => "Approver",
        Role::Admin => "Administrator",
    });
    let dates = deadlines::all(&facts(person, &profile), now);
    page.show(&Page {
        page: &page,
        done: &done.done,
        person,
        profile: &profile,
        agency: agency(&app, person, &profile),
        roles: roles.collect::<Vec<_>>().join(", "),
        dates: dates.into_iter().map(|deadline| Date::of(deadline, now)).collect(),
    })
}

/// The agency in words: that of the account, or the one that the address belongs to.
pub fn agency(app: &App, person: &Person, profile: &Profile) -> String {
    let reference = app.reference.load();
    let of_address = person.email.as_ref().and_then(|email| reference.directory.integrated(email.domain()));
    let of_address = of_address.map(|domain| (domain.agency.clone(), domain.agency_name.clone()));
    profile.agency.clone().or(of_address).map(|(acronym, name)| format!("{name} ({acronym})")).unwrap_or_default()
}
