//! Sending the link by which the owner of a local account chooses a new password (docs/rules.md §4.8a).

use serde_json::json;
use sqlx::{Postgres, Transaction};
use time::Duration;

use super::{error::WebError, way::Way};
use crate::{
    domain::person::Person,
    keys::token_hash,
    messages::{Message, PasswordLink},
    store::{audit::Event, outbox, tokens},
};

/// How long a link is valid: somebody is waiting for it.
const VALIDITY: Duration = Duration::HOUR;

/// Sends a link to the contact address, in the place of all earlier ones. The bell is to be rung after the commit.
///
/// # Errors
/// [`WebError::Unavailable`] if the database does not answer.
pub async fn send(way: &Way<'_>, tx: &mut Transaction<'_, Postgres>, person: &Person) -> Result<(), WebError> {
    let (app, Some(email)) = (way.app, &person.email) else { return Ok(()) };
    let token = app.chance.token();
    let expires_at = way.now + VALIDITY;
    tokens::put_password_link(tx, person.id, &token_hash(&token), expires_at, way.now).await?;
    let with_code = person.has_authenticator;
    let link = PasswordLink { token, techpass_id: person.techpass_id(), expires_at, with_code };
    let message = Message::PasswordLink(link).seal(&app.keys, &*app.chance, way.now);
    outbox::put(tx, person.id, email.as_str(), &message, way.now).await?;
    way.note(tx, person.id, Event::PasswordLinkSent, json!({})).await
}
