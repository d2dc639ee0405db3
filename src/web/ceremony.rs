//! Asking a browser for a passkey, and taking its answer. What was asked is kept in the browser's session until the answer comes:
//! it counts once, for five minutes, and only for the account and the purpose that it was asked for.

use std::collections::BTreeMap;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{Postgres, Transaction};
use time::{Duration, OffsetDateTime};
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    error::WebError,
    form::FormView,
    session::session_error,
    tries::{self, Tried},
    way::Way,
};
use crate::{
    app::App,
    domain::{
        account::AccountStatus, moment::is_expired, passkey::PasskeyName, person::Person, second_factors::MOST_PASSKEYS,
    },
    messages::security_notice::Happened,
    passkeys::{Asked, Made, MadeAnswer, Owner, Question, RelyingParty, UsedAnswer, Wrong},
    store::{
        StoreError,
        audit::Event,
        passkeys::{self, NewPasskey},
        people,
    },
};

/// The field, and the id of the button, that an error belongs to.
pub const FIELD: &str = "passkey";

/// The key under which a session keeps what its browser was asked, each question under an id of its own, so that two tabs at once do
/// not disturb each other.
const CEREMONIES: &str = "passkey_ceremonies";

/// How many questions one browser can have open: one a tab, within reason.
const AT_ONCE: usize = 3;

/// How long an answer may take.
const LONGEST: Duration = Duration::minutes(5);

/// What a passkey is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To add it to an account.
    Add,
    /// To add it in the place of a phone.
    ReplacePhone,
    /// To sign in with it alone.
    SignIn,
    /// As the second factor.
    SecondFactor,
    /// To prove anew who one is.
    Confirm,
}

#[derive(Debug, Serialize, Deserialize)]
struct Ceremony {
    purpose: Purpose,
    /// None where nobody has said yet who they are.
    account: Option<Uuid>,
    challenge: String,
    #[serde(with = "time::serde::timestamp::microseconds")]
    at: OffsetDateTime,
    asked: Asked,
}

/// Why a passkey does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The form came without one.
    Missing,
    /// Nothing was asked that it could be the answer to, or too long ago, or it was answered before.
    Late,
    /// It is none of those that we know, or not this person's.
    Unknown,
    /// The device did not check who holds it.
    Unverified,
    /// There may be two of it.
    Copied,
    /// The device made something else than what it was asked for.
    Unfit,
    /// It is registered already.
    Taken,
    /// The account has as many as it may have.
    TooMany,
}

impl Refused {
    /// What happened and what to do, for beside the button.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Missing => "Your browser sent no passkey. Try again, in a browser that has scripts switched on",
            Self::Late => "This took too long, or it was sent twice. Try again",
            Self::Unknown => "We do not know this passkey. Perhaps it was removed. Log in another way",
            Self::Unverified => {
                "Your device did not check that it is you. Try again, and unlock it when it asks you to"
            }
            Self::Copied => "We cannot take this passkey: there may be a copy of it. Log in another way, and remove it",
            Self::Unfit => "What your device made is not what we asked for. Try again, or with another device",
            Self::Taken => "This passkey is in use already. Choose another device or another place to keep it",
            Self::TooMany => "You have 10 passkeys, and can have no more. Remove one first",
        }
    }

    /// The form again, with what is wrong.
    #[must_use]
    pub fn view(self) -> FormView {
        FormView::with_error(FIELD, self.in_words())
    }
}

/// The portal as the one to whom passkeys belong.
///
/// # Errors
/// [`WebError::NotFound`] where there are no passkeys.
pub fn party(app: &App) -> Result<&RelyingParty, WebError> {
    app.passkeys.as_ref().ok_or(WebError::NotFound)
}

/// Asks somebody's browser to make a passkey: the answer for its script.
///
/// # Errors
/// [`WebError`] if there are no passkeys here, or the database does not answer.
pub async fn ask_to_make(way: &Way<'_>, person: &Person, purpose: Purpose) -> Result<Response, WebError> {
    let known = passkeys::credential_ids(&mut *way.app.pool.acquire().await?, person.id).await?;
    let (techpass_id, name) = (person.techpass_id(), person.name());
    let owner = Owner { account: person.id, techpass_id: &techpass_id, name: &name };
    let question = party(way.app)?.ask_to_make(owner, &known);
    let question = question.map_err(|error| WebError::Internal(error.into()))?;
    keep(way, purpose, Some(person.id), question).await
}

