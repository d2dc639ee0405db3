//! A forgotten password, or a first one that ran out: a link to the contact address, then a new password and the second factor
//! (docs/rules.md §4.8). The page after asking is the same for every ID.

use askama::Template;
use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::json;
use time::Duration;
use tokio::time::Instant;
use tower_sessions::Session;

use super::shut::{self, Shut};
use crate::{
    app::App,
    domain::{moment::is_expired, password, person::Person, techpass_id::TechPassId},
    keys::token_hash,
    messages::{Message, PasswordLink, security_notice::Happened},
    store::{
        audit::Event,
        credentials, outbox, people,
        tokens::{self, PasswordToken},
    },
    web::{
        answer_time,
        error::WebError,
        factor,
        form::{FormView, Submitted},
        observe::RequestId,
        page::PageContext,
        session::{self, Place, SessionId},
        tries::{self, Tried},
        way::Way,
    },
};

/// How long a link is valid: somebody is waiting for it.
const LINK_VALIDITY: Duration = Duration::HOUR;

/// What the person sends who asks for a link.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AskForm {
    techpass_id: String,
}

#[derive(Template)]
#[template(path = "sign_in/forgotten.html")]
struct AskPage<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    techpass_id: &'a str,
    is_sent: bool,
}

/// What the person sends who follows the link. Nothing of it ever goes back into a page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewForm {
    new_password: String,
    repeat_password: String,
    code: String,
}

#[derive(Template)]
#[template(path = "sign_in/new_password.html")]
struct NewPage<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    techpass_id: String,
    with_code: bool,
}

#[derive(Template)]
#[template(path = "sign_in/dead_link.html")]
struct DeadPage<'a> {
    page: &'a PageContext,
}

pub async fn get(page: PageContext) -> Result<Response, WebError> {
    page.show(&AskPage { page: &page, form: &FormView::default(), techpass_id: "", is_sent: false })
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    page: PageContext,
    request_id: RequestId,
    Submitted(form): Submitted<AskForm>,
) -> Result<Response, WebError> {
    let began = Instant::now();
    let refuse = |message| {
        let view = FormView::with_error("techpass_id", message);
        page.refuse(&AskPage { page: &page, form: &view, techpass_id: &form.techpass_id, is_sent: false })
    };
    let id = match TechPassId::parse(&form.techpass_id) {
        None => return refuse("Enter your TechPass ID, such as ana.lim@techpass.gov.sg"),
        Some(TechPassId::Address(_)) => {
            return refuse("The password of a government e-mail address is changed at your agency, not here");
        }
        Some(TechPassId::Local(username)) => username,
    };
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    if tries::take(&app, Tried::PasswordLink, id.as_str().as_bytes(), way.now).await?.is_ok() {
        let mut connection = app.pool.acquire().await?;
        if let Some(known) = credentials::password_of(&mut connection, &id).await? {
            drop(connection);
            send_link(&way, known.account).await?;
        }
    }
    answer_time::wait(began).await;
    page.show(&AskPage { page: &page, form: &FormView::default(), techpass_id: "", is_sent: true })
}

async fn send_link(way: &Way<'_>, account: uuid::Uuid) -> Result<(), WebError> {
    let app = way.app;
    let mut tx = app.pool.begin().await?;
    let Some(found) = people::find(&mut *tx, account).await? else { return Ok(()) };
    let (person, Some(email)) = (&found.person, &found.person.email) else { return Ok(()) };
    if shut_of(person, way.now).is_some() {
        return Ok(());
    }
    let token = BASE64_URL_SAFE_NO_PAD.encode(app.chance.bytes::<32>());
    let expires_at = way.now + LINK_VALIDITY;
    tokens::put_password_link(&mut tx, account, &token_hash(&token), expires_at, way.now).await?;
    let link = PasswordLink { token, techpass_id: person.techpass_id(), expires_at };
    let message = Message::PasswordLink(link).seal(&app.keys, &*app.chance, way.now);
    outbox::put(&mut tx, account, email.as_str(), &message, way.now).await?;
    way.note(&mut tx, account, Event::PasswordLinkSent, json!({})).await?;
    tx.commit().await?;
    app.bell.ring();
    Ok(())
}

fn shut_of(person: &Person, now: time::OffsetDateTime) -> Option<Shut> {
    Shut::of_account(person.status, person.activation_ends, now)
}

