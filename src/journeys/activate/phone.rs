//! The phone: a six-digit code by SMS proves that the number is theirs (docs/rules.md §4.5).

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use sqlx::PgConnection;
use tower_sessions::Session;
use uuid::Uuid;

use crate::{
    app::App,
    domain::{activation::Step, mobile::Mobile},
    messages::SmsCode,
    store::{StoreError, audit::Event, outbox, people, sms_codes},
    web::{
        countries,
        error::WebError,
        form::{FormView, Submitted},
        observe::RequestId,
        page::PageContext,
        phone_code::{self, NotSent},
        session::{OnTheWay, SessionId, Viewer},
        way::Way,
    },
};

const ADDRESS: &str = "/activate/phone";

/// What the person sends: a number to send a code to, or the code, or nothing to have another one sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    mobile_country: String,
    mobile: String,
    /// Missing where a code is to be sent; empty where somebody forgot to type it.
    #[serde(deserialize_with = "present")]
    code: Option<String>,
}

fn present<'de, D: Deserializer<'de>>(text: D) -> Result<Option<String>, D::Error> {
    String::deserialize(text).map(Some)
}

#[derive(Template)]
#[template(path = "activate/phone.html")]
struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    countries: &'static [(&'static str, &'static str)],
    mobile_country: &'a str,
    mobile: &'a str,
    /// The end of the number that a code is on its way to.
    sent_to: Option<String>,
    /// Whether that code is known not to have arrived.
    is_lost: bool,
    is_in_china: bool,
    /// Whether a passkey can take the phone's place.
    with_passkey: bool,
}

pub async fn get(State(app): State<App>, at: OnTheWay, page: PageContext) -> Result<Response, WebError> {
    let viewer = at.at(Step::Phone)?;
    show(&app, &page, &viewer, StatusCode::OK, &FormView::default(), &Form::default()).await
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    at: OnTheWay,
    page: PageContext,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let viewer = at.at(Step::Phone)?;
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let Some(typed) = &form.code else { return send_to(&way, &page, &viewer, &form).await };
    let mut tx = app.pool.begin().await?;
    if let Err(message) = phone_code::check(&way, &mut tx, viewer.person.id, typed).await? {
        // A wrong try counts.
        tx.commit().await?;
        let view = FormView::with_error("code", message);
        return show(&app, &page, &viewer, StatusCode::UNPROCESSABLE_ENTITY, &view, &form).await;
    }
    way.note(&mut tx, viewer.person.id, Event::PhoneVerified, json!({})).await?;
    Ok(Redirect::to(&way.go_on(tx, viewer.sitting.clone(), SessionId::Same).await?).into_response())
}

/// Another number.
pub async fn post_number(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    at: OnTheWay,
    page: PageContext,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let viewer = at.at(Step::Phone)?;
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    send_to(&way, &page, &viewer, &form).await
}

/// Sends a code: to the number of the form, or to the one that the last code went to.
async fn send_to(way: &Way<'_>, page: &PageContext, viewer: &Viewer, form: &Form) -> Result<Response, WebError> {
    let refuse = async |status, field, message| {
        show(way.app, page, viewer, status, &FormView::with_error(field, message), form).await
    };
    let mobile = match number(way, viewer, form).await? {
        Ok(mobile) => mobile,
        Err(message) => return refuse(StatusCode::UNPROCESSABLE_ENTITY, "mobile", message).await,
    };
    match phone_code::send(way, viewer.person.id, &mobile).await? {
        Ok(()) => Ok(Redirect::to(ADDRESS).into_response()),
        Err(not_sent) => {
            let field = if not_sent == NotSent::TooSoon { "send" } else { "mobile" };
            refuse(StatusCode::TOO_MANY_REQUESTS, field, not_sent.in_words()).await
        }
    }
}

/// The number that is meant.
async fn number(way: &Way<'_>, viewer: &Viewer, form: &Form) -> Result<Result<Mobile, String>, WebError> {
    if !form.mobile.trim().is_empty() || !form.mobile_country.trim().is_empty() {
        return Ok(Mobile::parse(&form.mobile_country, &form.mobile).map_err(|wrong| wrong.to_string()));
    }
    Ok(match known_number(&mut *way.app.pool.acquire().await?, viewer.person.id).await? {
        Some((country, number)) => Mobile::parse(&country, &number).map_err(|wrong| wrong.to_string()),
        None => Err("Enter your mobile number".to_owned()),
    })
}

/// The number that the last code went to, or the one that the account has; with the country that was chosen with it.
pub(super) async fn known_number(
    connection: &mut PgConnection,
    account: Uuid,
) -> Result<Option<(String, String)>, StoreError> {
    match sms_codes::sms_under_way(connection, account).await? {
        Some(sms) => Ok(Some((sms.mobile_country, sms.mobile))),
        None => people::mobile(connection, account).await,
    }
}

pub(super) async fn show(
    app: &App,
    page: &PageContext,
    viewer: &Viewer,
    status: StatusCode,
    view: &FormView,
    form: &Form,
) -> Result<Response, WebError> {
    let mut connection = app.pool.acquire().await?;
    let sent = sms_codes::sms_under_way(&mut connection, viewer.person.id).await?;
    let is_lost = match &sent {
        Some(sms) => outbox::is_latest_lost(&mut connection, viewer.person.id, SmsCode::KIND, sms.sent_at).await?,
        None => false,
    };
    let known =
        people::mobile(&mut connection, viewer.person.id).await?.unwrap_or_else(|| ("SG".to_owned(), String::new()));
    let is_in_china = Mobile::is_number_in_china(sent.as_ref().map_or(&known.1, |sms| &sms.mobile));
    let typed = (form.mobile_country.clone(), form.mobile.clone());
    let (mobile_country, mobile) = if typed.0.is_empty() && typed.1.is_empty() { known } else { typed };
    page.answer(
        status,
        &Page {
            page,
            form: view,
            countries: countries::ALL,
            mobile_country: &mobile_country,
            mobile: &mobile,
            is_lost,
            is_in_china,
            with_passkey: is_in_china && app.passkeys.is_some(),
            sent_to: sent.map(|sms| Mobile::masked(&sms.mobile)),
        },
    )
}
