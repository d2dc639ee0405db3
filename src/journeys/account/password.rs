//! Another password, for those who sign in here (docs/rules.md §4.18). The one of now proves that it is them.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use time::Duration;
use tower_sessions::Session;

use crate::{
    app::App,
    domain::{activation::AccountKind, moment, moment::is_expired, person::Person},
    messages::security_notice::Happened,
    store::{audit::Event, credentials, people, sessions, tokens},
    web::{
        addresses,
        error::WebError,
        form::{FormView, Submitted},
        new_password,
        observe::RequestId,
        page::PageContext,
        session::SignedIn,
        tries::{self, Tried},
        way::Way,
    },
};

/// The same form that comes again within this time is a second click.
const SECOND_CLICK: Duration = Duration::MINUTE;

/// What the person sends. Nothing of it ever goes back into a page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    current_password: String,
    new_password: String,
    repeat_password: String,
}

#[derive(Template)]
#[template(path = "account/password.html")]
struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    techpass_id: String,
    set: String,
}

pub async fn get(State(app): State<App>, SignedIn(viewer): SignedIn, page: PageContext) -> Result<Response, WebError> {
    show(&app, &page, &viewer.person, StatusCode::OK, &FormView::default()).await
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    SignedIn(viewer): SignedIn,
    page: PageContext,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let person = &viewer.person;
    if person.kind() == AccountKind::Wog {
        return Err(WebError::NotFound);
    }
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let view = check(&app, person, &form).await?;
    if view.has_errors() {
        return show(&app, &page, person, StatusCode::UNPROCESSABLE_ENTITY, &view).await;
    }
    // The same budget as at sign-in: whoever sits in front of a session must not have tries of their own.
    if let Err(too_many) = tries::take_theirs(&way, person, Tried::Password).await? {
        let view = FormView::with_error("current_password", too_many.in_words());
        return show(&app, &page, person, StatusCode::TOO_MANY_REQUESTS, &view).await;
    }
    let known = credentials::chosen_password(&mut *app.pool.acquire().await?, person.id).await?;
    let hash_of_now = known.as_ref().map(|known| known.hash.as_str());
    if !app.passwords.is_right(&form.current_password, hash_of_now).await? {
        if is_second_click(&way, person, &form).await? {
            return Ok(changed());
        }
        way.note_failure(person.id, json!({"because": "current password"})).await?;
        return show(&app, &page, person, StatusCode::UNPROCESSABLE_ENTITY, &wrong()).await;
    }
    let hash = app.passwords.hash(&form.new_password, &*app.chance).await?;
    let mut tx = app.pool.begin().await?;
    people::lock(&mut tx, person.id).await?;
    tries::give_theirs_back(&mut tx, &app, person, Tried::Password).await?;
    // Of two who change it at once, the second one gave a password that is no longer the one of now.
    if !credentials::replace_password(&mut tx, person.id, hash_of_now.unwrap_or_default(), &hash, way.now).await? {
        drop(tx);
        if is_second_click(&way, person, &form).await? {
            return Ok(changed());
        }
        return show(&app, &page, person, StatusCode::UNPROCESSABLE_ENTITY, &wrong()).await;
    }
    tokens::end_password_links(&mut tx, person.id, way.now).await?;
    // This browser stays, so that a second click signs nobody out.
    sessions::end_others(&mut tx, person.id, session.id().map(|id| sessions::hash_of(&id))).await?;
    way.note(&mut tx, person.id, Event::PasswordChosen, json!({"by": "current password"})).await?;
    way.tell(&mut tx, person, Happened::PasswordChanged).await?;
    tx.commit().await?;
    app.bell.ring();
    Ok(changed())
}

/// Of two clicks the second one finds the new password in the place of the one before.
async fn is_second_click(way: &Way<'_>, person: &Person, form: &Form) -> Result<bool, WebError> {
    let known = credentials::chosen_password(&mut *way.app.pool.acquire().await?, person.id).await?;
    let fresh = known.filter(|known| !is_expired(known.set_at + SECOND_CLICK, way.now));
    let Some(fresh) = fresh else { return Ok(false) };
    Ok(way.app.passwords.is_right(&form.new_password, Some(&fresh.hash)).await?)
}

fn wrong() -> FormView {
    FormView::with_error("current_password", "This is not the password that you log in with now")
}

fn changed() -> Response {
    Redirect::to(&addresses::done(addresses::SECURITY, "password")).into_response()
}

async fn check(app: &App, person: &Person, form: &Form) -> Result<FormView, WebError> {
    let mut view = FormView::default();
    if form.current_password.is_empty() {
        view.reject("current_password", "Enter the password that you log in with now");
    }
    new_password::check(&mut view, app, person, &form.new_password, &form.repeat_password).await?;
    if form.new_password == form.current_password && !view.has_errors() {
        view.reject("new_password", new_password::SAME);
    }
    Ok(view)
}

async fn show(
    app: &App,
    page: &PageContext,
    person: &Person,
    status: StatusCode,
    form: &FormView,
) -> Result<Response, WebError> {
    let known = credentials::chosen_password(&mut *app.pool.acquire().await?, person.id).await?;
    // Who signs in at their agency has none here.
    let set = moment::date_only(known.ok_or(WebError::NotFound)?.set_at);
    page.answer(status, &Page { page, form, techpass_id: person.techpass_id(), set })
}
