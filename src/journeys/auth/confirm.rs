//! Back from the provider, somebody who is signed in here already: whether it is them, and whether a code is still owed
//! (docs/rules.md §4.16).

use serde_json::json;

use crate::{
    domain::identity::{Confirmation, confirm},
    providers::Identity,
    store::people,
    web::{
        addresses,
        confirming::{self, ProvedBy, confirmed},
        error::WebError,
        provider_trip::Trip,
        session::Viewer,
        trip_problem::Problem,
        way::Way,
    },
};

/// Where it goes on for somebody who came back, and wanted to see `next`.
pub async fn arrive(
    way: &Way<'_>,
    trip: &Trip,
    next: &str,
    viewer: Option<&Viewer>,
    identity: &Identity,
) -> Result<Result<String, Problem>, WebError> {
    let Some(viewer) = viewer else { return Ok(Err(Problem::Lost)) };
    let person = &viewer.person;
    let mut tx = way.app.pool.begin().await?;
    let bound = people::bound_to(&mut tx, &identity.issuer, &identity.subject).await?.map(|account| account.id);
    let sent_at = trip.began_at().unwrap_or(way.now);
    match confirm(bound, person.id, identity.signed_in_at, sent_at) {
        Confirmation::Same => {}
        Confirmation::OtherPerson => {
            drop(tx);
            way.note_failure(person.id, json!({"because": "other person", "by": trip.provider})).await?;
            return Ok(Err(Problem::OtherPerson { expected: person.techpass_id() }));
        }
        Confirmation::NotAsked => {
            drop(tx);
            way.note_failure(person.id, json!({"because": "not asked", "by": trip.provider})).await?;
            return Ok(Err(Problem::NotAsked));
        }
    }
    if !identity.is_mfa_vouched && (person.has_authenticator || person.has_passkey) {
        drop(tx);
        confirming::remember_back(way.session, person.id, way.now).await?;
        return Ok(Ok(addresses::confirm(next)));
    }
    confirmed(way, tx, viewer, ProvedBy::Provider).await?;
    Ok(Ok(next.to_owned()))
}
