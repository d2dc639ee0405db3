//! The phone: a six-digit code by SMS proves that the number is theirs (docs/rules.md §4.5).

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use tower_sessions::Session;

use crate::{
    app::App,
    domain::{
        activation::Step,
        codes::{parse_sms_code, sms_code},
        mobile::Mobile,
        moment::is_expired,
    },
    keys::Purpose,
    messages::{Message, SmsCode},
    store::{
        audit::Event,
        credentials::{self, CodeCheck, SMS_AGAIN_AFTER},
        outbox, people,
    },
    web::{
        countries,
        error::WebError,
        form::{FormView, Submitted},
        observe::RequestId,
        page::PageContext,
        session::{OnTheWay, SessionId, Viewer},
        tries::{self, Tried},
        way::Way,
    },
};

const ADDRESS: &str = "/activate/phone";

const TOO_SOON: &str = "A code was sent less than a minute ago. Wait a little, then have another one sent";

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
    let refuse = |message: String| FormView::with_error("code", message);
    let Some(code) = parse_sms_code(typed) else {
        let view = refuse("Enter the six digits from the SMS".to_owned());
        return show(&app, &page, &viewer, StatusCode::UNPROCESSABLE_ENTITY, &view, &form).await;
    };
    let mut tx = app.pool.begin().await?;
    let hash = code_hash(&app, &viewer, &code);
    let message = match credentials::try_sms_code(&mut tx, viewer.person.id, &hash, way.now).await? {
        CodeCheck::Right => {
            way.note(&mut tx, viewer.person.id, Event::PhoneVerified, json!({})).await?;
            return Ok(Redirect::to(&way.go_on(tx, viewer.sitting.clone(), SessionId::Same).await?).into_response());
        }
        CodeCheck::Wrong { tries_left: 1 } => "The code is not right. You have one more try".to_owned(),
        CodeCheck::Wrong { tries_left } => format!("The code is not right. You have {tries_left} more tries"),
        CodeCheck::Dead => "This code no longer works. Have a new one sent".to_owned(),
    };
    // A wrong try counts.
    tx.commit().await?;
    show(&app, &page, &viewer, StatusCode::UNPROCESSABLE_ENTITY, &refuse(message), &form).await
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
    let app = way.app;
    let refuse = |status, field, message: String| (status, FormView::with_error(field, message));
    let mobile = match number(way, viewer, form).await? {
        Ok(mobile) => mobile,
        Err(message) => {
            let (status, view) = refuse(StatusCode::UNPROCESSABLE_ENTITY, "mobile", message);
            return show(app, page, viewer, status, &view, form).await;
        }
    };
    // Asked before the transaction: whoever holds one connection and waits for another can make all others wait.
    let sent = credentials::sms_under_way(&mut *app.pool.acquire().await?, viewer.person.id).await?;
    if sent.is_some_and(|sms| !is_expired(sms.sent_at + SMS_AGAIN_AFTER, way.now)) {
        let (status, view) = refuse(StatusCode::TOO_MANY_REQUESTS, "code", TOO_SOON.to_owned());
        return show(app, page, viewer, status, &view, form).await;
    }
    if let Err(too_many) = tries::take(app, Tried::Sms, viewer.person.id.as_bytes(), way.now).await? {
        let (status, view) = refuse(StatusCode::TOO_MANY_REQUESTS, "mobile", too_many.in_words());
        return show(app, page, viewer, status, &view, form).await;
    }
    let code = sms_code(app.chance.bytes());
    let mut tx = app.pool.begin().await?;
    let hash = code_hash(app, viewer, &code);
    if !credentials::put_sms_code(&mut tx, viewer.person.id, &mobile, &hash, way.now).await? {
        drop(tx);
        let (status, view) = refuse(StatusCode::TOO_MANY_REQUESTS, "code", TOO_SOON.to_owned());
        return show(app, page, viewer, status, &view, form).await;
    }
    let message = Message::SmsCode(SmsCode { code }).seal(&app.keys, &*app.chance, way.now);
    outbox::put(&mut tx, viewer.person.id, mobile.as_str(), &message, way.now).await?;
    way.note(&mut tx, viewer.person.id, Event::PhoneCodeSent, json!({})).await?;
    tx.commit().await?;
    app.bell.ring();
    Ok(Redirect::to(ADDRESS).into_response())
}

/// The number that is meant.
async fn number(way: &Way<'_>, viewer: &Viewer, form: &Form) -> Result<Result<Mobile, String>, WebError> {
    if !form.mobile.trim().is_empty() || !form.mobile_country.trim().is_empty() {
        return Ok(Mobile::parse(&form.mobile_country, &form.mobile).map_err(|wrong| wrong.to_string()));
    }
    let mut connection = way.app.pool.acquire().await?;
    let known = match credentials::sms_under_way(&mut connection, viewer.person.id).await? {
        Some(sms) => Some((sms.mobile_country, sms.mobile)),
        None => people::mobile(&mut connection, viewer.person.id).await?,
    };
    Ok(match known {
        Some((country, number)) => Mobile::parse(&country, &number).map_err(|wrong| wrong.to_string()),
        None => Err("Enter your mobile number".to_owned()),
    })
}

fn code_hash(app: &App, viewer: &Viewer, code: &str) -> [u8; 32] {
    app.keys.mac(Purpose::SmsCode, &[viewer.person.id.as_bytes(), code.as_bytes()])
}

async fn show(
    app: &App,
    page: &PageContext,
    viewer: &Viewer,
    status: StatusCode,
    view: &FormView,
    form: &Form,
) -> Result<Response, WebError> {
    let mut connection = app.pool.acquire().await?;
    let sent = credentials::sms_under_way(&mut connection, viewer.person.id).await?;
    let is_lost = match &sent {
        Some(sms) => outbox::is_latest_lost(&mut connection, viewer.person.id, SmsCode::KIND, sms.sent_at).await?,
        None => false,
    };
    let known =
        people::mobile(&mut connection, viewer.person.id).await?.unwrap_or_else(|| ("SG".to_owned(), String::new()));
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
            is_in_china: sent.as_ref().is_some_and(|sms| sms.mobile.starts_with("+86")),
            sent_to: sent.map(|sms| Mobile::masked(&sms.mobile)),
        },
    )
}
