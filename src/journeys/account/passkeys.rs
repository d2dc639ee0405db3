//! The passkeys of an account: which there are, and adding one (docs/rules.md §4.6a). The form is an ordinary one; a script fills in
//! what the device answers.

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_sessions::Session;

use crate::{
    app::App,
    domain::{activation::AccountKind, moment, passkey::PasskeyName, second_factors::MOST_PASSKEYS},
    store::passkeys::{self, OwnPasskey},
    web::{
        addresses::{self, Done},
        ceremony::{self, Purpose},
        error::WebError,
        form::{FormView, Submitted},
        observe::RequestId,
        page::PageContext,
        session::{Confirmed, Viewer},
        way::Way,
    },
};

/// What the person sends, and what the script puts in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
    credential: String,
}

/// A passkey, as people read it.
struct Listed {
    address: String,
    name: String,
    added: String,
    used: Option<String>,
}

impl From<OwnPasskey> for Listed {
    fn from(passkey: OwnPasskey) -> Self {
        Self {
            address: format!("{}/{}", addresses::PASSKEYS, passkey.id),
            name: passkey.name,
            added: moment::date_time(passkey.created_at),
            used: passkey.last_used_at.map(moment::date_time),
        }
    }
}

#[derive(Template)]
#[template(path = "account/passkeys.html")]
struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    done: &'a str,
    is_local: bool,
    /// The name for the new one.
    typed: &'a str,
    passkeys: Vec<Listed>,
    is_full: bool,
    is_on: bool,
    /// Where a development copy can be opened so that they work.
    localhost: Option<String>,
}

pub async fn get(
    State(app): State<App>,
    Confirmed(viewer): Confirmed,
    page: PageContext,
    done: Result<Query<Done>, QueryRejection>,
) -> Result<Response, WebError> {
    let Query(done) = done.unwrap_or_default();
    // So that most people need not think of a name.
    let form = Form { name: viewer.sitting.browser.clone(), ..Form::default() };
    show(&app, &page, &viewer, StatusCode::OK, &FormView::default(), &form, &done.done).await
}

/// What the browser is to be asked: nothing where the form would be refused. The script then sends it as it is.
pub async fn options(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    Confirmed(viewer): Confirmed,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let known = passkeys::of_account(&mut *app.pool.acquire().await?, viewer.person.id).await?;
    if PasskeyName::parse(&form.name).is_err() || known.len() >= MOST_PASSKEYS {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    ceremony::ask_to_make(&way, &viewer.person, Purpose::Add).await
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
    ceremony::party(&app)?;
    let view = match PasskeyName::parse(&form.name) {
        Err(message) => FormView::with_error("name", message),
        Ok(name) => match ceremony::add(&way, &viewer.person, Purpose::Add, &name, &form.credential).await? {
            Ok(tx) => {
                if let Some(mut tx) = tx {
                    way.lock(&mut tx, &viewer.sitting).await?;
                    tx.commit().await?;
                    app.bell.ring();
                }
                return Ok(Redirect::to(&addresses::done(addresses::PASSKEYS, "added")).into_response());
            }
            Err(refused) => refused.view(),
        },
    };
    show(&app, &page, &viewer, StatusCode::UNPROCESSABLE_ENTITY, &view, &form, "").await
}

async fn show(
    app: &App,
    page: &PageContext,
    viewer: &Viewer,
    status: StatusCode,
    view: &FormView,
    form: &Form,
    done: &str,
) -> Result<Response, WebError> {
    let known = passkeys::of_account(&mut *app.pool.acquire().await?, viewer.person.id).await?;
    let port = app.config.base_url.port_or_known_default().unwrap_or_default();
    page.answer(
        status,
        &Page {
            page,
            form: view,
            done,
            is_local: viewer.person.kind() == AccountKind::Local,
            typed: &form.name,
            is_full: known.len() >= MOST_PASSKEYS,
            passkeys: known.into_iter().map(Listed::from).collect(),
            is_on: app.passkeys.is_some(),
            localhost: app.config.is_development().then(|| format!("http://localhost:{port}")),
        },
    )
}
