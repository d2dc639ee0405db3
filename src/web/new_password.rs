//! Choosing a new password: the same check on every page where one is chosen (`templates/components/new_password.html`), and the
//! answer to the script that asks, while somebody types, what it will say. Nothing of what is typed there is stored or logged.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};

use super::{
    error::WebError,
    form::{FormView, Submitted},
    session::MaybeKnown,
};
use crate::{
    app::App,
    domain::{moment::is_expired, person::Person},
    keys::token_hash,
    store::{people, tokens},
};

/// What is said to who chooses the password that they have.
pub const SAME: &str = "Choose another password than the one that you have";

/// Checks a new password of somebody's, and its repetition.
///
/// # Errors
/// [`WebError`] if too many passwords are being looked at just now.
pub async fn check(view: &mut FormView, app: &App, person: &Person, new: &str, repeat: &str) -> Result<(), WebError> {
    let judgement = app.passwords.judge(new.to_owned(), person.names_and_ids()).await?;
    if let Some(weakness) = judgement.weakness {
        view.reject("new_password", weakness.to_string());
    } else if repeat != new {
        view.reject("repeat_password", "The two passwords are not the same. Type the new one again");
    }
    Ok(())
}

/// What the script sends: what was typed so far, and on the page of a mailed link, which one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    new_password: String,
    link: String,
}

/// What the script shows.
#[derive(Debug, Serialize)]
pub struct Strength {
    strength: u8,
    says: String,
}

/// What will be said to this password when it is sent. Strangers, who choose none, are told nothing: it takes time to say.
///
/// # Errors
/// [`WebError::NotFound`] for strangers.
pub async fn strength(
    State(app): State<App>,
    MaybeKnown(viewer): MaybeKnown,
    Submitted(typed): Submitted<Typed>,
) -> Result<Json<Strength>, WebError> {
    let about = match viewer {
        _ if !typed.link.is_empty() => behind_link(&app, &typed.link).await?.names_and_ids(),
        Some(viewer) => viewer.person.names_and_ids(),
        None => return Err(WebError::NotFound),
    };
    let judgement = app.passwords.judge(typed.new_password, about).await?;
    Ok(Json(Strength { strength: judgement.strength, says: judgement.in_words() }))
}

/// Whose link it is, if it is still good.
async fn behind_link(app: &App, token: &str) -> Result<Person, WebError> {
    let mut connection = app.pool.acquire().await?;
    let hash = token_hash(tokens::without_punctuation(token));
    let link = tokens::find_password_link(&mut connection, &hash).await?;
    let link = link.filter(|link| !link.is_consumed && !is_expired(link.expires_at, app.clock.now()));
    let account = link.ok_or(WebError::NotFound)?.account;
    Ok(people::find(&mut *connection, account).await?.ok_or(WebError::NotFound)?.person)
}
