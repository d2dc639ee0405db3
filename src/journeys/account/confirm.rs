//! Proving anew who one is, before something that matters is changed (docs/rules.md §4.16): password and code here, or once more at
//! the provider, and a code if the provider does not vouch for a second factor. Which part was wrong is never told.

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use sqlx::{Postgres, Transaction};
use time::OffsetDateTime;
use tokio::time::Instant;
use tower_sessions::Session;

use crate::{
    app::App,
    domain::{
        activation::AccountKind,
        codes::{CodeUse, parse_sms_code},
        person::Person,
    },
    providers::Ask,
    store::credentials,
    web::{
        addresses, answer_time,
        confirming::{self, ProvedBy, confirmed},
        error::WebError,
        factor,
        form::{FormView, Submitted},
        keeping,
        observe::RequestId,
        page::PageContext,
        provider_trip::{self, Purpose},
        session::{SignedIn, Viewer},
        tries::{self, Tried},
        trip_problem,
        way::Way,
    },
};

/// What is said about a wrong password and about a wrong code alike.
const WRONG: &str = "The password or the code is not right, or the code was used. Wait for the next one in your app";

/// What the address may carry: where to go afterwards.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    next: String,
}

/// What the person sends. Nothing of it but `next` ever goes back into a page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    password: String,
    code: String,
    next: String,
}

/// How somebody can prove it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// Password and code, here.
    Password,
    /// At the provider.
    Provider,
    /// With a code, for they are back from the provider.
    Code,
}

#[derive(Template)]
#[template(path = "account/confirm.html")]
pub(super) struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    proof: Proof,
    techpass_id: String,
    next: &'a str,
    /// Whether they have an app that shows codes; if not, a recovery code is what they can type.
    with_app: bool,
    /// Whether a passkey of theirs will do instead.
    with_passkey: bool,
}

impl<'a> Page<'a> {
    pub(super) fn new(
        app: &App,
        page: &'a PageContext,
        form: &'a FormView,
        proof: Proof,
        person: &Person,
        next: &'a str,
    ) -> Self {
        let with_passkey = person.has_passkey && app.passkeys.is_some() && proof != Proof::Provider;
        Self {
            page,
            form,
            proof,
            techpass_id: person.techpass_id(),
            next,
            with_app: person.has_authenticator,
            with_passkey,
        }
    }
}

