//! The password of a local account. Whoever gives a wrong one, or an ID that nobody has, reads the same words after the same
//! work (docs/rules.md §4.2); only who gives the right one is told how the account stands.

use askama::Template;
use axum::{
    extract::State,
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
    domain::{
        moment::is_expired,
        techpass_id::{TechPassId, Username},
    },
    store::{
        audit::Event,
        credentials::{self, KnownPassword},
        people,
    },
    web::{
        addresses, answer_time,
        error::WebError,
        form::{FormView, Submitted},
        observe::RequestId,
        page::PageContext,
        session::{self, Place},
        tries::{self, TooMany, Tried},
        way::Way,
    },
};

/// What is said about a wrong password and about an unknown ID alike.
const WRONG: &str = "The TechPass ID or the password is not right";

/// What the person sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    password: String,
    /// Whose page it was: in another tab somebody may have given another ID meanwhile. A program need not say.
    techpass_id: String,
}

#[derive(Template)]
#[template(path = "sign_in/password.html")]
struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    techpass_id: String,
}

pub async fn get(session: Session, page: PageContext) -> Result<Response, WebError> {
    let Some(id) = session::techpass_id(&session).await? else {
        return Ok(Redirect::to(addresses::SIGN_IN).into_response());
    };
    page.show(&Page { page: &page, form: &FormView::default(), techpass_id: id.to_string() })
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    page: PageContext,
    place: Place,
    request_id: RequestId,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let Some(TechPassId::Local(username)) = session::techpass_id(&session).await? else {
        return Ok(Redirect::to(addresses::SIGN_IN).into_response());
    };
    let began = Instant::now();
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let refuse = |status, message: String| {
        let view = FormView::with_error("password", message);
        page.answer(status, &Page { page: &page, form: &view, techpass_id: username.to_string() })
    };
    if !form.techpass_id.is_empty() && form.techpass_id != username.to_string() {
        let message = format!(
            "Another tab has begun to log in as {username}, so this password was not tried. Go on as {username}, or use another ID"
        );
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, message);
    }
    if form.password.is_empty() {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "Enter your password".to_owned());
    }
    if let Err(too_many) = tries::take(&app, Tried::Password, username.as_str().as_bytes(), way.now).await? {
        refused(&way, &username, too_many).await?;
        answer_time::wait(began).await;
        return refuse(StatusCode::TOO_MANY_REQUESTS, too_many.in_words());
    }
    let known = credentials::password_of(&mut *app.pool.acquire().await?, &username).await?;
    let hash = known.as_ref().and_then(|known| known.hash.as_deref());
    let is_right = app.passwords.is_right(&form.password, hash).await?;
    let known = match known {
        Some(known) if is_right => known,
        other => {
            if let Some(known) = other {
                way.note_failure(known.account, json!({"because": "password"})).await?;
            }
            answer_time::wait(began).await;
            return refuse(StatusCode::UNPROCESSABLE_ENTITY, WRONG.to_owned());
        }
    };
    if let Some(shut) = shut(&known, &way) {
        way.note_failure(known.account, json!({"because": "shut"})).await?;
        return page.answer(StatusCode::FORBIDDEN, &shut::Page { page: &page, shut });
    }
    let mut tx = app.pool.begin().await?;
    if !credentials::lock_password(&mut tx, known.account, known.hash.as_deref().unwrap_or_default()).await? {
        // Another one took its place while this one was looked at.
        drop(tx);
        way.note_failure(known.account, json!({"because": "password"})).await?;
        answer_time::wait(began).await;
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, WRONG.to_owned());
    }
    let Some(found) = people::find(&mut *tx, known.account).await? else { return Err(WebError::NotFound) };
    tries::give_back(&mut tx, &app, Tried::Password, username.as_str().as_bytes()).await?;
    way.note(&mut tx, known.account, Event::SignInBegun, json!({"by": "password"})).await?;
    let sitting = session::new_sitting(&found.person, place, false, way.now);
    Ok(Redirect::to(&way.begin(tx, &found.person, sitting).await?).into_response())
}

fn shut(known: &KnownPassword, way: &Way<'_>) -> Option<Shut> {
    let has_died = known.expires_at.is_some_and(|ends| is_expired(ends, way.now));
    let account = Shut::of_account(known.status, known.activation_ends, way.now);
    account.or(has_died.then_some(Shut::InitialPasswordDied))
}

/// What is too many is the owner's to hear, if the ID that was typed is somebody's.
async fn refused(way: &Way<'_>, username: &Username, too_many: TooMany) -> Result<(), WebError> {
    if !too_many.is_first {
        return Ok(());
    }
    let mut connection = way.app.pool.acquire().await?;
    let Some(known) = credentials::password_of(&mut connection, username).await? else { return Ok(()) };
    let found = people::find(&mut *connection, known.account).await?;
    // Given back first: whoever holds one connection and waits for another can make all others wait.
    drop(connection);
    match found {
        Some(found) => tries::refused(way, &found.person, Tried::Password, too_many).await,
        None => Ok(()),
    }
}
