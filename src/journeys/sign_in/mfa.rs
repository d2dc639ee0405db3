//! The second factor at a later sign-in: a code of the authenticator app, or, where the phone is gone, a recovery code. Both are
//! used up, and both have few tries. A passkey will do as well (`mfa_passkey`).

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use tower_sessions::Session;

use crate::{
    app::App,
    domain::{
        account::AccountStatus,
        activation::Step,
        codes::{CodeUse, parse_sms_code},
        person::Person,
    },
    store::audit::Event,
    web::{
        addresses,
        authenticator::SIX_DIGITS,
        error::WebError,
        factor,
        form::{FormView, Submitted},
        observe::RequestId,
        page::PageContext,
        session::{self, OnTheWay, SessionId, Viewer},
        tries::{self, Tried},
        way::Way,
    },
};

/// What the person sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    code: String,
}

#[derive(Template)]
#[template(path = "sign_in/mfa.html")]
pub(super) struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    /// Whether they have an app that shows codes.
    with_code: bool,
    /// Whether they have a passkey, and it works here.
    with_passkey: bool,
}

impl<'a> Page<'a> {
    pub(super) fn new(app: &App, page: &'a PageContext, form: &'a FormView, person: &Person) -> Self {
        let with_passkey = person.has_passkey && app.passkeys.is_some();
        Self { page, form, with_code: person.has_authenticator, with_passkey }
    }
}

#[derive(Template)]
#[template(path = "sign_in/recovery.html")]
struct RecoveryPage<'a> {
    page: &'a PageContext,
    form: &'a FormView,
}

pub async fn get(State(app): State<App>, at: OnTheWay, page: PageContext) -> Result<Response, WebError> {
    let viewer = at.at(Step::ProveFactor)?;
    page.show(&Page::new(&app, &page, &FormView::default(), &viewer.person))
}

pub async fn get_recovery(at: OnTheWay, page: PageContext) -> Result<Response, WebError> {
    at.at(Step::ProveFactor)?;
    page.show(&RecoveryPage { page: &page, form: &FormView::default() })
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    at: OnTheWay,
    page: PageContext,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let viewer = at.at(Step::ProveFactor)?;
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    match prove(&way, &viewer, Tried::Totp, &form.code).await? {
        Ok(address) => Ok(Redirect::to(&address).into_response()),
        Err((status, view)) => page.answer(status, &Page::new(&app, &page, &view, &viewer.person)),
    }
}

pub async fn post_recovery(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    at: OnTheWay,
    page: PageContext,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let viewer = at.at(Step::ProveFactor)?;
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    match prove(&way, &viewer, Tried::Recovery, &form.code).await? {
        Ok(address) => Ok(Redirect::to(&address).into_response()),
        Err((status, view)) => page.answer(status, &RecoveryPage { page: &page, form: &view }),
    }
}

/// Tries a code; gives where the way goes on, or what is wrong.
async fn prove(
    way: &Way<'_>,
    viewer: &Viewer,
    tried: Tried,
    code: &str,
) -> Result<Result<String, (StatusCode, FormView)>, WebError> {
    let (app, person) = (way.app, &viewer.person);
    let wrong = |status, message: String| Ok(Err((status, FormView::with_error("code", message))));
    if code.trim().is_empty() {
        return wrong(StatusCode::UNPROCESSABLE_ENTITY, "Enter the code".to_owned());
    }
    if tried == Tried::Totp && parse_sms_code(code).is_none() {
        return wrong(StatusCode::UNPROCESSABLE_ENTITY, SIX_DIGITS.to_owned());
    }
    if let Err(too_many) = tries::take_theirs(way, person, tried).await? {
        let others = if tried == Tried::Totp { ". A recovery code still lets you in" } else { "" };
        return wrong(StatusCode::TOO_MANY_REQUESTS, too_many.in_words() + others);
    }
    let mut tx = app.pool.begin().await?;
    let is_recovery = tried == Tried::Recovery;
    let used = if is_recovery {
        factor::use_recovery_code(&mut tx, app, person.id, code, way.now).await?
    } else {
        factor::use_totp(&mut tx, app, person, code, way.now).await?
    };
    if used != CodeUse::Right {
        drop(tx);
        if used == CodeUse::Used
            && let Some(address) = way.after_twin(&viewer.sitting).await?
        {
            return Ok(Ok(address));
        }
        way.note_failure(person.id, json!({"because": if is_recovery { "recovery code" } else { "code" }})).await?;
        let message =
            if is_recovery { "This is not one of your recovery codes, or it was used" } else { factor::WRONG_CODE };
        return wrong(StatusCode::UNPROCESSABLE_ENTITY, message.to_owned());
    }
    tries::give_theirs_back(&mut tx, app, person, tried).await?;
    if is_recovery {
        factor::tell_of_recovery_code(way, &mut tx, person).await?;
    } else {
        way.note(&mut tx, person.id, Event::FactorProven, json!({"by": "totp"})).await?;
    }
    let mut sitting = viewer.sitting.clone();
    sitting.is_second_factor_proven = true;
    if is_recovery && person.status == AccountStatus::Active {
        let wanted = session::wanted(way.session).await?;
        let leads_to = wanted.unwrap_or_else(|| addresses::done(addresses::AUTHENTICATORS, "recovered"));
        sitting.count_recovery(way.now, leads_to);
    }
    Ok(Ok(way.go_on(tx, sitting, SessionId::New).await?))
}
