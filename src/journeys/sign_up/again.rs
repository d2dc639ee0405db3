//! "Send it again": the e-mail once more, without filling in the form once more.
//!
//! What was sent is remembered by the browser alone, encrypted, for an hour. That it was sent at all was proved then.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use tokio::time::Instant;

use super::{
    done,
    form::wait_for_answer_time,
    request::{self, Request, SeedWish},
};
use crate::{
    app::App,
    domain::{device::Device, email_address::EmailAddress, moment::is_expired, sign_up::RESEND_AFTER},
    store::in_time,
    web::{csrf, error::WebError, form::Submitted, observe::RequestId},
};

const REMEMBERED_FOR: Duration = Duration::HOUR;

const CONTEXT: &[u8] = b"sign-up again";

/// What the browser remembers.
#[derive(Serialize, Deserialize)]
struct Remembered {
    email: String,
    device: String,
    seed: SeedWish,
    #[serde(with = "time::serde::timestamp::microseconds")]
    at: OffsetDateTime,
}

/// Nothing but the button.
#[derive(Debug, Deserialize)]
pub struct Form {}

pub async fn post(
    State(app): State<App>,
    request_id: RequestId,
    headers: HeaderMap,
    Submitted(Form {}): Submitted<Form>,
) -> Result<Response, WebError> {
    let began = Instant::now();
    let now = app.clock.now();
    let Some((request, at)) = recall(&app, &headers, now) else {
        return Ok(Redirect::to("/sign-up").into_response());
    };
    let is_sent = is_expired(at + RESEND_AFTER, now);
    if is_sent {
        in_time(request::carry_out(&app, &request, None, &request_id, now)).await?;
    }
    wait_for_answer_time(began).await;
    let done = Redirect::to(&done::address_again(request.seed, is_sent));
    if is_sent {
        let cookie = remember(&app, &request, now);
        return Ok(([(axum::http::header::SET_COOKIE, cookie)], done).into_response());
    }
    Ok(done.into_response())
}

/// The cookie that remembers a sign-up.
pub fn remember(app: &App, request: &Request, now: OffsetDateTime) -> HeaderValue {
    let remembered = Remembered {
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

fn recall(app: &App, headers: &HeaderMap, now: OffsetDateTime) -> Option<(Request, OffsetDateTime)> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(csrf::cookie(headers, cookie_name(app))?).ok()?;
    let plain = app.keys.open(CONTEXT, &sealed).ok()?;
    let remembered: Remembered = serde_json::from_slice(&plain).ok()?;
    if is_expired(remembered.at + REMEMBERED_FOR, now) {
        return None;
    }
    let email = EmailAddress::parse(&remembered.email).ok()?;
    let device = Device::parse(&remembered.device)?;
    Some((Request { email, device, seed: remembered.seed }, remembered.at))
}

fn cookie_name(app: &App) -> &'static str {
    if app.config.is_https() { "__Host-signed-up" } else { "signed-up" }
}