/// Asks somebody's browser to use a passkey: one of this account, or, where nobody has said who they are, any.
///
/// # Errors
/// [`WebError`] if there are no passkeys here, or the database does not answer.
pub async fn ask_to_use(way: &Way<'_>, account: Option<Uuid>, purpose: Purpose) -> Result<Response, WebError> {
    let allowed = match account {
        Some(account) => passkeys::credential_ids(&mut *way.app.pool.acquire().await?, account).await?,
        None => Vec::new(),
    };
    let question = party(way.app)?.ask_to_use(&allowed).map_err(|error| WebError::Internal(error.into()))?;
    keep(way, purpose, account, question).await
}

async fn keep(
    way: &Way<'_>,
    purpose: Purpose,
    account: Option<Uuid>,
    question: Question,
) -> Result<Response, WebError> {
    let Question { options, challenge, asked } = question;
    let mut open = under_way(way.session).await?;
    // Such ids are in the order of time.
    let id = way.app.chance.id(way.now).to_string();
    open.insert(id, json!(Ceremony { purpose, account, challenge, at: way.now, asked }));
    while open.len() > AT_ONCE {
        open.pop_first();
    }
    way.session.insert(CEREMONIES, open).await.map_err(session_error)?;
    way.session.save().await.map_err(session_error)?;
    Ok(Json(options).into_response())
}

/// Takes what was asked out of the session: whatever the answer is, it is asked for once. None if nothing of the kind was asked,
/// or too long ago.
async fn take(
    session: &Session,
    purpose: Purpose,
    account: Option<Uuid>,
    challenge: Option<&str>,
    now: OffsetDateTime,
) -> Result<Option<Asked>, WebError> {
    let Some(challenge) = challenge else { return Ok(None) };
    let mut open = under_way(session).await?;
    let known = open.iter().find(|(_, ceremony)| ceremony["challenge"] == challenge);
    let Some(id) = known.map(|(id, _)| id.clone()) else { return Ok(None) };
    let ceremony = open.remove(&id).and_then(|ceremony| serde_json::from_value::<Ceremony>(ceremony).ok());
    session.insert(CEREMONIES, open).await.map_err(session_error)?;
    session.save().await.map_err(session_error)?;
    let ceremony = ceremony.filter(|ceremony| ceremony.purpose == purpose && ceremony.account == account);
    Ok(ceremony.filter(|ceremony| !is_expired(ceremony.at + LONGEST, now)).map(|ceremony| ceremony.asked))
}

async fn under_way(session: &Session) -> Result<BTreeMap<String, Value>, StoreError> {
    Ok(session.get(CEREMONIES).await.map_err(session_error)?.unwrap_or_default())
}

/// Takes the passkey that somebody's browser has made, adds it to their account, and tells the owner of an active one. The
/// transaction is given back for what else is done. None if it is there already: a second click.
///
/// # Errors
/// [`WebError`] if there are no passkeys here, or the database does not answer.
pub async fn add(
    way: &Way<'_>,
    person: &Person,
    purpose: Purpose,
    name: &PasskeyName,
    credential: &str,
) -> Result<Result<Option<Transaction<'static, Postgres>>, Refused>, WebError> {
    let party = party(way.app)?;
    let Some(answer) = MadeAnswer::parse(credential) else {
        let known = passkeys::of_account(&mut *way.app.pool.acquire().await?, person.id).await?;
        // Where there are too many, the browser was not asked.
        return Ok(Err(if known.len() >= MOST_PASSKEYS { Refused::TooMany } else { Refused::Missing }));
    };
    let asked = take(way.session, purpose, Some(person.id), answer.challenge().as_deref(), way.now).await?;
    let Some(asked) = asked else {
        let mut connection = way.app.pool.acquire().await?;
        let is_there = passkeys::belongs_to(&mut connection, answer.credential_id(), person.id).await?;
        return Ok(if is_there { Ok(None) } else { Err(Refused::Late) });
    };
    let made = match party.check_made(&answer, &asked) {
        Ok(made) => made,
        Err(Wrong::Unverified) => return Ok(Err(Refused::Unverified)),
        Err(Wrong::CounterWentBack | Wrong::Unfit) => return Ok(Err(Refused::Unfit)),
    };
    let mut tx = way.app.pool.begin().await?;
    // Counted under a lock: of two at once, the second one sees the first.
    people::lock(&mut tx, person.id).await?;
    if passkeys::of_account(&mut tx, person.id).await?.len() >= MOST_PASSKEYS {
        return Ok(Err(Refused::TooMany));
    }
    let Made { credential_id, credential } = &made;
    let id = way.app.chance.id(way.now);
    let passkey = NewPasskey { id, account: person.id, credential_id, name, credential };
    if !passkeys::add(&mut tx, &passkey, way.now).await? {
        let is_there = passkeys::belongs_to(&mut tx, credential_id, person.id).await?;
        return Ok(if is_there { Ok(None) } else { Err(Refused::Taken) });
    }
    way.note(&mut tx, person.id, Event::PasskeyAdded, json!({"passkey": id})).await?;
    if person.status == AccountStatus::Active {
        way.tell(&mut tx, person, Happened::PasskeyAdded).await?;
    }
    Ok(Ok(Some(tx)))
}

