//! Codes by SMS that prove a phone (docs/rules.md §4.5): sent and checked in one place for every journey that asks for one.

use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    error::WebError,
    tries::{self, TooMany, Tried},
    way::Way,
};
use crate::{
    domain::{
        codes::{parse_sms_code, sms_code},
        mobile::Mobile,
        moment::is_expired,
    },
    keys::Purpose,
    messages::{Message, SmsCode},
    store::{
        audit::Event,
        outbox, people,
        sms_codes::{self, CodeCheck, SMS_AGAIN_AFTER},
    },
};

/// Why no code was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSent {
    /// The last one was sent less than a minute ago.
    TooSoon,
    /// Too many were sent.
    TooMany(TooMany),
}

impl NotSent {
    /// In words, for beside the field.
    pub fn in_words(self) -> String {
        match self {
            Self::TooSoon => {
                "A code was sent less than a minute ago. Wait a little, then have another one sent".to_owned()
            }
            Self::TooMany(too_many) => too_many.in_words(),
        }
    }
}

/// Sends a code to a number.
///
/// # Errors
/// [`WebError::Unavailable`] if the database does not answer.
pub async fn send(way: &Way<'_>, account: Uuid, mobile: &Mobile) -> Result<Result<(), NotSent>, WebError> {
    let app = way.app;
    // Asked before the transaction: whoever holds one connection and waits for another can make all others wait.
    let sent = sms_codes::sms_under_way(&mut *app.pool.acquire().await?, account).await?;
    if sent.is_some_and(|sms| !is_expired(sms.sent_at + SMS_AGAIN_AFTER, way.now)) {
        return Ok(Err(NotSent::TooSoon));
    }
    if let Err(too_many) = tries::take(app, Tried::Sms, account.as_bytes(), way.now).await? {
        // To have too many sent is the person's own doing: the owner is not written to.
        if too_many.is_first {
            tries::note_lock(way, &mut *app.pool.acquire().await?, account, Tried::Sms).await?;
        }
        return Ok(Err(NotSent::TooMany(too_many)));
    }
    let code = sms_code(app.chance.bytes());
    let mut tx = app.pool.begin().await?;
    people::lock(&mut tx, account).await?;
    let hash = hash(way, account, &code);
    if !sms_codes::put_sms_code(&mut tx, account, mobile, &hash, way.now).await? {
        return Ok(Err(NotSent::TooSoon));
    }
    let message = Message::SmsCode(SmsCode { code }).seal(&app.keys, &*app.chance, way.now);
    outbox::put(&mut tx, account, mobile.as_str(), &message, way.now).await?;
    way.note(&mut tx, account, Event::PhoneCodeSent, json!({})).await?;
    tx.commit().await?;
    app.bell.ring();
    Ok(Ok(()))
}

/// Why a typed code is not taken, in words for beside the field; a right one proves the phone. A wrong one costs a try and is written
/// down, which counts only if the caller commits.
///
/// # Errors
/// [`WebError::Unavailable`] if the database does not answer.
pub async fn check(
    way: &Way<'_>,
    connection: &mut PgConnection,
    account: Uuid,
    typed: &str,
) -> Result<Result<(), String>, WebError> {
    let Some(code) = parse_sms_code(typed) else {
        return Ok(Err("Enter the six digits from the SMS".to_owned()));
    };
    people::lock(connection, account).await?;
    let hash = hash(way, account, &code);
    let checked = sms_codes::try_sms_code(connection, account, &hash, way.now).await?;
    if matches!(checked, CodeCheck::Wrong { .. }) {
        way.note_in_vain(connection, account, Event::CodeWrong, json!({"of": "phone"})).await?;
    }
    Ok(match checked {
        CodeCheck::Right => Ok(()),
        CodeCheck::Dead | CodeCheck::Wrong { tries_left: 0 } => {
            Err("This code no longer works. Have a new one sent".to_owned())
        }
        CodeCheck::Wrong { tries_left: 1 } => Err("The code is not right. You have one more try".to_owned()),
        CodeCheck::Wrong { tries_left } => Err(format!("The code is not right. You have {tries_left} more tries")),
    })
}

fn hash(way: &Way<'_>, account: Uuid, code: &str) -> [u8; 32] {
    way.app.keys.mac(Purpose::SmsCode, &[account.as_bytes(), code.as_bytes()])
}
