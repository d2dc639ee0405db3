//! `portal account grant | revoke | show`: the first administrator comes from here.

use serde_json::json;
use uuid::Uuid;

use super::CommandError;
use crate::{
    app::App,
    domain::{
        person::{Person, Role},
        techpass_id::TechPassId,
    },
    store::{
        audit::{self, Entry, Event},
        people,
    },
};

/// What stands in the trail in the place of a request's reference.
const BY: &str = "command line";

/// Gives an active public officer a role. Their sessions end: the new role has stricter ones. False if they had it already.
///
/// # Errors
/// [`CommandError`] if there is no such officer, or the database does not answer.
pub async fn grant(app: &App, email: &str, role: Role) -> Result<bool, CommandError> {
    let person = find(app, email).await?;
    if !person.is_public_officer() {
        return Err(CommandError::Refused(format!("{email} is not an active public officer: only those get roles")));
    }
    change(app, &person, role, Event::RoleGranted).await
}

/// Takes a role away. False if they did not have it.
///
/// # Errors
/// [`CommandError`] if there is no such account, or the database does not answer.
pub async fn revoke(app: &App, email: &str, role: Role) -> Result<bool, CommandError> {
    let person = find(app, email).await?;
    change(app, &person, role, Event::RoleRevoked).await
}

/// What is known about an account, for people.
///
/// # Errors
/// [`CommandError`] if there is no such account, or the database does not answer.
pub async fn show(app: &App, address_or_id: &str) -> Result<String, CommandError> {
    let person = find(app, address_or_id).await?;
    let roles: Vec<&str> = person.roles.iter().map(|role| role.as_str()).collect();
    Ok(format!(
        "{} · {} · roles: {}",
        person.techpass_id(),
        person.status.as_str(),
        if roles.is_empty() { "none".to_owned() } else { roles.join(", ") }
    ))
}

/// Whoever has this e-mail address or TechPass ID.
async fn find(app: &App, typed: &str) -> Result<Person, CommandError> {
    let refused = |why: &str| CommandError::Refused(why.to_owned());
    let id = TechPassId::parse(typed)
        .ok_or_else(|| refused(&format!("{typed} is neither an e-mail address nor a TechPass ID")))?;
    let found = people::living(&mut *app.pool.acquire().await?, &id).await?;
    found.ok_or_else(|| refused(&format!("nobody has a living account with {typed}")))
}

async fn change(app: &App, person: &Person, role: Role, event: Event) -> Result<bool, CommandError> {
    let now = app.clock.now();
    let mut tx = app.pool.begin().await?;
    let is_changed = if event == Event::RoleGranted {
        people::grant(&mut tx, person.id, role, now).await?
    } else {
        people::revoke(&mut tx, person.id, role).await?
    };
    if is_changed {
        people::end_sessions(&mut tx, person.id, now).await?;
        let entry = Entry {
            id: app.chance.id(now),
            actor: None::<Uuid>,
            event,
            account: person.id,
            request_id: BY,
            details: json!({"role": role.as_str()}),
        };
        audit::record(&mut tx, &entry, now).await?;
    }
    tx.commit().await?;
    Ok(is_changed)
}
