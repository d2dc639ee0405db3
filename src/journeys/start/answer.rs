//! The answer: one verdict, the rule that decided, what happens next with its dates, and one button.

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

use crate::{
    app::App,
    domain::{
        account::activation_ends,
        business_days::SERVICE_DESK_DAYS,
        device::Device,
        domain_name::DomainName,
        eligibility::{Applicant, Rule, SeedOffer, route},
        invitation::REGISTRATION_LINK_VALIDITY,
        moment,
        seed::SEED_EMAIL_VALIDITY,
    },
    store::directory::Reference,
    web::{addresses, error::WebError, page::PageContext},
};

/// What the address carries. Nothing of it names a person.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Question {
    domain: String,
    device: String,
    seed: String,
}

#[derive(Template)]
#[template(path = "start/answer.html")]
struct Page<'a> {
    page: &'a PageContext,
    domain: &'a str,
    agency: Option<&'a str>,
    device: Device,
    seed_wished: bool,
    rule: Rule,
    seed: SeedOffer,
    dates: Dates,
    /// Where the question is asked anew, with what was answered.
    change: String,
}

/// The dates of the steps ahead, if they are begun now. As people read them.
struct Dates {
    activation_ends: String,
    registration_ends: String,
    seed_ends: String,
    desk_answers: String,
}

impl Dates {
    fn from(now: OffsetDateTime, reference: &Reference) -> Self {
        let after = |wait: Duration| moment::date_only(now + wait);
        Self {
            activation_ends: moment::date_only(activation_ends(now)),
            registration_ends: after(REGISTRATION_LINK_VALIDITY),
            seed_ends: after(SEED_EMAIL_VALIDITY),
            desk_answers: moment::date(reference.calendar.after(now, SERVICE_DESK_DAYS)),
        }
    }
}

pub async fn get(
    State(app): State<App>,
    page: PageContext,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Response, WebError> {
    let Query(question) = question.unwrap_or_default();
    let (Ok(domain), Some(device)) = (DomainName::parse(&question.domain), Device::parse(&question.device)) else {
        // Half an address is no question: it is asked anew.
        return Ok(Redirect::to("/start").into_response());
    };
    let now = app.clock.now();
    let reference = app.reference.load();
    let seed_wished = question.seed == "yes";
    let verdict = route(&Applicant { domain: &domain, device, seed_wished }, &reference.directory);
    let agency = reference.directory.integrated(&domain).or_else(|| reference.directory.invite_only(&domain));
    page.show(&Page {
        page: &page,
        domain: domain.as_str(),
        agency: agency.map(|found| found.agency_name.as_str()),
        device,
        seed_wished,
        rule: verdict.rule,
        seed: verdict.seed,
        dates: Dates::from(now, &reference),
        change: addresses::question(device, seed_wished),
    })
}
