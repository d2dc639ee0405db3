//! One passkey: giving it another name, and removing it, if another way in stays (docs/rules.md §4.6a).

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;
use tower_sessions::Session;
use uuid::Uuid;

use crate::{
    app::App,
    domain::{
        moment,
        passkey::PasskeyName,
        second_factors::{Factor, MustStay, may_remove},
    },
    messages::security_notice::Happened,
    store::{
        audit::Event,
        passkeys::{self, OwnPasskey},
        people, second_factors,
    },
    web::{
        addresses,
        error::WebError,
        form::{Button, FormView, Submitted},
        observe::RequestId,
        page::PageContext,
        session::Confirmed,
        way::Way,
    },
};

/// What the person sends: the new name.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
}

#[derive(Template)]
#[template(path = "account/passkey.html")]
struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    address: String,
    called: &'a str,
    typed: &'a str,
    added: String,
    used: Option<String>,
}

#[derive(Template)]
#[template(path = "account/passkey_remove.html")]
struct RemovePage<'a> {
    page: &'a PageContext,
    address: String,
    called: &'a str,
    /// What has to be done first.
    must_stay: Option<MustStay>,
}

pub async fn get(
    State(app): State<App>,
    Confirmed(viewer): Confirmed,
    page: PageContext,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let passkey = find(&mut *app.pool.acquire().await?, viewer.person.id, &id).await?;
    page.show(&show(&page, &FormView::default(), &passkey, &passkey.name))
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    Confirmed(viewer): Confirmed,
    page: PageContext,
    Path(id): Path<String>,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let account = viewer.person.id;
    let mut tx = app.pool.begin().await?;
    let passkey = find(&mut tx, account, &id).await?;
    let name = match PasskeyName::parse(&form.name) {
        Ok(name) => name,
        Err(message) => {
            let view = FormView::with_error("name", message);
            return page.refuse(&show(&page, &view, &passkey, &form.name));
        }
    };
    if passkeys::rename(&mut tx, account, passkey.id, &name).await? {
        way.note(&mut tx, account, Event::PasskeyRenamed, json!({"passkey": passkey.id})).await?;
    }
    tx.commit().await?;
    Ok(Redirect::to(&addresses::done(addresses::PASSKEYS, "renamed")).into_response())
}

pub async fn get_remove(
    State(app): State<App>,
    Confirmed(viewer): Confirmed,
    page: PageContext,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let mut connection = app.pool.acquire().await?;
    let passkey = find(&mut connection, viewer.person.id, &id).await?;
    let have = second_factors::count(&mut connection, viewer.person.id).await?;
    let must_stay = may_remove(Factor::Passkey, have, viewer.sitting.is_vouched, &viewer.person).err();
    page.show(&RemovePage { page: &page, address: address(passkey.id), called: &passkey.name, must_stay })
}

pub async fn post_remove(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    Confirmed(viewer): Confirmed,
    page: PageContext,
    Path(id): Path<String>,
    Submitted(Button {}): Submitted<Button>,
) -> Result<Response, WebError> {
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let account = viewer.person.id;
    let removed = || Redirect::to(&addresses::done(addresses::PASSKEYS, "removed")).into_response();
    let mut tx = app.pool.begin().await?;
    // Decided under a lock: of two factors that are removed at once, one stays.
    way.lock(&mut tx, &viewer.sitting).await?;
    let person = people::find(&mut *tx, account).await?.ok_or(WebError::NotFound)?.person;
    let passkey = match find(&mut tx, account, &id).await {
        // A second click finds it gone.
        Err(WebError::NotFound) => return Ok(removed()),
        found => found?,
    };
    let have = second_factors::count(&mut tx, account).await?;
    if let Err(must_stay) = may_remove(Factor::Passkey, have, viewer.sitting.is_vouched, &person) {
        let called = &passkey.name;
        let refused = RemovePage { page: &page, address: address(passkey.id), called, must_stay: Some(must_stay) };
        return page.answer(StatusCode::UNPROCESSABLE_ENTITY, &refused);
    }
    if passkeys::remove(&mut tx, account, passkey.id).await? {
        way.note(&mut tx, account, Event::PasskeyRemoved, json!({"passkey": passkey.id})).await?;
        way.tell(&mut tx, &person, Happened::PasskeyRemoved).await?;
    }
    tx.commit().await?;
    app.bell.ring();
    Ok(removed())
}

/// A passkey of this account. Somebody else's is none.
async fn find(connection: &mut PgConnection, account: Uuid, id: &str) -> Result<OwnPasskey, WebError> {
    let id = Uuid::parse_str(id).map_err(|_| WebError::NotFound)?;
    let known = passkeys::of_account(connection, account).await?;
    known.into_iter().find(|passkey| passkey.id == id).ok_or(WebError::NotFound)
}

fn address(id: Uuid) -> String {
    format!("{}/{id}", addresses::PASSKEYS)
}

fn show<'a>(page: &'a PageContext, form: &'a FormView, passkey: &'a OwnPasskey, typed: &'a str) -> Page<'a> {
    Page {
        page,
        form,
        address: address(passkey.id),
        called: &passkey.name,
        typed,
        added: moment::date_time(passkey.created_at),
        used: passkey.last_used_at.map(moment::date_time),
    }
}
