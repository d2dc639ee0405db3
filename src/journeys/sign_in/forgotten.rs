//! A forgotten password, or a first one that ran out: a link to the contact address, then a new password and the second factor
//! (docs/rules.md §4.8). The page after asking is the same for every ID.

use askama::Template;
use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;
use tower_sessions::Session;

use super::shut::{self, Shut};
use crate::{
    app::App,
    domain::{codes::CodeUse, moment::is_expired, person::Person, techpass_id::TechPassId},
    keys::token_hash,
    messages::{Message, NoPasswordLink, security_notice::Happened},
    store::{
        audit::Event,
        credentials, outbox, people,
        tokens::{self, PasswordToken},
    },
    web::{
        addresses, answer_time,
        error::WebError,
        factor,
        form::{FormView, Submitted},
        new_password,
        observe::RequestId,
        page::PageContext,
        password_link,
        session::{self, Place, SessionId},
        tries::{self, Tried},
        way::Way,
    },
};

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
    link: &'a str,
}

#[derive(Template)]
#[template(path = "sign_in/dead_link.html")]
struct DeadPage<'a> {
    page: &'a PageContext,
}

pub async fn get(session: Session, page: PageContext) -> Result<Response, WebError> {
    let typed = session::techpass_id(&session).await?.map(|id| id.to_string()).unwrap_or_default();
    page.show(&AskPage { page: &page, form: &FormView::default(), techpass_id: &typed, is_sent: false })
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
    // By what was typed, whether anybody has that ID or not: so it may be told when there is none left.
    let taken = tries::take(&app, Tried::PasswordLink, id.as_str().as_bytes(), way.now).await?;
    if taken.is_ok() {
        let mut connection = app.pool.acquire().await?;
        if let Some(known) = credentials::password_of(&mut connection, &id).await? {
            drop(connection);
            write_to_owner(&way, known.account).await?;
        }
    }
    answer_time::wait(began).await;
    if let Err(too_many) = taken {
        let view = FormView::with_error("techpass_id", too_many.in_words());
        let again = AskPage { page: &page, form: &view, techpass_id: &form.techpass_id, is_sent: false };
        return page.answer(StatusCode::TOO_MANY_REQUESTS, &again);
    }
    page.show(&AskPage { page: &page, form: &FormView::default(), techpass_id: "", is_sent: true })
}

