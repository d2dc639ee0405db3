//! A password of one's own, in the place of the initial one (docs/rules.md §4.7).

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
    domain::{activation::Step, person::Person},
    store::{audit::Event, credentials, people, sessions},
    web::{
        error::WebError,
        form::{FormView, Submitted},
        new_password,
        observe::RequestId,
        page::PageContext,
        session::{OnTheWay, SessionId},
        tries::{self, Tried},
        way::Way,
    },
};

/// What the person sends. Nothing of it ever goes back into a page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    current_password: String,
    new_password: String,
    repeat_password: String,
}

#[derive(Template)]
#[template(path = "activate/password.html")]
struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    techpass_id: String,
}

pub async fn get(at: OnTheWay, page: PageContext) -> Result<Response, WebError> {
    let viewer = at.at(Step::Password)?;
    page.show(&show(&page, &FormView::default(), &viewer.person))
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    at: OnTheWay,
    page: PageContext,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let viewer = at.at(Step::Password)?;
    let person = &viewer.person;
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let mut view = FormView::default();
    if form.current_password.is_empty() {
        view.reject("current_password", "Enter the password that came by SMS");
    }
    new_password::check(&mut view, &app, person, &form.new_password, &form.repeat_password).await?;
    if form.new_password == form.current_password && !view.has_errors() {
        view.reject("new_password", new_password::SAME);
    }
    if view.has_errors() {
        return page.refuse(&show(&page, &view, person));
    }
    // The same budget as at sign-in: whoever sits in front of a session must not have tries of their own.
    if let Err(too_many) = tries::take_theirs(&way, person, Tried::Password).await? {
        let view = FormView::with_error("current_password", too_many.in_words());
        return page.answer(StatusCode::TOO_MANY_REQUESTS, &show(&page, &view, person));
    }
    let known = credentials::password_hash(&mut *app.pool.acquire().await?, person.id, way.now).await?;
    if !app.passwords.is_right(&form.current_password, known.as_deref()).await? {
        way.note_failure(person.id, json!({"because": "current password"})).await?;
        return page.refuse(&show(&page, &wrong(), person));
    }
    let hash = app.passwords.hash(&form.new_password, &*app.chance).await?;
    let mut tx = app.pool.begin().await?;
    people::lock(&mut tx, person.id).await?;
    tries::give_theirs_back(&mut tx, &app, person, Tried::Password).await?;
    // Of two who choose one at once, the second one gave a password that is there no more.
    if !credentials::replace_password(&mut tx, person.id, &known.unwrap_or_default(), &hash, way.now).await? {
        drop(tx);
        let now_there = credentials::chosen_password(&mut *app.pool.acquire().await?, person.id).await?;
        let hash = now_there.map(|known| known.hash);
        if !app.passwords.is_right(&form.new_password, hash.as_deref()).await? {
            return page.refuse(&show(&page, &wrong(), person));
        }
        // A second click: it is chosen.
        let next = way.go_on(app.pool.begin().await?, viewer.sitting.clone(), SessionId::Same).await?;
        return Ok(Redirect::to(&next).into_response());
    }
    // Whoever else read the SMS is out; this browser stays, so that a second click signs nobody out.
    sessions::end_others(&mut tx, person.id, session.id().map(|id| sessions::hash_of(&id))).await?;
    way.note(&mut tx, person.id, Event::PasswordChosen, json!({})).await?;
    Ok(Redirect::to(&way.go_on(tx, viewer.sitting.clone(), SessionId::Same).await?).into_response())
}

fn wrong() -> FormView {
    FormView::with_error(
        "current_password",
        "This is not the password that you logged in with, or its 72 hours are over",
    )
}

fn show<'a>(page: &'a PageContext, form: &'a FormView, person: &Person) -> Page<'a> {
    Page { page, form, techpass_id: person.techpass_id() }
}
