//! How one signs in, at a glance, with the way to change each; what happened lately; and that one has looked through it
//! (docs/rules.md §4.13, §7.13).

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::json;
use tower_sessions::Session;

use crate::{
    app::App,
    domain::{activation::AccountKind, codes::RECOVERY_CODES, deadlines, moment},
    store::{
        audit::{self, Event},
        security,
    },
    web::{
        addresses::{self, Done},
        error::WebError,
        form::{Button, Submitted},
        observe::RequestId,
        page::PageContext,
        session::SignedIn,
        way::Way,
    },
};

/// How many events are shown.
const EVENTS: i64 = 20;

/// What is told to the owner, in words. What the portal does by itself stays in the trail.
const TOLD: [(Event, &str); 23] = [
    (Event::SignedIn, "Signed in"),
    (Event::SignInFailed, "A sign-in that failed"),
    (Event::CodeWrong, "A code that was not right"),
    (Event::PasswordLocked, "Too many wrong passwords: for a while no more were looked at"),
    (Event::CodesLocked, "Too many codes: for a while no more were looked at or sent"),
    (Event::SignedOut, "Signed out"),
    (Event::SessionEnded, "Another browser was signed out"),
    (Event::SignedOutEverywhere, "Signed out everywhere"),
    (Event::Confirmed, "You showed once more that it is you"),
    (Event::AuthenticatorAdded, "An authenticator app was added"),
    (Event::AuthenticatorRemoved, "An authenticator app was removed"),
    (Event::PasskeyAdded, "A passkey was added"),
    (Event::PasskeyRemoved, "A passkey was removed"),
    (Event::RecoveryCodeUsed, "A recovery code was used"),
    (Event::RecoveryCodesMade, "New recovery codes were made"),
    (Event::PasswordChosen, "The password was changed"),
    (Event::PasswordLinkSent, "A link for a new password was sent"),
    (Event::ProfileChanged, "Your details were changed"),
    (Event::MobileChanged, "Your mobile number was changed"),
    (Event::RoleGranted, "You were given a role"),
    (Event::RoleRevoked, "A role was taken from you"),
    (Event::NotMe, "The account was secured, because something was not you"),
    (Event::SecurityReviewed, "You looked through your security"),
];

/// Something that happened, as people read it.
struct Told {
    at: String,
    what: String,
}

/// The review, as people read it.
struct Review {
    last: Option<String>,
    next: String,
    is_due: bool,
}

#[derive(Template)]
#[template(path = "account/security.html")]
struct Page<'a> {
    page: &'a PageContext,
    done: &'a str,
    is_local: bool,
    password_set: String,
    keeps_factors_here: bool,
    passkeys: i64,
    authenticators: i64,
    codes_left: i64,
    codes_made: usize,
    are_codes_kept: bool,
    browsers: usize,
    review: Option<Review>,
    events: Vec<Told>,
}

pub async fn get(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    page: PageContext,
    done: Result<Query<Done>, QueryRejection>,
) -> Result<Response, WebError> {
    let (Query(done), now) = (done.unwrap_or_default(), app.clock.now());
    let mut connection = app.pool.acquire().await?;
    let account = security::overview(&mut connection, viewer.person.id, now).await?;
    let names: Vec<&str> = TOLD.iter().map(|(event, _)| event.as_str()).collect();
    let happened = audit::latest(&mut connection, viewer.person.id, &names, EVENTS).await?;
    let events = happened.into_iter().filter_map(|happening| {
        let (_, what) = TOLD.iter().find(|(event, _)| event.as_str() == happening.event)?;
        Some(Told { at: moment::date_time(happening.at), what: format!("{what}{}", happening.place()) })
    });
    let review = deadlines::review(account.activated_at, account.reviewed_at).map(|review| Review {
        last: account.reviewed_at.map(moment::date_only),
        next: moment::date_only(review.at),
        is_due: review.is_due(now),
    });
    page.show(&Page {
        page: &page,
        done: &done.done,
        is_local: viewer.person.kind() == AccountKind::Local,
        password_set: account.password_set_at.map(moment::date_only).unwrap_or_default(),
        keeps_factors_here: viewer.person.keeps_factors_here(),
        passkeys: account.passkeys,
        authenticators: account.authenticators,
        codes_left: account.codes.left,
        codes_made: RECOVERY_CODES,
        are_codes_kept: account.codes.are_kept,
        browsers: account.browsers,
        review,
        events: events.collect(),
    })
}

/// Somebody has looked through it.
pub async fn post_review(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    SignedIn(viewer): SignedIn,
    Submitted(Button {}): Submitted<Button>,
) -> Result<Response, WebError> {
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let mut tx = app.pool.begin().await?;
    if security::looked_through(&mut tx, viewer.person.id, way.now).await? {
        way.note(&mut tx, viewer.person.id, Event::SecurityReviewed, json!({})).await?;
    }
    tx.commit().await?;
    Ok(Redirect::to(&addresses::done(addresses::SECURITY, "review")).into_response())
}
