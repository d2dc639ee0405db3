//! Holding back those who guess: so many tries, counted for all copies together. What goes cold is the tries, never the person,
//! who can still get in another way (docs/rules.md §4.2).

use std::time::Duration as Wait;

use serde_json::json;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    error::{WebError, wait_in_words},
    way::Way,
};
use crate::{
    app::App,
    domain::person::Person,
    keys::Purpose,
    messages::security_notice::Happened,
    store::{
        StoreError,
        audit::Event,
        budgets::{self, Budget},
    },
};

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// A password.
    Password,
    /// A code of an authenticator app.
    Totp,
    /// A recovery code.
    Recovery,
    /// A code beside a mailed link: only whoever reads the owner's mail can use these tries up.
    BesideLink,
    /// Having a code sent by SMS.
    Sms,
    /// Having a link sent to choose a new password.
    PasswordLink,
    /// Having a passkey's wrong answer written down: whoever knows what a passkey is called can send as many as they like.
    WrongPasskey,
    /// Having a passkey written down, and its owner written to, because there may be a copy of it. Apart from the others, so that
    /// nobody can hide a copy behind wrong answers.
    CopiedPasskey,
}

impl Tried {
    const fn budget(self) -> Budget {
        match self {
            Self::Password | Self::Recovery | Self::WrongPasskey => Budget { times: 10, within: Duration::HOUR },
            Self::Totp | Self::BesideLink => Budget { times: 5, within: Duration::minutes(15) },
            Self::Sms | Self::PasswordLink | Self::CopiedPasskey => Budget { times: 5, within: Duration::HOUR },
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "totp",
            Self::Recovery => "recovery",
            Self::BesideLink => "beside link",
            Self::Sms => "sms",
            Self::PasswordLink => "password link",
            Self::WrongPasskey => "wrong passkey",
            Self::CopiedPasskey => "copied passkey",
        }
    }
}

/// No more tries for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// How long to wait.
    pub wait: Wait,
    /// Whether this is the first time that it is said since they went cold: then the owner is told.
    pub is_first: bool,
}

impl TooMany {
    /// In words, for beside the field.
    pub fn in_words(self) -> String {
        format!("Too many tries. Try again in {}", wait_in_words(self.wait.as_secs().max(1)))
    }
}

/// Takes a try, before it is looked at: of many at once only so many are.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn take(
    app: &App,
    tried: Tried,
    whose: &[u8],
    now: OffsetDateTime,
) -> Result<Result<(), TooMany>, StoreError> {
    let key = app.keys.mac(Purpose::Budget, &[tried.label().as_bytes(), whose]);
    let mut connection = app.pool.acquire().await?;
    let taken = budgets::take(&mut connection, &key, tried.budget(), now).await?;
    Ok(taken.map_err(|used_up| TooMany { wait: used_up.wait(now), is_first: used_up.is_first }))
}

/// Takes a try of somebody's. The first one that is too many is written down, and the owner hears of it.
///
/// # Errors
/// [`WebError::Unavailable`] if the database does not answer.
pub async fn take_theirs(way: &Way<'_>, person: &Person, tried: Tried) -> Result<Result<(), TooMany>, WebError> {
    let taken = take(way.app, tried, whose(person, tried), way.now).await?;
    if let Err(too_many) = taken {
        refused(way, person, tried, too_many).await?;
    }
    Ok(taken)
}

/// Writes down the first of somebody's tries that is too many, and tells the owner.
///
/// # Errors
/// [`WebError::Unavailable`] if the database does not answer.
pub async fn refused(way: &Way<'_>, person: &Person, tried: Tried, too_many: TooMany) -> Result<(), WebError> {
    if !too_many.is_first {
        return Ok(());
    }
    let happened = if tried == Tried::Password { Happened::PasswordLocked } else { Happened::CodesLocked };
    let mut tx = way.app.pool.begin().await?;
    note_lock(way, &mut tx, person.id, tried).await?;
    way.tell(&mut tx, person, happened).await?;
    tx.commit().await?;
    way.app.bell.ring();
    Ok(())
}

/// Writes down that there are no more tries for now.
///
/// # Errors
/// [`WebError::Unavailable`] if the database does not answer.
pub(super) async fn note_lock(
    way: &Way<'_>,
    connection: &mut PgConnection,
    account: Uuid,
    tried: Tried,
) -> Result<(), WebError> {
    let event = if tried == Tried::Password { Event::PasswordLocked } else { Event::CodesLocked };
    way.note_in_vain(connection, account, event, json!({"tried": tried.label()})).await
}

/// Gives all of somebody's tries back, after one was right.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn give_theirs_back(
    connection: &mut PgConnection,
    app: &App,
    person: &Person,
    tried: Tried,
) -> Result<(), StoreError> {
    give_back(connection, app, tried, whose(person, tried)).await
}

/// Passwords are counted by what is typed at sign-in, where nobody knows yet whose it is.
fn whose(person: &Person, tried: Tried) -> &[u8] {
    match &person.username {
        Some(username) if tried == Tried::Password => username.as_str().as_bytes(),
        _ => person.id.as_bytes(),
    }
}

/// Gives all tries back, after one was right.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn give_back(connection: &mut PgConnection, app: &App, tried: Tried, whose: &[u8]) -> Result<(), StoreError> {
    budgets::give_back(connection, &app.keys.mac(Purpose::Budget, &[tried.label().as_bytes(), whose])).await
}