pub async fn get(
    State(app): State<App>,
    session: Session,
    SignedIn(viewer): SignedIn,
    page: PageContext,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, WebError> {
    let (Query(wanted), now) = (wanted.unwrap_or_default(), app.clock.now());
    let next = addresses::own_path(&wanted.next).unwrap_or(addresses::SECURITY);
    if viewer.sitting.is_confirmed(now) {
        return Ok(Redirect::to(next).into_response());
    }
    let proof = Proof::of(&session, &viewer.person, now).await?;
    page.show(&Page::new(&app, &page, &FormView::default(), proof, &viewer.person, next))
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    SignedIn(viewer): SignedIn,
    page: PageContext,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let began = Instant::now();
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let next = addresses::own_path(&form.next).unwrap_or(addresses::SECURITY);
    if viewer.sitting.is_confirmed(way.now) {
        // A second click.
        return Ok(Redirect::to(next).into_response());
    }
    let proof = Proof::of(&session, &viewer.person, way.now).await?;
    let refused = match proof {
        Proof::Provider => return to_provider(&way, &page, &viewer.person, next).await,
        Proof::Password => by_password(&way, &viewer, &form).await?,
        Proof::Code => by_code(&way, &viewer, &form).await?,
    };
    let Err((status, view)) = refused else { return Ok(Redirect::to(next).into_response()) };
    answer_time::wait(began).await;
    page.answer(status, &Page::new(&app, &page, &view, proof, &viewer.person, next))
}

impl Proof {
    /// How this person proves it now.
    pub(super) async fn of(session: &Session, person: &Person, now: OffsetDateTime) -> Result<Self, WebError> {
        Ok(match person.kind() {
            AccountKind::Local => Self::Password,
            AccountKind::Wog if confirming::is_back(session, person.id, now).await? => Self::Code,
            AccountKind::Wog => Self::Provider,
        })
    }
}

/// What is wrong with what somebody sent, and the status to say so with.
type Refused = (StatusCode, FormView);

async fn by_password(way: &Way<'_>, viewer: &Viewer, form: &Form) -> Result<Result<(), Refused>, WebError> {
    let (app, person) = (way.app, &viewer.person);
    let mut view = FormView::default();
    if form.password.is_empty() {
        view.reject("password", "Enter your password");
    }
    if form.code.trim().is_empty() {
        view.reject("code", "Enter the code that your app shows, or a recovery code");
    }
    if view.has_errors() {
        return Ok(Err((StatusCode::UNPROCESSABLE_ENTITY, view)));
    }
    // Both, whichever is right: how many are left must not tell which part was wrong.
    let tried = tried(&form.code);
    for (field, tried) in [("password", Tried::Password), ("code", tried)] {
        if let Err(too_many) = tries::take_theirs(way, person, tried).await? {
            return Ok(Err((StatusCode::TOO_MANY_REQUESTS, FormView::with_error(field, too_many.in_words()))));
        }
    }
    let known = credentials::password_hash(&mut *app.pool.acquire().await?, person.id, way.now).await?;
    let is_password_right = app.passwords.is_right(&form.password, known.as_deref()).await?;
    let mut tx = app.pool.begin().await?;
    let used = if is_password_right { use_code(way, &mut tx, person, &form.code).await? } else { CodeUse::Wrong };
    if used != CodeUse::Right {
        drop(tx);
        if is_done(way, viewer, used).await? {
            return Ok(Ok(()));
        }
        way.note_failure(person.id, json!({"because": "password or code, asked anew"})).await?;
        return Ok(Err((StatusCode::UNPROCESSABLE_ENTITY, FormView::with_error("password", WRONG))));
    }
    tries::give_theirs_back(&mut tx, app, person, Tried::Password).await?;
    tries::give_theirs_back(&mut tx, app, person, tried).await?;
    let by = if tried == Tried::Recovery { ProvedBy::PasswordAndRecoveryCode } else { ProvedBy::PasswordAndCode };
    Ok(Ok(confirmed(way, tx, viewer, by).await?))
}

/// The code of somebody who is back from the provider.
async fn by_code(way: &Way<'_>, viewer: &Viewer, form: &Form) -> Result<Result<(), Refused>, WebError> {
    let (app, person, tried) = (way.app, &viewer.person, tried(&form.code));
    let refuse = |status, message: String| Ok(Err((status, FormView::with_error("code", message))));
    if form.code.trim().is_empty() {
        return refuse(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Enter the code that your app shows, or a recovery code".to_owned(),
        );
    }
    if let Err(too_many) = tries::take_theirs(way, person, tried).await? {
        return refuse(StatusCode::TOO_MANY_REQUESTS, too_many.in_words());
    }
    let mut tx = app.pool.begin().await?;
    let used = use_code(way, &mut tx, person, &form.code).await?;
    if used != CodeUse::Right {
        drop(tx);
        if is_done(way, viewer, used).await? {
            return Ok(Ok(()));
        }
        way.note_failure(person.id, json!({"because": "code, asked anew"})).await?;
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, factor::WRONG_CODE.to_owned());
    }
    tries::give_theirs_back(&mut tx, app, person, tried).await?;
    let by = if tried == Tried::Recovery { ProvedBy::ProviderAndRecoveryCode } else { ProvedBy::ProviderAndCode };
    Ok(Ok(confirmed(way, tx, viewer, by).await?))
}

/// What a code is, by its looks: both kinds are typed into one field.
fn tried(code: &str) -> Tried {
    if parse_sms_code(code).is_some() { Tried::Totp } else { Tried::Recovery }
}

/// Whether a code was used up just now by the first of two clicks, of which this is the second.
async fn is_done(way: &Way<'_>, viewer: &Viewer, used: CodeUse) -> Result<bool, WebError> {
    if used != CodeUse::Used {
        return Ok(false);
    }
    let twin = keeping::join_twin(way, &viewer.sitting).await?;
    Ok(twin.is_some_and(|twin| twin.is_confirmed(way.now)))
}

/// Uses a code; of a recovery code the owner hears.
async fn use_code(
    way: &Way<'_>,
    tx: &mut Transaction<'_, Postgres>,
    person: &Person,
    code: &str,
) -> Result<CodeUse, WebError> {
    if tried(code) == Tried::Totp {
        return Ok(factor::use_totp(tx, way.app, person, code, way.now).await?);
    }
    let used = factor::use_recovery_code(tx, way.app, person.id, code, way.now).await?;
    if used == CodeUse::Right {
        factor::tell_of_recovery_code(way, tx, person).await?;
    }
    Ok(used)
}

async fn to_provider(way: &Way<'_>, page: &PageContext, person: &Person, next: &str) -> Result<Response, WebError> {
    let app = way.app;
    let reference = app.reference.load();
    let email = person.email.as_ref();
    let domain = email.and_then(|email| reference.directory.integrated(email.domain()));
    let provider = domain.and_then(|domain| domain.provider.as_deref()).unwrap_or_default();
    let ask = Ask { login_hint: email.map(|email| email.as_str()), ..Ask::default() };
    let purpose = Purpose::Confirm { next: next.to_owned() };
    match provider_trip::begin(app, way.session, provider, purpose.clone(), ask, way.now).await {
        Ok(address) => Ok(Redirect::to(address.as_str()).into_response()),
        Err(error) => trip_problem::could_not_begin(app, page, way.request_id, provider, &purpose, error),
    }
}
