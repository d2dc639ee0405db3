//! Leads to the next step. Where none is left but the account does not know it yet, one button makes it active: a GET never
//! does.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::Session;

use crate::{
    app::App,
    domain::activation::Step,
    web::{
        error::WebError,
        form::{Button, Submitted},
        observe::RequestId,
        page::PageContext,
        session::{OnTheWay, SessionId},
        way::Way,
    },
};

#[derive(Template)]
#[template(path = "activate/finish.html")]
struct Page<'a> {
    page: &'a PageContext,
}

pub async fn get(at: OnTheWay, page: PageContext) -> Result<Response, WebError> {
    if at.0.step == Step::Done && !at.0.sitting.is_complete {
        return page.show(&Page { page: &page });
    }
    Ok(Redirect::to(at.next_address()).into_response())
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    at: OnTheWay,
    Submitted(Button {}): Submitted<Button>,
) -> Result<Response, WebError> {
    let viewer = at.at(Step::Done)?;
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let next = way.go_on(app.pool.begin().await?, viewer.sitting.clone(), SessionId::Same).await?;
    Ok(Redirect::to(&next).into_response())
}
