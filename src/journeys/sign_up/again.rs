//! "Send it again": the e-mail once more, without filling in the form once more.
//!
//! What was sent is remembered by the browser alone, encrypted, for an hour. That it was sent at all was proved then. The
//! browser remembers one form; a page that belongs to an earlier one says so instead of writing to somebody else.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use tokio::time::Instant;

use super::{
    done, form,
    request::{self, Request, SeedWish},
};
use crate::{
    app::App,
    domain::{device::Device, email_address::EmailAddress, moment::is_expired, sign_up::RESEND_AFTER},
    store::in_time,
    web::{answer_time, cookies, error::WebError, form::Submitted, observe::RequestId},
};

const REMEMBERED_FOR: Duration = Duration::HOUR;

const CONTEXT: &[u8] = b"sign-up again";

/// What the browser remembers.
#[derive(Serialize, Deserialize)]
struct Remembered {
    /// Which form it was, for the page that offers to send it again.
    form: String,
    email: String,
    device: String,
    seed: SeedWish,
    #[serde(with = "time::serde::timestamp::microseconds")]
    at: OffsetDateTime,
}

/// The button.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    form: String,
}

pub async fn post(
    State(app): State<App>,
    request_id: RequestId,
    headers: HeaderMap,
    Submitted(Form { form }): Submitted<Form>,
) -> Result<Response, WebError> {
    let began = Instant::now();
    let now = app.clock.now();
    let Some((request, at, _)) = recall(&app, &headers, now).filter(|(.., remembered)| *remembered == form) else {
        return Ok(Redirect::to(form::FORGOTTEN).into_response());
    };
    let may_be_sent_at = at + RESEND_AFTER;
    if !is_expired(may_be_sent_at, now) {
        answer_time::wait(began).await;
        return Ok(Redirect::to(&done::address_too_soon(request.seed, may_be_sent_at - now)).into_response());
    }
    in_time(request::carry_out(&app, &request, None, &request_id, now)).await?;
    answer_time::wait(began).await;
    let cookie = remember(&app, &request, form, now);
    Ok(([(SET_COOKIE, cookie)], Redirect::to(&done::address_sent_again(request.seed))).into_response())
}

/// The cookie that remembers a sign-up, for the first time.
pub fn remember_new(app: &App, request: &Request, now: OffsetDateTime) -> HeaderValue {
    remember(app, request, hex::encode(app.chance.bytes::<8>()), now)
}

/// Which form this browser remembers.
pub fn remembered_form(app: &App, headers: &HeaderMap, now: OffsetDateTime) -> Option<String> {
    recall(app, headers, now).map(|(_, _, form)| form)
}

fn remember(app: &App, request: &Request, form: String, now: OffsetDateTime) -> HeaderValue {
    let remembered = Remembered {
        form,
        email: request.email.as_str().to_owned(),
        device: request.device.as_str().to_owned(),
        seed: request.seed,
        at: now,
    };
    let plain = serde_json::to_vec(&remembered).expect("text and a date become JSON");
    let sealed = BASE64_URL_SAFE_NO_PAD.encode(app.keys.seal(&*app.chance, CONTEXT, &plain));
    let secure = if app.config.is_https() { "; Secure" } else { "" };
    let cookie = format!(
        "{}={sealed}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
        cookie_name(app),
        REMEMBERED_FOR.whole_seconds()
    );
    HeaderValue::try_from(cookie).expect("base64 fits into a header")
}

fn recall(app: &App, headers: &HeaderMap, now: OffsetDateTime) -> Option<(Request, OffsetDateTime, String)> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(cookies::cookie(headers, cookie_name(app))?).ok()?;
    let plain = app.keys.open(CONTEXT, &sealed).ok()?;
    let remembered: Remembered = serde_json::from_slice(&plain).ok()?;
    if is_expired(remembered.at + REMEMBERED_FOR, now) {
        return None;
    }
    let email = EmailAddress::parse(&remembered.email).ok()?;
    let device = Device::parse(&remembered.device)?;
    Some((Request { email, device, seed: remembered.seed }, remembered.at, remembered.form))
}

fn cookie_name(app: &App) -> &'static str {
    if app.config.is_https() { "__Host-signed-up" } else { "signed-up" }
}
