//! A new mobile number: a code goes there, and only when it has come back does the number take the place of the old one
//! (docs/rules.md §4.20).

use std::sync::Arc;

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
    domain::mobile::Mobile,
    messages::{SmsCode, security_notice::Happened},
    store::{
        StoreError,
        audit::Event,
        outbox, people, profiles,
        sms_codes::{self, SmsUnderWay},
    },
    web::{
        addresses,
        error::WebError,
        form::{Button, FormView, Submitted},
        observe::RequestId,
        page::PageContext,
        phone_code,
        session::{Confirmed, SignedIn, Viewer},
        way::Way,
    },
};

/// Where it is proven.
pub const ADDRESS: &str = "/account/edit/mobile";

const EDIT: &str = "/account/edit";

/// What the person sends: the code, or nothing to have one sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    /// Missing where a code is to be sent; empty where somebody forgot to type it.
    #[serde(deserialize_with = "present")]
    code: Option<String>,
}

fn present<'de, D: Deserializer<'de>>(text: D) -> Result<Option<String>, D::Error> {
    String::deserialize(text).map(Some)
}

#[derive(Template)]
#[template(path = "account/mobile.html")]
struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    new_mobile: &'a str,
    /// Whether it is another one than the account has.
    is_another: bool,
    /// Whether a code is on its way to that number.
    is_sent: bool,
    /// Whether that code is known not to have arrived.
    is_lost: bool,
    is_in_china: bool,
}

pub async fn get(State(app): State<App>, SignedIn(viewer): SignedIn, page: PageContext) -> Result<Response, WebError> {
    let mut connection = app.pool.acquire().await?;
    let Some(mobile) = profiles::new_mobile(&mut connection, viewer.person.id).await? else {
        return Ok(Redirect::to(EDIT).into_response());
    };
    if !is_sent_to(sms_codes::sms_under_way(&mut connection, viewer.person.id).await?.as_ref(), &mobile) {
        Confirmed::or_ask(Arc::clone(&viewer), ADDRESS, app.clock.now())?;
    }
    // Given back first: the page needs one as well.
    drop(connection);
    show(&app, &page, &viewer, &mobile, StatusCode::OK, &FormView::default()).await
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    SignedIn(viewer): SignedIn,
    page: PageContext,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let (account, refused) = (viewer.person.id, StatusCode::UNPROCESSABLE_ENTITY);
    let mut tx = app.pool.begin().await?;
    // No other number can take its place meanwhile.
    way.lock(&mut tx, &viewer.sitting).await?;
    let Some(mobile) = profiles::new_mobile(&mut tx, account).await? else {
        // A second click, or it was dropped in another tab.
        return Ok(Redirect::to(addresses::ACCOUNT).into_response());
    };
    // Only who has proved anew who they are has a code sent, and that is enough: typing it must not depend on how long it takes.
    let Some(typed) = &form.code else {
        drop(tx);
        Confirmed::or_ask(Arc::clone(&viewer), ADDRESS, way.now)?;
        return send(&way, &page, &viewer, &mobile).await;
    };
    if !is_sent_to(sms_codes::sms_under_way(&mut tx, account).await?.as_ref(), &mobile) {
        drop(tx);
        let view = FormView::with_error("send", "No code is on its way to this number. Have one sent");
        return show(&app, &page, &viewer, &mobile, refused, &view).await;
    }
    let is_another = is_another(&mut tx, account, &mobile).await?;
    if let Err(message) = phone_code::check(&way, &mut tx, account, typed).await? {
        // A wrong try counts.
        tx.commit().await?;
        return show(&app, &page, &viewer, &mobile, refused, &FormView::with_error("code", message)).await;
    }
    profiles::end_mobile_change(&mut tx, account).await?;
    if is_another {
        way.note(&mut tx, account, Event::MobileChanged, json!({})).await?;
        way.tell(&mut tx, &viewer.person, Happened::MobileChanged).await?;
    } else {
        way.note(&mut tx, account, Event::PhoneVerified, json!({})).await?;
    }
    tx.commit().await?;
    app.bell.ring();
    let done = if is_another { "mobile" } else { "proven" };
    Ok(Redirect::to(&addresses::done(addresses::ACCOUNT, done)).into_response())
}

/// The new number is not wanted any more.
pub async fn post_drop(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    SignedIn(viewer): SignedIn,
    Submitted(Button {}): Submitted<Button>,
) -> Result<Response, WebError> {
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let mut tx = app.pool.begin().await?;
    way.lock(&mut tx, &viewer.sitting).await?;
    if profiles::end_mobile_change(&mut tx, viewer.person.id).await? {
        way.note(&mut tx, viewer.person.id, Event::MobileDropped, json!({})).await?;
    }
    tx.commit().await?;
    Ok(Redirect::to(&addresses::done(addresses::ACCOUNT, "dropped")).into_response())
}

async fn send(way: &Way<'_>, page: &PageContext, viewer: &Viewer, mobile: &Mobile) -> Result<Response, WebError> {
    match phone_code::send(way, viewer.person.id, mobile).await? {
        Ok(()) => Ok(Redirect::to(ADDRESS).into_response()),
        Err(not_sent) => {
            let view = FormView::with_error("send", not_sent.in_words());
            show(way.app, page, viewer, mobile, StatusCode::TOO_MANY_REQUESTS, &view).await
        }
    }
}

/// Whether the code that is on its way went to this number: one for another number proves nothing about it.
fn is_sent_to(sms: Option<&SmsUnderWay>, mobile: &Mobile) -> bool {
    sms.is_some_and(|sms| sms.mobile == mobile.as_str())
}

/// Whether the account has another number, or none: its own is proven here where a passkey stood in the phone's place.
async fn is_another(connection: &mut PgConnection, account: Uuid, mobile: &Mobile) -> Result<bool, StoreError> {
    let own = people::mobile(connection, account).await?;
    Ok(own.is_none_or(|(_, own)| own != mobile.as_str()))
}

async fn show(
    app: &App,
    page: &PageContext,
    viewer: &Viewer,
    mobile: &Mobile,
    status: StatusCode,
    form: &FormView,
) -> Result<Response, WebError> {
    let (mut connection, account) = (app.pool.acquire().await?, viewer.person.id);
    let sms = sms_codes::sms_under_way(&mut connection, account).await?.filter(|sms| is_sent_to(Some(sms), mobile));
    let is_lost = match &sms {
        Some(sms) => outbox::is_latest_lost(&mut connection, account, SmsCode::KIND, sms.sent_at).await?,
        None => false,
    };
    let is_another = is_another(&mut connection, account, mobile).await?;
    // Given back first: the page needs one as well.
    drop(connection);
    let (is_sent, is_in_china) = (sms.is_some(), mobile.is_in_china());
    page.answer(status, &Page { page, form, new_mobile: mobile.as_str(), is_another, is_sent, is_lost, is_in_china })
}