pub async fn get_new(
    State(app): State<App>,
    page: PageContext,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, WebError> {
    match find(&app, &page, token).await? {
        Ok((_, person)) => page.show(&show(&page, &FormView::default(), &person)),
        Err(dead) => Ok(dead),
    }
}

pub async fn post_new(
    State(app): State<App>,
    session: Session,
    page: PageContext,
    place: Place,
    request_id: RequestId,
    token: Result<Path<String>, PathRejection>,
    Submitted(form): Submitted<NewForm>,
) -> Result<Response, WebError> {
    let (link, person) = match find(&app, &page, token).await? {
        Ok(found) => found,
        Err(dead) => return Ok(dead),
    };
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let mut view = FormView::default();
    let id = person.techpass_id();
    let names = [person.first_name.as_deref(), person.last_name.as_deref(), Some(id.as_str())];
    let about: Vec<&str> = names.into_iter().flatten().collect();
    if let Err(weakness) = password::check(&form.new_password, &about) {
        view.reject("new_password", weakness.to_string());
    } else if form.repeat_password != form.new_password {
        view.reject("repeat_password", "The two passwords are not the same. Type the new one again");
    }
    if person.has_authenticator && form.code.trim().is_empty() {
        view.reject("code", "Enter the code that your app shows, or a recovery code");
    }
    if view.has_errors() {
        return page.refuse(&show(&page, &view, &person));
    }
    if person.has_authenticator
        && let Err(too_many) = tries::take(&app, Tried::BesideLink, person.id.as_bytes(), way.now).await?
    {
        if too_many.is_first {
            way.tell_alone(&person, Happened::CodesLocked).await?;
        }
        let view = FormView::with_error("code", too_many.in_words());
        return page.answer(StatusCode::TOO_MANY_REQUESTS, &show(&page, &view, &person));
    }
    // Before the transaction: whoever waits for a turn must not hold a connection meanwhile.
    let hash = app.passwords.hash(&form.new_password, &*app.chance).await?;
    let mut tx = app.pool.begin().await?;
    if person.has_authenticator {
        let by_app = factor::use_totp(&mut tx, &app, &person, &form.code, way.now).await?;
        let by_recovery_code =
            !by_app && factor::use_recovery_code(&mut tx, &app, person.id, &form.code, way.now).await?;
        if !by_app && !by_recovery_code {
            drop(tx);
            way.note_failure(person.id, json!({"because": "code"})).await?;
            let message = "The code is not right, or it was used. Wait for the next one in your app";
            return page.refuse(&show(&page, &FormView::with_error("code", message), &person));
        }
        if by_recovery_code {
            way.note(&mut tx, person.id, Event::RecoveryCodeUsed, json!({})).await?;
            way.tell(&mut tx, &person, Happened::RecoveryCodeUsed).await?;
        }
        tries::give_back(&mut tx, &app, Tried::BesideLink, person.id.as_bytes()).await?;
    }
    if !tokens::consume(&mut tx, &link.hash, way.now).await? {
        return page.answer(StatusCode::GONE, &DeadPage { page: &page });
    }
    credentials::set_password(&mut tx, person.id, &hash, None, way.now).await?;
    people::end_sessions(&mut tx, person.id, way.now).await?;
    if let Some(username) = &person.username {
        tries::give_back(&mut tx, &app, Tried::Password, username.as_str().as_bytes()).await?;
    }
    way.note(&mut tx, person.id, Event::PasswordChosen, json!({"by": "link"})).await?;
    way.tell(&mut tx, &person, Happened::PasswordChanged).await?;
    // Whoever wanted to go somewhere in this browser may be somebody else: the link came by mail.
    session::forget_next(&session).await?;
    let sitting = session::new_sitting(&person, place, person.has_authenticator, way.now);
    Ok(Redirect::to(&way.go_on(tx, sitting, SessionId::New).await?).into_response())
}

/// The link and whose it is, or the page that says that it is dead, or never was.
async fn find(
    app: &App,
    page: &PageContext,
    token: Result<Path<String>, PathRejection>,
) -> Result<Result<(PasswordToken, Person), Response>, WebError> {
    let token = token.map(|Path(token)| token).map_err(|_| WebError::NotFound)?;
    let hash = token_hash(tokens::without_punctuation(&token));
    let mut connection = app.pool.acquire().await?;
    let link = tokens::find_password_link(&mut connection, &hash).await?.ok_or(WebError::NotFound)?;
    let person = people::find(&mut *connection, link.account).await?.ok_or(WebError::NotFound)?.person;
    let now = app.clock.now();
    if let Some(shut) = shut_of(&person, now) {
        // A new link would not help.
        return page.answer(StatusCode::GONE, &shut::Page { page, shut }).map(Err);
    }
    if link.is_consumed || is_expired(link.expires_at, now) {
        return page.answer(StatusCode::GONE, &DeadPage { page }).map(Err);
    }
    Ok(Ok((link, person)))
}

fn show<'a>(page: &'a PageContext, form: &'a FormView, person: &Person) -> NewPage<'a> {
    NewPage { page, form, techpass_id: person.techpass_id(), with_code: person.has_authenticator }
}