/// Somebody who has used a passkey of theirs.
pub struct Proven {
    /// Whose it is.
    pub person: Person,
    /// The transaction in which the passkey is used up, for what it opens.
    pub tx: Transaction<'static, Postgres>,
}

/// Takes the answer of a passkey: any that we know, or one of this account.
///
/// # Errors
/// [`WebError`] if there are no passkeys here, or the database does not answer.
pub async fn prove(
    way: &Way<'_>,
    account: Option<Uuid>,
    purpose: Purpose,
    credential: &str,
) -> Result<Result<Proven, Refused>, WebError> {
    let party = party(way.app)?;
    let Some(answer) = UsedAnswer::parse(credential) else { return Ok(Err(Refused::Missing)) };
    let challenge = answer.challenge();
    let Some(asked) = take(way.session, purpose, account, challenge.as_deref(), way.now).await? else {
        return Ok(Err(Refused::Late));
    };
    let challenge: [u8; 32] = Sha256::digest(challenge.unwrap_or_default()).into();
    let mut tx = way.app.pool.begin().await?;
    let known = passkeys::lock(&mut tx, answer.credential_id()).await?;
    let Some(known) = known.filter(|known| is_theirs(&answer, account, known.account)) else {
        return Ok(Err(Refused::Unknown));
    };
    if known.last_challenge.as_deref() == Some(&challenge[..]) {
        return Ok(Err(Refused::Late));
    }
    let Some(found) = people::find(&mut *tx, known.account).await? else { return Ok(Err(Refused::Unknown)) };
    match party.check_used(&answer, asked, &known.credential) {
        Ok(credential) => {
            passkeys::used(&mut tx, known.id, &credential, &challenge, way.now).await?;
            Ok(Ok(Proven { person: found.person, tx }))
        }
        Err(wrong) => {
            drop(tx);
            let refused = refusal(wrong);
            note_wrong(way, &found.person, refused).await?;
            Ok(Err(refused))
        }
    }
}

/// Writes down that a passkey was refused, and tells the owner of a copy: only so often, for nothing else holds back whoever sends
/// answers.
async fn note_wrong(way: &Way<'_>, person: &Person, refused: Refused) -> Result<(), WebError> {
    let (tried, because) = match refused {
        Refused::Copied => (Tried::CopiedPasskey, "passkey counter"),
        _ => (Tried::WrongPasskey, "passkey"),
    };
    if tries::take(way.app, tried, person.id.as_bytes(), way.now).await?.is_err() {
        return Ok(());
    }
    way.note_failure(person.id, json!({"because": because})).await?;
    if refused == Refused::Copied {
        way.tell_alone(person, Happened::PasskeyCopied).await?;
    }
    Ok(())
}

/// Whether the account of a passkey is the one that was asked, and the one that the device keeps it for. Where nobody has said who
/// they are, the device has to.
fn is_theirs(answer: &UsedAnswer, asked: Option<Uuid>, owner: Uuid) -> bool {
    let is_asked = asked.is_none_or(|account| account == owner);
    is_asked && answer.user_handle().map_or(asked.is_some(), |handle| handle == owner.as_bytes())
}

/// A signature that does not fit reads like a passkey that nobody has.
const fn refusal(wrong: Wrong) -> Refused {
    match wrong {
        Wrong::Unverified => Refused::Unverified,
        Wrong::CounterWentBack => Refused::Copied,
        Wrong::Unfit => Refused::Unknown,
    }
}
