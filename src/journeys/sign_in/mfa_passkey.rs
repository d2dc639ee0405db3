//! A passkey as the second factor, beside the code.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use tower_sessions::Session;

use super::mfa::Page;
use crate::{
    app::App,
    domain::activation::Step,
    store::audit::Event,
    web::{
        ceremony::{self, Proven, Purpose},
        error::WebError,
        form::Submitted,
        observe::RequestId,
        page::PageContext,
        session::{OnTheWay, SessionId},
        way::Way,
    },
};

/// What the script puts into the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    credential: String,
}

/// What the browser is to be asked.
pub async fn options(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    at: OnTheWay,
    Submitted(_): Submitted<Form>,
) -> Result<Response, WebError> {
    let viewer = at.at(Step::ProveFactor)?;
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    ceremony::ask_to_use(&way, Some(viewer.person.id), Purpose::SecondFactor).await
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    at: OnTheWay,
    page: PageContext,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let viewer = at.at(Step::ProveFactor)?;
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let account = viewer.person.id;
    let proven = ceremony::prove(&way, Some(account), Purpose::SecondFactor, &form.credential).await?;
    let Proven { mut tx, .. } = match proven {
        Ok(proven) => proven,
        Err(refused) => return page.refuse(&Page::new(&app, &page, &refused.view(), &viewer.person)),
    };
    way.note(&mut tx, account, Event::FactorProven, json!({"by": "passkey"})).await?;
    let mut sitting = viewer.sitting.clone();
    sitting.is_second_factor_proven = true;
    Ok(Redirect::to(&way.go_on(tx, sitting, SessionId::New).await?).into_response())
}