/// Mails the owner the link; or, where the account is shut, why there is none and what helps.
async fn write_to_owner(way: &Way<'_>, account: uuid::Uuid) -> Result<(), WebError> {
    let app = way.app;
    let mut tx = app.pool.begin().await?;
    people::lock(&mut tx, account).await?;
    let Some(found) = people::find(&mut *tx, account).await? else { return Ok(()) };
    let person = &found.person;
    match (shut_of(person, way.now), &person.email) {
        (None, _) => password_link::send(way, &mut tx, person).await?,
        (Some(shut), Some(email)) => {
            let instead = NoPasswordLink { techpass_id: person.techpass_id(), has_ended: shut == Shut::Ended };
            let message = Message::NoPasswordLink(instead).seal(&app.keys, &*app.chance, way.now);
            outbox::put(&mut tx, person.id, email.as_str(), &message, way.now).await?;
        }
        // Deleted: there is nobody left to write to.
        (Some(_), None) => return Ok(()),
    }
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
        Ok(open) => page.show(&show(&page, &FormView::default(), &open)),
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
    let open = match find(&app, &page, token).await? {
        Ok(open) => open,
        Err(dead) => return Ok(dead),
    };
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let (mut view, person) = (FormView::default(), &open.person);
    new_password::check(&mut view, &app, person, &form.new_password, &form.repeat_password).await?;
    if person.has_authenticator && form.code.trim().is_empty() {
        view.reject("code", "Enter the code that your app shows, or a recovery code");
    }
    if view.has_errors() {
        return page.refuse(&show(&page, &view, &open));
    }
    if person.has_authenticator
        && let Err(too_many) = tries::take_theirs(&way, person, Tried::BesideLink).await?
    {
        let view = FormView::with_error("code", too_many.in_words());
        return page.answer(StatusCode::TOO_MANY_REQUESTS, &show(&page, &view, &open));
    }
    // Before the transaction: whoever waits for a turn must not hold a connection meanwhile.
    let hash = app.passwords.hash(&form.new_password, &*app.chance).await?;
    let mut tx = app.pool.begin().await?;
    people::lock(&mut tx, person.id).await?;
    let mut by_recovery_code = false;
    if person.has_authenticator {
        let by_app = factor::use_totp(&mut tx, &app, person, &form.code, way.now).await? == CodeUse::Right;
        by_recovery_code = !by_app
            && factor::use_recovery_code(&mut tx, &app, person.id, &form.code, way.now).await? == CodeUse::Right;
        if !by_app && !by_recovery_code {
            drop(tx);
            way.note_failure(person.id, json!({"because": "code"})).await?;
            return page.refuse(&show(&page, &FormView::with_error("code", factor::WRONG_CODE), &open));
        }
        if by_recovery_code {
            factor::tell_of_recovery_code(&way, &mut tx, person).await?;
        }
        tries::give_theirs_back(&mut tx, &app, person, Tried::BesideLink).await?;
    }
    if !tokens::consume(&mut tx, &open.link.hash, way.now).await? {
        return page.answer(StatusCode::GONE, &DeadPage { page: &page });
    }
    credentials::set_password(&mut tx, person.id, &hash, None, way.now).await?;
    people::end_sessions(&mut tx, person.id, way.now).await?;
    tries::give_theirs_back(&mut tx, &app, person, Tried::Password).await?;
    way.note(&mut tx, person.id, Event::PasswordChosen, json!({"by": "link"})).await?;
    way.tell(&mut tx, person, Happened::PasswordChanged).await?;
    // Whoever wanted to go somewhere in this browser may be somebody else: the link came by mail.
    session::forget_next(&session).await?;
    let mut sitting = session::new_sitting(person, place, person.has_authenticator, way.now);
    if by_recovery_code {
        sitting.count_recovery(way.now, addresses::done(addresses::AUTHENTICATORS, "recovered"));
    } else {
        sitting.led_to = Some(addresses::done(addresses::SECURITY, "password"));
    }
    Ok(Redirect::to(&way.go_on(tx, sitting, SessionId::New).await?).into_response())
}

/// A link that can be used, and whose it is.
struct OpenLink {
    token: String,
    link: PasswordToken,
    person: Person,
}

/// The link and whose it is, or the page that says that it is dead, or never was.
async fn find(
    app: &App,
    page: &PageContext,
    token: Result<Path<String>, PathRejection>,
) -> Result<Result<OpenLink, Response>, WebError> {
    let token = token.map(|Path(token)| token).map_err(|_| WebError::NotFound)?;
    let hash = token_hash(tokens::without_punctuation(&token));
    let mut connection = app.pool.acquire().await?;
    let Some(link) = tokens::find_password_link(&mut connection, &hash).await? else {
        return page.answer(StatusCode::NOT_FOUND, &DeadPage { page }).map(Err);
    };
    let person = people::find(&mut *connection, link.account).await?.ok_or(WebError::NotFound)?.person;
    let now = app.clock.now();
    if let Some(shut) = shut_of(&person, now) {
        // A new link would not help.
        return page.answer(StatusCode::GONE, &shut::Page { page, shut }).map(Err);
    }
    if link.is_consumed || is_expired(link.expires_at, now) {
        return page.answer(StatusCode::GONE, &DeadPage { page }).map(Err);
    }
    Ok(Ok(OpenLink { token, link, person }))
}

fn show<'a>(page: &'a PageContext, form: &'a FormView, open: &'a OpenLink) -> NewPage<'a> {
    let person = &open.person;
    NewPage { page, form, techpass_id: person.techpass_id(), with_code: person.has_authenticator, link: &open.token }
}
