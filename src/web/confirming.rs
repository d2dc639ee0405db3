//! Proving anew who one is while signed in (docs/rules.md §4.16): what every way of doing it ends with. The ways themselves are the
//! journeys' business: password and code, the provider, and whatever else will count.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::{Postgres, Transaction};
use time::OffsetDateTime;
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    addresses,
    error::WebError,
    keeping::{self, Kept},
    session::{SessionId, Viewer, session_error},
    way::Way,
};
use crate::{
    domain::{moment::is_expired, sitting::CONFIRMED_FOR, sitting::Sitting},
    store::{StoreError, audit::Event},
};

/// The key under which a session keeps that its person is back from the provider, and owes a code.
const BACK: &str = "back_from_provider";

/// By what somebody proved anew who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProvedBy {
    /// Password and a code of the app.
    PasswordAndCode,
    /// Password and a recovery code.
    PasswordAndRecoveryCode,
    /// A passkey.
    Passkey,
    /// The provider, which vouched for a second factor, or the account has none here.
    Provider,
    /// The provider, and a code of the app here.
    ProviderAndCode,
    /// The provider, and a recovery code.
    ProviderAndRecoveryCode,
    /// The provider, and a passkey here.
    ProviderAndPasskey,
}

impl ProvedBy {
    /// The word in the trail.
    const fn as_str(self) -> &'static str {
        match self {
            Self::PasswordAndCode => "password and code",
            Self::PasswordAndRecoveryCode => "password and recovery code",
            Self::Passkey => "passkey",
            Self::Provider => "provider",
            Self::ProviderAndCode => "provider and code",
            Self::ProviderAndRecoveryCode => "provider and recovery code",
            Self::ProviderAndPasskey => "provider and passkey",
        }
    }
}

/// Writes down that somebody has proved anew who they are, and lets it count from now on: in one transaction, which a session that was
/// ended meanwhile does not see the end of.
///
/// # Errors
/// [`WebError::Unavailable`] if the database does not answer, [`WebError::SeeOther`] to signing in if the session was ended.
pub async fn confirmed(
    way: &Way<'_>,
    mut tx: Transaction<'_, Postgres>,
    viewer: &Viewer,
    by: ProvedBy,
) -> Result<(), WebError> {
    way.note(&mut tx, viewer.person.id, Event::Confirmed, json!({"by": by.as_str()})).await?;
    let sitting = Sitting { confirmed_at: Some(way.now), ..viewer.sitting.clone() };
    let Kept::Kept(new) = keeping::keep(&mut tx, way, &viewer.person, &sitting, SessionId::New).await? else {
        return Err(WebError::SeeOther(addresses::sign_in(None)));
    };
    tx.commit().await?;
    way.app.bell.ring();
    way.session.remove_value(BACK).await.map_err(session_error)?;
    Ok(keeping::follow(way.session, new).await?)
}

/// Somebody who is back from the provider, and owes a code.
#[derive(Debug, Serialize, Deserialize)]
struct Back {
    account: Uuid,
    #[serde(with = "time::serde::timestamp")]
    at: OffsetDateTime,
}

/// Remembers that the provider has said who it is, and that a code is still owed.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn remember_back(session: &Session, account: Uuid, now: OffsetDateTime) -> Result<(), StoreError> {
    session.insert(BACK, Back { account, at: now }).await.map_err(session_error)?;
    session.save().await.map_err(session_error)
}

/// Whether the provider has just said who it is, and a code is still owed.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn is_back(session: &Session, account: Uuid, now: OffsetDateTime) -> Result<bool, StoreError> {
    let back: Option<Back> = session.get(BACK).await.map_err(session_error)?;
    Ok(back.is_some_and(|back| back.account == account && !is_expired(back.at + CONFIRMED_FOR, now)))
}
