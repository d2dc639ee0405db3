//! Back from the provider: who came, and whether they are let in. A trip that failed leaves everything as it was.

use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use sqlx::{Postgres, Transaction};
use tower_sessions::Session;
use uuid::Uuid;

use super::confirm;
use crate::{
    app::App,
    domain::identity::{Admission, Arrival, admit},
    providers::Identity,
    store::{audit::Event, people, tokens},
    web::{
        error::WebError,
        observe::RequestId,
        page::PageContext,
        provider_trip::{self, Purpose, Trip},
        session::{self, MaybeSignedIn, Place, SessionId, Viewer},
        trip_problem::{self, Problem},
        way::Way,
    },
};

/// What the provider sends along (RFC 6749 §4.1.2).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    code: String,
    state: String,
    error: String,
}

pub async fn get(
    State(app): State<App>,
    session: Session,
    page: PageContext,
    (place, MaybeSignedIn(viewer)): (Place, MaybeSignedIn),
    request_id: RequestId,
    Path(provider): Path<String>,
    answer: Result<Query<Answer>, QueryRejection>,
) -> Result<Response, WebError> {
    if app.providers.get(&provider).is_none() {
        return Err(WebError::NotFound);
    }
    let Query(answer) = answer.unwrap_or_default();
    let now = app.clock.now();
    let trip = provider_trip::take(&app, &session, &answer.state, now).await?;
    let Some(trip) = trip.filter(|trip| trip.provider == provider) else {
        return trip_problem::page(&app, &page, &request_id, &provider, &Purpose::SignIn, &Problem::Lost);
    };
    let way = Way { app: &app, session: &session, request_id: &request_id, now };
    let arrived = match come_back(&way, &trip, &answer).await? {
        Err(problem) => {
            if problem == Problem::Refused {
                note_not_believed(&way, &trip, viewer.as_deref()).await?;
            }
            Err(problem)
        }
        Ok(identity) => match &trip.purpose {
            Purpose::Confirm { next } => confirm::arrive(&way, &trip, next, viewer.as_deref(), &identity).await?,
            Purpose::Accept { .. } | Purpose::SignIn => arrive(&way, &trip, &identity, place).await?,
        },
    };
    match arrived {
        Ok(address) => Ok(Redirect::to(&address).into_response()),
        Err(problem) => trip_problem::page(&app, &page, &request_id, &provider, &trip.purpose, &problem),
    }
}

/// Who came back.
async fn come_back(way: &Way<'_>, trip: &Trip, answer: &Answer) -> Result<Result<Identity, Problem>, WebError> {
    if answer.error == "access_denied" {
        return Ok(Err(Problem::Cancelled));
    }
    let Ok(provider) = provider_trip::provider(way.app, &trip.provider) else { return Err(WebError::NotFound) };
    if !answer.error.is_empty() || answer.code.is_empty() {
        tracing::warn!(error = ?answer.error, "a provider sent somebody back with an error");
        // The words of RFC 6749 §4.1.2.1 for a provider that is out, or has too much to do.
        let is_out = matches!(answer.error.as_str(), "server_error" | "temporarily_unavailable");
        return Ok(Err(if is_out { Problem::Unreachable } else { Problem::Refused }));
    }
    let identity = provider.finish(answer.code.clone(), &trip.begun, way.now).await;
    Ok(identity.map_err(|error| trip_problem::of_provider(&error)))
}

/// Writes down that a provider's answer about somebody known was not believed: whose invitation it is, or who is signed in here.
async fn note_not_believed(way: &Way<'_>, trip: &Trip, viewer: Option<&Viewer>) -> Result<(), WebError> {
    let account = match &trip.purpose {
        Purpose::Accept { link } => {
            let mut connection = way.app.pool.acquire().await?;
            tokens::find_accept_link(&mut connection, link).await?.map(|link| link.account.id)
        }
        Purpose::Confirm { .. } => viewer.map(|viewer| viewer.person.id),
        Purpose::SignIn => None,
    };
    let Some(account) = account else { return Ok(()) };
    way.note_failure(account, json!({"because": "not believed", "by": trip.provider})).await
}

