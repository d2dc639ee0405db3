//! Knowing a browser again (docs/rules.md §4.24). A cookie that lasts, set once somebody has signed in, and never for strangers;
//! whoever signs in where the account's owner has not been before is told of by e-mail. The cookie lets nobody in.

use axum::http::{HeaderMap, HeaderValue};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sqlx::PgConnection;

use super::{cookies::cookie, error::WebError, way::Way};
use crate::{
    app::App,
    domain::{
        person::Person,
        sitting::{KnownBy, Sitting},
    },
    keys::{Purpose, token_hash},
    messages::{Message, NewBrowser, security_notice::Happened},
    store::{known_browsers, outbox},
};

/// How long the cookie lasts: 400 days, the longest that browsers take.
const SECONDS: u32 = 400 * 24 * 60 * 60;

const COOKIE_BYTES: usize = 32;

const NUMBER_BYTES: usize = 16;

/// By what the browser that sends a request can be known again: the cookie that it brings, or the one that it is to get.
pub fn known_by(app: &App, headers: &HeaderMap) -> KnownBy {
    match brought(app, headers) {
        Some(cookie) => KnownBy::Cookie(hex::encode(token_hash(cookie))),
        None => KnownBy::Number(hex::encode(app.chance.bytes::<NUMBER_BYTES>())),
    }
}

/// The cookie for the browser of somebody who is signed in, if it did not have one when they began, and still has none.
pub fn missing_cookie(app: &App, headers: &HeaderMap, sitting: &Sitting) -> Option<HeaderValue> {
    let Some(KnownBy::Number(number)) = &sitting.known_by else { return None };
    if !sitting.is_complete || brought(app, headers).is_some() {
        return None;
    }
    let (name, value) = (cookie_name(app), cookie_of(app, number));
    let secure = if app.config.is_https() { "; Secure" } else { "" };
    HeaderValue::try_from(format!("{name}={value}; Path=/; Max-Age={SECONDS}; HttpOnly; SameSite=Lax{secure}")).ok()
}

/// Notes that somebody signs in with this browser, in the transaction that does it, and tells the owner if the account does not
/// know it; not the first time of all, when the account has just become active.
///
/// # Errors
/// [`WebError::Unavailable`] if the database does not answer.
pub async fn meet(
    way: &Way<'_>,
    connection: &mut PgConnection,
    person: &Person,
    sitting: &Sitting,
    is_first: bool,
) -> Result<(), WebError> {
    let app = way.app;
    // Sittings of an earlier version do not say.
    let Some(known_by) = &sitting.known_by else { return Ok(()) };
    let fingerprint = match known_by {
        KnownBy::Cookie(hash) => hash.clone(),
        KnownBy::Number(number) => hex::encode(token_hash(&cookie_of(app, number))),
    };
    let hashes = app.keys.macs(Purpose::KnownBrowser, &[person.id.as_bytes(), fingerprint.as_bytes()]);
    let is_known = known_browsers::meet(connection, person.id, &hashes, way.now).await?;
    let Some(email) = person.email.as_ref().filter(|_| !is_known && !is_first) else { return Ok(()) };
    let told = NewBrowser {
        techpass_id: person.techpass_id(),
        browser: sitting.browser.clone(),
        network: sitting.network.clone(),
        at: way.now,
        token: way.not_me_link(connection, person.id, Happened::NewBrowser).await?,
    };
    let message = Message::NewBrowser(told).seal(&app.keys, &*app.chance, way.now);
    Ok(outbox::put(connection, person.id, email.as_str(), &message, way.now).await?)
}

fn brought<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
    let is_ours = |value: &&str| BASE64_URL_SAFE_NO_PAD.decode(value).is_ok_and(|bytes| bytes.len() == COOKIE_BYTES);
    cookie(headers, cookie_name(app)).filter(is_ours)
}

/// The cookie is made from a number that the session keeps, so that the session itself does not hold it.
fn cookie_of(app: &App, number: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(app.keys.mac(Purpose::BrowserCookie, &[number.as_bytes()]))
}

fn cookie_name(app: &App) -> &'static str {
    if app.config.is_https() { "__Host-browser" } else { "browser" }
}
