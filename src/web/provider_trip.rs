//! Trips to an identity provider: begun by more than one journey, remembered by the browser's session until it comes back.
//!
//! What is remembered is encrypted: the database alone is not enough to take somebody's trip to its end.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use tower_sessions::Session;
use url::Url;

use super::{error::WebError, session::session_error};
use crate::{
    app::App,
    domain::moment::is_expired,
    providers::{Ask, Begun, Provider, ProviderError},
    store::StoreError,
};

/// The key under which a session keeps its trips, each under an id of its own, so that two tabs at once do not disturb each
/// other.
pub(super) const TRIPS: &str = "trips_under_way";

/// How many trips one browser can have under way: one a tab, within reason.
const AT_ONCE: usize = 5;

/// How long signing in at the provider may take.
const LONGEST: Duration = Duration::minutes(30);

const CONTEXT: &[u8] = b"provider trip";
const PURPOSE_CONTEXT: &[u8] = b"provider trip purpose";

/// What a trip is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To accept the invitation behind this link (the SHA-256 of its token).
    Accept {
        /// The link.
        link: [u8; 32],
    },
    /// To sign in.
    SignIn,
    /// To prove anew who one is, and then to go on to this page of ours (docs/rules.md §4.16).
    Confirm {
        /// The page.
        next: String,
    },
}

/// A trip that was begun.
#[derive(Debug, Serialize, Deserialize)]
pub struct Trip {
    /// The provider.
    pub provider: String,
    /// What it was for.
    pub purpose: Purpose,
    /// What has to be known on the way back.
    pub begun: Begun,
    at: i64,
}

impl Trip {
    /// When it began.
    pub fn began_at(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp(self.at).ok()
    }
}

/// Sends somebody on a trip: gives the address at the provider.
///
/// # Errors
/// [`TripError`] if the provider or the database does not answer.
pub async fn begin(
    app: &App,
    session: &Session,
    name: &str,
    purpose: Purpose,
    ask: Ask<'_>,
    now: OffsetDateTime,
) -> Result<Url, TripError> {
    let provider = provider(app, name)?;
    let ask = Ask { anew: matches!(purpose, Purpose::Confirm { .. }), ..ask };
    let (address, begun) = provider.begin(&*app.chance, ask).await?;
    let mut trips = under_way(session).await?;
    let trip = Trip { provider: name.to_owned(), purpose, begun, at: now.unix_timestamp() };
    let plain = serde_json::to_vec(&trip).expect("text and numbers become JSON");
    let sealed = BASE64_URL_SAFE_NO_PAD.encode(app.keys.seal(&*app.chance, CONTEXT, &plain));
    // Such ids are in the order of time.
    trips.insert(app.chance.id(now).to_string(), sealed);
    while trips.len() > AT_ONCE {
        trips.pop_first();
    }
    session.insert(TRIPS, trips).await.map_err(session_error)?;
    session.save().await.map_err(session_error)?;
    Ok(address)
}

/// Takes the trip that this state belongs to out of the session: it leads back once. None if there is none, or it took too
/// long.
///
/// # Errors
/// [`WebError`] if the database does not answer.
pub async fn take(app: &App, session: &Session, state: &str, now: OffsetDateTime) -> Result<Option<Trip>, WebError> {
    let mut trips = under_way(session).await?;
    let mut opened = trips.iter().filter_map(|(id, sealed)| Some((id.clone(), open(app, sealed)?)));
    let Some((id, trip)) = opened.find(|(_, trip)| trip.begun.state == state) else { return Ok(None) };
    drop(opened);
    trips.remove(&id);
    session.insert(TRIPS, trips).await.map_err(session_error)?;
    session.save().await.map_err(session_error)?;
    let began = trip.began_at();
    Ok(Some(trip).filter(|_| began.is_some_and(|began| !is_expired(began + LONGEST, now))))
}

async fn under_way(session: &Session) -> Result<BTreeMap<String, String>, StoreError> {
    Ok(session.get(TRIPS).await.map_err(session_error)?.unwrap_or_default())
}

fn open(app: &App, sealed: &str) -> Option<Trip> {
    let plain = app.keys.open(CONTEXT, &BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?).ok()?;
    serde_json::from_slice(&plain).ok()
}

/// The provider of that name.
///
/// # Errors
/// [`TripError::NotSetUp`] if it is not set up here.
pub fn provider<'a>(app: &'a App, name: &str) -> Result<&'a Provider, TripError> {
    app.providers.get(name).ok_or_else(|| TripError::NotSetUp(name.to_owned()))
}

/// Why a trip could not be begun.
#[derive(Debug, thiserror::Error)]
pub enum TripError {
    /// The directory names a provider that the settings do not know.
    #[error("the provider {0:?} is not set up: its PORTAL_OIDC__…__ISSUER is missing")]
    NotSetUp(String),
    /// The provider does not do its part.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The database does not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A purpose, for a form that begins the trip again: nobody can make one up.
pub fn seal_purpose(app: &App, purpose: &Purpose) -> String {
    let plain = serde_json::to_vec(purpose).expect("text and numbers become JSON");
    BASE64_URL_SAFE_NO_PAD.encode(app.keys.seal(&*app.chance, PURPOSE_CONTEXT, &plain))
}

/// The purpose that a form brought back.
pub fn open_purpose(app: &App, sealed: &str) -> Option<Purpose> {
    let plain = app.keys.open(PURPOSE_CONTEXT, &BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?).ok()?;
    serde_json::from_slice(&plain).ok()
}
