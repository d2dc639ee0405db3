//! The second factor: codes of authenticator apps and recovery codes, checked and used up in one place.

use axum::response::Response;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;
use sqlx::{PgConnection, Postgres, Transaction};
use time::OffsetDateTime;
use tower_sessions::Session;
use uuid::Uuid;

use super::{error::WebError, page, session::session_error, way::Way};
use crate::{
    app::App,
    domain::{
        codes::{CodeUse, RECOVERY_BYTES, RECOVERY_CODES, plain_recovery_code, recovery_code},
        person::Person,
        totp::{SECRET_BYTES, TotpSecret},
    },
    keys::{Purpose, token_hash},
    messages::security_notice::Happened,
    store::{StoreError, audit::Event, credentials, people},
};

/// The key under which a session keeps recovery codes until their person has kept them.
const SHOWN_CODES: &str = "recovery_codes";

/// What is said beside a code that is not taken.
pub const WRONG_CODE: &str = "The code is not right, or it was used. Wait for the next one in your app";

const SHOWN_CONTEXT: &[u8] = b"recovery codes to show";

/// Uses a code of an app.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn use_totp(
    tx: &mut Transaction<'_, Postgres>,
    app: &App,
    person: &Person,
    code: &str,
    now: OffsetDateTime,
) -> Result<CodeUse, StoreError> {
    let mut found = CodeUse::Wrong;
    people::lock(tx, person.id).await?;
    for authenticator in credentials::authenticators(tx, person.id).await? {
        let Ok(secret) = app.keys.open(authenticator.id.as_bytes(), &authenticator.secret) else {
            tracing::error!(id = %authenticator.id, "an authenticator was encrypted with a key that is no longer known");
            continue;
        };
        let Ok(secret) = <[u8; SECRET_BYTES]>::try_from(secret) else { continue };
        let step = TotpSecret::new(&secret, &person.techpass_id()).matching_step(code, now);
        let Some(step) = step else { continue };
        if credentials::use_step(tx, authenticator.id, step, now).await? {
            return Ok(CodeUse::Right);
        }
        found = CodeUse::Used;
    }
    Ok(found)
}

/// Makes new recovery codes in the place of those that there are, and keeps them in the session to be shown.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn make_recovery_codes(
    connection: &mut PgConnection,
    app: &App,
    session: &Session,
    account: Uuid,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let codes: Vec<String> =
        (0..RECOVERY_CODES).map(|_| recovery_code(&app.chance.bytes::<RECOVERY_BYTES>())).collect();
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| hash(account, code)).collect();
    credentials::replace_recovery_codes(connection, account, &hashes, now).await?;
    let sealed = app.keys.seal(&*app.chance, &shown_context(account), codes.join("\n").as_bytes());
    session.insert(SHOWN_CODES, BASE64_STANDARD.encode(sealed)).await.map_err(session_error)
}

/// The recovery codes of this account that this browser has not kept yet. None in any other browser.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn shown_codes(app: &App, session: &Session, account: Uuid) -> Result<Option<Vec<String>>, StoreError> {
    let sealed: Option<String> = session.get(SHOWN_CODES).await.map_err(session_error)?;
    let opened =
        sealed.and_then(|sealed| app.keys.open(&shown_context(account), &BASE64_STANDARD.decode(sealed).ok()?).ok());
    Ok(opened.and_then(|codes| String::from_utf8(codes).ok()).map(|codes| codes.lines().map(str::to_owned).collect()))
}

/// Ties the codes to their account: whoever signs in next at this browser must not take them for theirs.
fn shown_context(account: Uuid) -> Vec<u8> {
    [SHOWN_CONTEXT, account.as_bytes()].concat()
}

/// Notes that the person keeps these codes. False if they are not the ones that work (any more): others were made since.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn keep_codes(
    connection: &mut PgConnection,
    account: Uuid,
    shown: &[String],
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let hashes: Vec<Vec<u8>> = shown.iter().map(|code| hash(account, code)).collect();
    credentials::keep_recovery_codes(connection, account, &hashes, now).await
}

/// Recovery codes as a file.
pub fn codes_file(person: &Person, codes: &[String]) -> Response {
    let text = format!(
        "Recovery codes of {}\r\nEach works once. Keep them where nobody else finds them.\r\n\r\n{}\r\n",
        person.techpass_id(),
        codes.join("\r\n")
    );
    page::download("techpass-recovery-codes.txt", "text/plain; charset=utf-8", text)
}

/// Forgets the recovery codes that were shown.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn forget_shown_codes(session: &Session) -> Result<(), StoreError> {
    session.remove_value(SHOWN_CODES).await.map(drop).map_err(session_error)
}

/// Uses a recovery code.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn use_recovery_code(
    connection: &mut PgConnection,
    app: &App,
    account: Uuid,
    typed: &str,
    now: OffsetDateTime,
) -> Result<CodeUse, StoreError> {
    people::lock(connection, account).await?;
    let plain = plain_recovery_code(typed);
    // Those that an earlier version made were hashed with a key.
    let mut hashes = app.keys.macs(Purpose::RecoveryCode, &[account.as_bytes(), plain.as_bytes()]);
    hashes.push(hash(account, typed));
    credentials::use_recovery_code(connection, account, &hashes, now).await
}

/// Writes down that somebody used a recovery code, and tells the owner, in the transaction that uses it.
///
/// # Errors
/// [`WebError::Unavailable`] if the database does not answer.
pub async fn tell_of_recovery_code(
    way: &Way<'_>,
    tx: &mut Transaction<'_, Postgres>,
    person: &Person,
) -> Result<(), WebError> {
    way.note(tx, person.id, Event::RecoveryCodeUsed, json!({})).await?;
    way.tell(tx, person, Happened::RecoveryCodeUsed).await
}

/// Without a key, so that codes work however often it is changed: 80 random bits cannot be guessed from their hash.
fn hash(account: Uuid, code: &str) -> Vec<u8> {
    token_hash(&format!("{account} {}", plain_recovery_code(code))).to_vec()
}
