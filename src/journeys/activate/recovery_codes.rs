//! The recovery codes: shown until their person says that they are kept, and never again (docs/rules.md §4.4).

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use tower_sessions::Session;

use crate::{
    app::App,
    domain::activation::Step,
    store::{audit::Event, people, security},
    web::{
        error::WebError,
        factor,
        form::Submitted,
        observe::RequestId,
        page::PageContext,
        session::{OnTheWay, SessionId},
        way::Way,
    },
};

const ADDRESS: &str = "/activate/recovery-codes";

/// What the person sends: that the codes are kept, or that new ones are wanted, in the place of those that were made then.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    new: String,
    made: String,
}

#[derive(Template)]
#[template(path = "activate/recovery_codes.html")]
struct Page<'a> {
    page: &'a PageContext,
    /// None in a browser that did not see them being made.
    codes: Option<Vec<String>>,
    /// Whether there were none yet: they are made with the first app, and not with a passkey.
    are_first: bool,
    /// Which ones there are now.
    made: String,
}

pub async fn get(
    State(app): State<App>,
    session: Session,
    at: OnTheWay,
    page: PageContext,
) -> Result<Response, WebError> {
    let viewer = at.at(Step::RecoveryCodes)?;
    let codes = factor::shown_codes(&app, &session, viewer.person.id).await?;
    let made = security::recovery_codes(&mut *app.pool.acquire().await?, viewer.person.id).await?.edition();
    page.show(&Page { page: &page, codes, are_first: !viewer.person.has_authenticator, made })
}

/// The codes as a file.
pub async fn download(State(app): State<App>, session: Session, at: OnTheWay) -> Result<Response, WebError> {
    let viewer = at.at(Step::RecoveryCodes)?;
    let codes = factor::shown_codes(&app, &session, viewer.person.id).await?.ok_or(WebError::NotFound)?;
    Ok(factor::codes_file(&viewer.person, &codes))
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    at: OnTheWay,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let viewer = at.at(Step::RecoveryCodes)?;
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let account = viewer.person.id;
    let shown = factor::shown_codes(&app, &session, account).await?.filter(|_| form.new != "yes");
    let mut tx = app.pool.begin().await?;
    match shown {
        Some(codes) => {
            // Whether they are kept or no longer work, they are not shown again.
            factor::forget_shown_codes(&session).await?;
            if factor::keep_codes(&mut tx, account, &codes, way.now).await? {
                way.note(&mut tx, account, Event::RecoveryCodesKept, json!({})).await?;
            }
        }
        // Who has not seen them cannot have kept them.
        None => {
            // Of two clicks, the second one finds newer codes than were on its page, and leaves them alone.
            people::lock(&mut tx, account).await?;
            if form.made != security::recovery_codes(&mut tx, account).await?.edition() {
                return Ok(Redirect::to(ADDRESS).into_response());
            }
            factor::make_recovery_codes(&mut tx, &app, &session, account, way.now).await?;
            way.note(&mut tx, account, Event::RecoveryCodesMade, json!({})).await?;
        }
    }
    Ok(Redirect::to(&way.go_on(tx, viewer.sitting.clone(), SessionId::Same).await?).into_response())
}
