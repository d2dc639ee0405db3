//! Another authenticator app: a picture and a key to type, one code to confirm, as at activation (docs/rules.md §4.3, §4.19).

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use tower_sessions::Session;

use super::authenticators::{require_factors_here, wrong_name};
use crate::{
    app::App,
    domain::{
        second_factors::may_add_authenticator,
        short_text::{self, NotShortText},
    },
    messages::security_notice::Happened,
    store::{audit::Event, authenticators, credentials},
    web::{
        addresses,
        authenticator::{NAME, SetUp, Shown},
        error::WebError,
        form::{FormView, Submitted},
        observe::RequestId,
        page::PageContext,
        session::{Confirmed, Viewer},
        tries::{self, Tried},
        way::Way,
    },
};

/// What the person sends. The number says which picture was on the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
    code: String,
    number: String,
}

#[derive(Template)]
#[template(path = "account/authenticator_new.html")]
struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    shown: Shown,
    number: i32,
    called: &'a str,
}

pub async fn get(
    State(app): State<App>,
    Confirmed(viewer): Confirmed,
    page: PageContext,
) -> Result<Response, WebError> {
    require_factors_here(&viewer.person)?;
    let mut connection = app.pool.acquire().await?;
    let listed = authenticators::listed(&mut connection, viewer.person.id).await?;
    if !may_add_authenticator(listed.len()) {
        return Ok(Redirect::to(addresses::AUTHENTICATORS).into_response());
    }
    let number = authenticators::next_number(&mut connection, viewer.person.id).await?;
    page.show(&show(&app, &page, &viewer, number, &FormView::default(), ""))
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    Confirmed(viewer): Confirmed,
    page: PageContext,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let (person, added) =
        (&viewer.person, || Redirect::to(&addresses::done(addresses::AUTHENTICATORS, "added")).into_response());
    require_factors_here(person)?;
    let mut connection = app.pool.acquire().await?;
    let next = authenticators::next_number(&mut connection, person.id).await?;
    let listed = authenticators::listed(&mut connection, person.id).await?;
    drop(connection);
    // The picture that was on the page, which a client that does not send it along has just seen.
    let number = form.number.parse().unwrap_or(next);
    let set_up = SetUp::of(&app, person, &viewer.sitting, number);
    let authenticator = set_up.authenticator();
    if listed.iter().any(|listed| listed.id == authenticator.id) {
        // A second click: it is there already.
        return Ok(added());
    }
    let refuse = |status, field, message: String| {
        let view = FormView::with_error(field, message);
        page.answer(status, &show(&app, &page, &viewer, next, &view, &form.name))
    };
    if number != next {
        let message =
            "Another app was added meanwhile. Scan this new picture, and type the code that the app shows then";
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "code", message.to_owned());
    }
    let name = match short_text::parse(&form.name) {
        Ok(name) => name,
        // Two that are called the same could not be told apart when the old one is to go.
        Err(NotShortText::Missing) => &format!("{NAME} {}", number + 1),
        Err(wrong) => return refuse(StatusCode::UNPROCESSABLE_ENTITY, "name", wrong_name(wrong)),
    };
    if let Err(too_many) = tries::take_theirs(&way, person, Tried::Totp).await? {
        return refuse(StatusCode::TOO_MANY_REQUESTS, "code", too_many.in_words());
    }
    let step = match set_up.first_step(&way, &form.code).await? {
        Ok(step) => step,
        Err(wrong) => return refuse(StatusCode::UNPROCESSABLE_ENTITY, "code", wrong.to_owned()),
    };
    let mut tx = app.pool.begin().await?;
    // Counted again under a lock: of many at once, no more are added than there may be.
    way.lock(&mut tx, &viewer.sitting).await?;
    if !may_add_authenticator(authenticators::listed(&mut tx, person.id).await?.len()) {
        // The list says how many there may be, and that this one is not there.
        return Ok(Redirect::to(addresses::AUTHENTICATORS).into_response());
    }
    if credentials::add_authenticator(&mut tx, person.id, &authenticator, name, step, way.now).await? {
        tries::give_theirs_back(&mut tx, &app, person, Tried::Totp).await?;
        way.note(&mut tx, person.id, Event::AuthenticatorAdded, json!({"authenticator": authenticator.id})).await?;
        way.tell(&mut tx, person, Happened::AuthenticatorAdded).await?;
        tx.commit().await?;
        app.bell.ring();
    }
    Ok(added())
}

fn show<'a>(
    app: &App,
    page: &'a PageContext,
    viewer: &Viewer,
    number: i32,
    form: &'a FormView,
    called: &'a str,
) -> Page<'a> {
    Page { page, form, shown: SetUp::of(app, &viewer.person, &viewer.sitting, number).shown(), number, called }
}
