//! The form: organisational e-mail, device, SEED where it is possible, "I'm not a robot".

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tokio::time::Instant;

use super::{
    again, done,
    request::{self, Request, SeedWish},
    robots::{self, Robot},
};
use crate::{
    app::App,
    domain::{
        directory::Directory,
        domain_name::DomainName,
        eligibility::{Applicant, Rule, SeedOffer, route},
    },
    store::{StoreError, in_time, sign_up::Written},
    web::{
        addresses, answer_time, captcha,
        error::{WebError, wait_in_words},
        form::{FormView, Submitted},
        network::Network,
        observe::RequestId,
        page::PageContext,
        questions,
    },
};

/// What the person sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    email: String,
    device: String,
    seed: String,
    altcha: String,
}

#[derive(Template)]
#[template(path = "sign_up/form.html")]
struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    email: &'a str,
    device: &'a str,
    seed: &'a str,
    no_seed_domains: String,
    way: Option<&'a str>,
    /// Whether "send it again" led here, because the browser no longer has what was sent.
    is_forgotten: bool,
}

/// Where "send it again" leads when there is nothing to send again.
pub(super) const FORGOTTEN: &str = "/sign-up?again=forgotten";

/// What the address may carry.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Opened {
    again: String,
}

pub async fn get(
    State(app): State<App>,
    page: PageContext,
    opened: Result<Query<Opened>, QueryRejection>,
) -> Result<Response, WebError> {
    let Query(opened) = opened.unwrap_or_default();
    let (view, form) = (FormView::default(), Form::default());
    page.show(&Page { is_forgotten: opened.again == "forgotten", ..show(&app, &page, &view, &form, None) })
}

pub async fn post(
    State(app): State<App>,
    network: Network,
    request_id: RequestId,
    page: PageContext,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let began = Instant::now();
    let now = app.clock.now();
    let request = match read(&form, &app.reference.load().directory) {
        Ok(request) => request,
        Err(refusal) => return page.refuse(&show(&app, &page, &refusal.view, &form, refusal.way.as_deref())),
    };
    let carried_out = in_time(async {
        let proof = match robots::hold_back(&app, &form.altcha, &request, network, now).await? {
            Ok(proof) => proof,
            Err(robot) => return Ok(Err(robot)),
        };
        let written = request::carry_out(&app, &request, proof.as_ref(), &request_id, now).await?;
        Ok(if written == Written::ProofUsed { Err(Robot::Replayed) } else { Ok(()) })
    });
    let carried_out: Result<_, StoreError> = carried_out.await;
    if let Err(robot) = carried_out? {
        return told_apart(&app, &page, &form, robot);
    }
    let cookie = again::remember_new(&app, &request, now);
    answer_time::wait(began).await;
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), Redirect::to(&done::address(request.seed))).into_response())
}

/// Why a form is refused, and where to go instead.
struct Refusal {
    view: FormView,
    way: Option<String>,
}

/// Understands the form: what is wrong with each field, or who belongs elsewhere by the rules (docs/rules.md §1).
fn read(form: &Form, directory: &Directory) -> Result<Request, Refusal> {
    let (email, device) =
        questions::read_applicant(&form.email, &form.device).map_err(|view| Refusal { view, way: None })?;
    let seed_wished = form.seed == "yes";
    let verdict = route(&Applicant { domain: email.domain(), device, seed_wished }, directory);
    if let Some((field, message)) = sent_elsewhere(verdict.rule) {
        let way = Some(addresses::answer(email.domain(), device, seed_wished));
        return Err(Refusal { view: FormView::with_error(field, message), way });
    }
    let seed = match verdict.seed {
        SeedOffer::Offered => SeedWish::Yes,
        SeedOffer::NotOfferedAtDomain => SeedWish::NotOffered,
        SeedOffer::NotWished | SeedOffer::NotFromThisDevice | SeedOffer::DecidedLater => SeedWish::No,
    };
    Ok(Request { email, device, seed })
}

/// The field that decided that somebody belongs elsewhere, and the sentence beside it.
fn sent_elsewhere(rule: Rule) -> Option<(&'static str, &'static str)> {
    Some(match rule {
        Rule::LiteMail => ("email", "LiteMail has no inbox for our e-mail. Upgrade to a standard mailbox first"),
        Rule::PersonalMail => ("email", "This is a personal mailbox. Use the e-mail address of your organisation"),
        Rule::SecuredEmailDevice => {
            ("device", "You cannot sign up from an SE GSIB. The service desk makes your account within 3 business days")
        }
        Rule::InviteOnly => {
            ("email", "Officers of this agency are invited. Ask your project manager or reporting officer")
        }
        Rule::SelfSignUp => return None,
        Rule::WrongDevice => {
            ("device", "You cannot sign up from an Internet Device. Use a non-SE GSIB or a GMD, or ask to be invited")
        }
        Rule::OutsideOrganisation => (
            "email",
            "Only people with a government address sign up here. Ask your project manager or reporting officer to invite you",
        ),
        Rule::TechPassId => {
            ("email", "This is a TechPass ID, and has no mailbox. Log in with it, or give the address of your agency")
        }
        Rule::OtherGovernment => {
            ("email", "We cannot sign in people of this agency yet. The service desk makes your account")
        }
    })
}

/// The form again, for somebody who may be a robot.
fn told_apart(app: &App, page: &PageContext, form: &Form, robot: Robot) -> Result<Response, WebError> {
    let (status, message, wait) = match robot {
        Robot::Expired => {
            (StatusCode::UNPROCESSABLE_ENTITY, "The check has run out. Tick “I’m not a robot” again".to_owned(), None)
        }
        Robot::Wrong => {
            (StatusCode::UNPROCESSABLE_ENTITY, "The check did not work. Tick “I’m not a robot” again".to_owned(), None)
        }
        Robot::Replayed => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "The check was used for another form. Tick “I’m not a robot” again".to_owned(),
            None,
        ),
        Robot::BudgetUsedUp { wait } => {
            let seconds = wait.as_secs().max(1);
            let message = format!(
                "Too many forms came without the “I’m not a robot” check. Turn on JavaScript, or try again in {}",
                wait_in_words(seconds)
            );
            (StatusCode::TOO_MANY_REQUESTS, message, Some(seconds))
        }
    };
    let view = FormView::with_error(captcha::FIELD, message);
    let mut response = page.answer(status, &show(app, page, &view, form, None))?;
    if let Some(seconds) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

/// The page: the form as it was sent, what is wrong with it, and for whoever belongs elsewhere the way to go.
fn show<'a>(app: &App, page: &'a PageContext, view: &'a FormView, form: &'a Form, way: Option<&'a str>) -> Page<'a> {
    let reference = app.reference.load();
    let domains: Vec<&str> = reference.directory.seed_not_offered_domains().map(DomainName::as_str).collect();
    let no_seed_domains = domains.join(" ");
    Page {
        page,
        form: view,
        email: &form.email,
        device: &form.device,
        seed: &form.seed,
        no_seed_domains,
        way,
        is_forgotten: false,
    }
}
