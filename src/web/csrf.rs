//! The signed pair of cookie and hidden field: proves that a form came from a page of ours, without a row anywhere.
//!
//! The cookie holds a random number, the field its keyed hash. Another site can make a browser send the cookie, but cannot
//! read it, and without the key nobody can make the field that fits. `CsrfLayer` checks `Origin` and `Sec-Fetch-Site` besides.

use axum::http::{HeaderMap, HeaderValue};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::cookies::cookie;
use crate::{
    app::App,
    keys::{Keys, Purpose},
};

/// The name of the hidden field.
pub const FIELD: &str = "csrf";

const NUMBER_BYTES: usize = 16;

/// The pair for one browser.
#[derive(Debug, Clone)]
pub struct CsrfPair {
    number: [u8; NUMBER_BYTES],
    field: String,
    is_new: bool,
}

impl CsrfPair {
    /// The browser's pair, or a new one where its cookie is missing or no good.
    pub fn of(app: &App, headers: &HeaderMap) -> Self {
        let known = cookie(headers, cookie_name(app)).and_then(decode_number);
        let number = known.unwrap_or_else(|| app.chance.bytes());
        Self { number, field: field(&app.keys, &number), is_new: known.is_none() }
    }

    /// What stands in the hidden field.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The cookie that the answer has to set, if the browser does not have it yet. It lasts as long as the browser is open.
    pub fn set_cookie(&self, app: &App) -> Option<HeaderValue> {
        if !self.is_new {
            return None;
        }
        let secure = if app.config.is_https() { "; Secure" } else { "" };
        let cookie = format!(
            "{}={}; Path=/; HttpOnly; SameSite=Lax{secure}",
            cookie_name(app),
            BASE64_URL_SAFE_NO_PAD.encode(self.number)
        );
        HeaderValue::try_from(cookie).ok()
    }
}

/// Whether the field of a form fits the cookie that came with it.
pub fn fits(app: &App, headers: &HeaderMap, field: &str) -> bool {
    let number = cookie(headers, cookie_name(app)).and_then(decode_number);
    let mac = BASE64_URL_SAFE_NO_PAD.decode(field).ok();
    match (number, mac) {
        (Some(number), Some(mac)) => app.keys.is_mac(Purpose::Csrf, &[&number], &mac),
        _ => false,
    }
}

fn field(keys: &Keys, number: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(keys.mac(Purpose::Csrf, &[number]))
}

fn decode_number(text: &str) -> Option<[u8; NUMBER_BYTES]> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

fn cookie_name(app: &App) -> &'static str {
    if app.config.is_https() { "__Host-form" } else { "form" }
}
