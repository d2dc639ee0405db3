//! What is done when an owner says that something was not them: in one transaction, and so that they always get in again.

use serde_json::json;
use sqlx::{Postgres, Transaction};
use time::OffsetDateTime;

use crate::{
    domain::{account::AccountStatus, activation::AccountKind, person::Person},
    messages::{AccountSecured, Message, security_notice::Happened},
    store::{audit::Event, credentials, not_me, outbox, people, profiles},
    web::{error::WebError, password_link, way::Way},
};

/// What was not the owner, as far as it is known, and when that was.
#[derive(Debug, Clone, Copy)]
pub struct Disowned {
    /// What the notice or the list says that happened; none if the owner is not sure.
    pub happened: Option<Happened>,
    /// At what moment: what was added then is taken back.
    pub at: OffsetDateTime,
}

/// Whether somebody can still be helped by this.
pub fn is_living(person: &Person) -> bool {
    person.status != AccountStatus::Terminated
}

/// Signs everybody out, takes a local account's password away and mails the link to choose another, takes back what was added,
/// writes it down, and tells the owner. The bell is to be rung after the commit.
///
/// The link goes to the owner's mail. Where no authenticator is left it asks for no code, and a new one is set up after it: so
/// there is always a way in for the owner, and none for whoever knew the password.
pub async fn secure(
    way: &Way<'_>,
    tx: &mut Transaction<'_, Postgres>,
    person: &Person,
    disowned: Disowned,
) -> Result<(), WebError> {
    let app = way.app;
    people::lock(tx, person.id).await?;
    people::end_sessions(tx, person.id, way.now).await?;
    // A number that waits for its code may be somebody else's.
    profiles::end_mobile_change(tx, person.id).await?;
    let is_local = person.kind() == AccountKind::Local;
    if is_local {
        credentials::remove_password(tx, person.id).await?;
    }
    let is_taken_back = match disowned.happened.and_then(Happened::addition) {
        Some(addition) => not_me::take_back(tx, person.id, addition, disowned.at).await?,
        None => false,
    };
    if is_local && matches!(person.status, AccountStatus::Pending | AccountStatus::Active) {
        // As they are now: the mail says whether a code will be asked for.
        if let Some(left) = people::find(&mut **tx, person.id).await? {
            password_link::send(way, tx, &left.person).await?;
        }
    }
    let about = disowned.happened.and_then(Happened::to_word);
    way.note(tx, person.id, Event::NotMe, json!({"about": about, "taken_back": is_taken_back})).await?;
    if let Some(email) = &person.email {
        let secured = AccountSecured { techpass_id: person.techpass_id(), is_local, at: way.now };
        let message = Message::AccountSecured(secured).seal(&app.keys, &*app.chance, way.now);
        outbox::put(tx, person.id, email.as_str(), &message, way.now).await?;
    }
    Ok(())
}

/// What is taken back, in words, for the pages that say so.
pub fn taken_back(happened: Option<Happened>) -> Option<&'static str> {
    use crate::domain::not_me::Addition;
    happened.and_then(Happened::addition).map(|addition| match addition {
        Addition::Authenticator => "the authenticator app that was added",
        Addition::Passkey => "the passkey that was added",
        Addition::RecoveryCodes => "the recovery codes that were made",
        Addition::Mobile => "the mobile number that was put in",
        Addition::Browser => "that browser from those that we know",
    })
}
