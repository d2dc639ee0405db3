//! To the provider: begins a trip, for the first time or once more after one that did not work.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_sessions::Session;

use crate::{
    app::App,
    providers::Ask,
    web::{
        error::WebError,
        form::Submitted,
        observe::RequestId,
        page::PageContext,
        provider_trip::{self, Purpose},
        session, trip_problem,
    },
};

/// What the person sends: what the trip is for (signing in, unless a page of ours said otherwise), and whether to choose another
/// account there.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    purpose: String,
    choose: String,
}

#[derive(Template)]
#[template(path = "auth/start.html")]
struct Page<'a> {
    page: &'a PageContext,
    provider: &'a str,
}

pub async fn get(
    State(app): State<App>,
    page: PageContext,
    Path(provider): Path<String>,
) -> Result<Response, WebError> {
    if app.providers.get(&provider).is_none() {
        return Err(WebError::NotFound);
    }
    page.show(&Page { page: &page, provider: &provider })
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    page: PageContext,
    request_id: RequestId,
    Path(provider): Path<String>,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    if app.providers.get(&provider).is_none() {
        return Err(WebError::NotFound);
    }
    let now = app.clock.now();
    let again = provider_trip::open_purpose(&app, &form.purpose);
    if again != Some(Purpose::SignIn) {
        session::forget_next(&session).await?;
    }
    let purpose = again.unwrap_or(Purpose::SignIn);
    let ask = Ask { choose_account: form.choose == "yes", ..Ask::default() };
    match provider_trip::begin(&app, &session, &provider, purpose.clone(), ask, now).await {
        Ok(address) => Ok(Redirect::to(address.as_str()).into_response()),
        Err(error) => trip_problem::could_not_begin(&app, &page, &request_id, &provider, &purpose, error),
    }
}