/// Lets in who came back, to the account that is theirs.
async fn arrive(
    way: &Way<'_>,
    trip: &Trip,
    identity: &Identity,
    place: Place,
) -> Result<Result<String, Problem>, WebError> {
    let mut tx = way.app.pool.begin().await?;
    let (arrival, expected) = find(&mut tx, way.app, trip, identity).await?;
    let (account, is_new) = match admit(&arrival, way.now) {
        Admission::Enter(account) => (account, false),
        Admission::Bind(account) => (account, true),
        refused => {
            drop(tx);
            if let Some(account) = arrival.tried() {
                way.note_failure(account, json!({"because": because(refused), "by": trip.provider})).await?;
            }
            return Ok(Err(refusal(refused, expected, identity)));
        }
    };
    if is_new && !bind(&mut tx, way, account, identity).await? {
        // Somebody was faster: another tab of the same person, most of all. Asked again, it is an ordinary sign-in.
        return Ok(Err(Problem::Lost));
    }
    let Some(found) = people::find(&mut *tx, account).await? else { return Ok(Err(Problem::Ended)) };
    let details = json!({"by": trip.provider, "second_factor": identity.is_mfa_vouched});
    way.note(&mut tx, account, Event::SignInBegun, details).await?;
    let sitting = session::new_sitting(&found.person, place, identity.is_mfa_vouched, way.now);
    Ok(Ok(way.go_on(tx, sitting, SessionId::New).await?))
}

/// What the rules need to know about somebody who came back; and whom an invitation is for, masked.
async fn find(
    tx: &mut Transaction<'_, Postgres>,
    app: &App,
    trip: &Trip,
    identity: &Identity,
) -> Result<(Arrival, String), WebError> {
    let link = match &trip.purpose {
        Purpose::Accept { link } => tokens::find_accept_link(tx, link).await?,
        Purpose::SignIn | Purpose::Confirm { .. } => None,
    };
    let email = identity.email.as_ref();
    let reference = app.reference.load();
    let named = email.and_then(|email| reference.directory.integrated(email.domain())?.provider.clone());
    let arrival = Arrival {
        bound: people::bound_to(tx, &identity.issuer, &identity.subject).await?,
        at_address: match email {
            Some(email) => people::at_address(tx, email).await?,
            None => None,
        },
        invited: link.as_ref().map(|link| link.account),
        is_accepting: matches!(trip.purpose, Purpose::Accept { .. }),
        is_email_verified: identity.is_email_verified,
        is_providers_domain: named.as_deref() == Some(trip.provider.as_str()),
    };
    let expected = link.and_then(|link| link.email).map(|email| email.masked()).unwrap_or_default();
    Ok((arrival, expected))
}

async fn bind(
    tx: &mut Transaction<'_, Postgres>,
    way: &Way<'_>,
    account: Uuid,
    identity: &Identity,
) -> Result<bool, WebError> {
    let names = (identity.first_name.as_deref(), identity.last_name.as_deref());
    if !people::bind(tx, account, &identity.issuer, &identity.subject, names).await? {
        return Ok(false);
    }
    way.note(tx, account, Event::BoundToProvider, json!({"issuer": identity.issuer})).await?;
    Ok(true)
}

/// Why somebody was refused, in the words of the trail.
fn because(refused: Admission) -> &'static str {
    match refused {
        Admission::OtherAccount => "other account",
        Admission::Unverified => "unverified",
        Admission::OtherProvider => "other provider",
        Admission::Taken => "taken",
        Admission::NoAccount => "no account",
        Admission::Disabled | Admission::Ended | Admission::Enter(_) | Admission::Bind(_) => "shut",
    }
}

fn refusal(refused: Admission, expected: String, identity: &Identity) -> Problem {
    match refused {
        Admission::OtherAccount => Problem::OtherAccount { expected },
        Admission::Unverified => Problem::Unverified,
        Admission::OtherProvider => Problem::OtherProvider,
        Admission::Taken => Problem::Taken,
        Admission::NoAccount => {
            Problem::NoAccount { address: identity.email.as_ref().map(|email| email.masked()).unwrap_or_default() }
        }
        Admission::Disabled => Problem::Disabled,
        Admission::Ended | Admission::Enter(_) | Admission::Bind(_) => Problem::Ended,
    }
}
