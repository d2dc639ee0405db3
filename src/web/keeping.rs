//! Keeping a sitting in the browser's session, in the transaction of the step that earned it: whoever sees what the step changed
//! sees the session changed as well, and a session that was ended meanwhile lets no step be done.

use sqlx::PgConnection;
use tower_sessions::{Session, session::Id};

use super::{
    addresses,
    provider_trip::TRIPS,
    session::{NEXT, SessionId, TECHPASS_ID, session_error},
    way::Way,
};
use crate::{
    domain::{person::Person, sitting::Sitting},
    store::{
        StoreError,
        session_content::{self as content, Content, MOVED, SITTING},
        sessions,
    },
};

/// What became of it.
#[derive(Debug)]
pub enum Kept {
    /// It is in the session once the transaction is committed; here is the session's id, if it is a new one.
    Kept(Option<Id>),
    /// Another click was faster: all is done, and it led there.
    Overtaken(String),
    /// The session was ended meanwhile.
    Ended,
}

/// Puts the sitting of a person into the session. After the commit, [`follow`] has to be called.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn keep(
    connection: &mut PgConnection,
    way: &Way<'_>,
    person: &Person,
    sitting: &Sitting,
    id: SessionId,
) -> Result<Kept, StoreError> {
    let begun: Option<Sitting> = way.session.get(SITTING).await.map_err(session_error)?;
    let begun = begun.filter(|begun| begun.is_same(sitting));
    let from = way.session.id();
    let stored = match &from {
        Some(id) => sessions::lock(connection, id).await?,
        None => None,
    };
    let there = from.zip(stored);
    match id {
        SessionId::Same => stay(connection, way, begun.as_ref(), sitting, there).await,
        SessionId::New => move_on(connection, way, person, begun.as_ref(), sitting, there).await,
    }
}

/// For a second click that brings a proof which the first one has just used up: has the browser go on where that one came to, and
/// gives how far that is. None if the session was not moved meanwhile: then the proof was used by something else.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn join_twin(way: &Way<'_>, sitting: &Sitting) -> Result<Option<Sitting>, StoreError> {
    let Some(id) = way.session.id() else { return Ok(None) };
    let mut tx = way.app.pool.begin().await?;
    if sessions::lock(&mut tx, &id).await?.is_some() {
        return Ok(None);
    }
    let Some(twin) = sessions::twin(&mut tx, sitting).await? else { return Ok(None) };
    let new = Id(i128::from_le_bytes(way.app.chance.bytes()));
    begin_beside(&mut tx, way, &new, &twin).await?;
    tx.commit().await?;
    follow(way.session, Some(new)).await?;
    Ok(Some(twin))
}

/// Whether a session of this sitting is there still: the one that the request came with, or the one that another click has moved it
/// to.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn is_there(connection: &mut PgConnection, session: &Session, sitting: &Sitting) -> Result<bool, StoreError> {
    let Some(id) = session.id() else { return Ok(false) };
    let is_here = sessions::lock(connection, &id).await?.is_some();
    Ok(is_here || sessions::twin(connection, sitting).await?.is_some())
}

/// Tells the session what was committed.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn follow(session: &Session, new: Option<Id>) -> Result<(), StoreError> {
    if let Some(id) = new {
        session.cycle_id().await.map_err(session_error)?;
        session.insert(MOVED, id.to_string()).await.map_err(session_error)?;
    }
    // Now and not with the answer: what could not be stored must become an error page.
    session.save().await.map_err(session_error)
}

async fn stay(
    connection: &mut PgConnection,
    way: &Way<'_>,
    begun: Option<&Sitting>,
    sitting: &Sitting,
    there: Option<(Id, Content)>,
) -> Result<Kept, StoreError> {
    let Some((id, stored)) = there else { return Ok(Kept::Ended) };
    match content::sitting(&stored)? {
        Some(known) if !known.is_same(sitting) => return Ok(Kept::Ended),
        Some(known) if known.is_complete && begun.is_some_and(|begun| !begun.is_complete) => {
            return Ok(Kept::Overtaken(known.led_to.unwrap_or_else(|| addresses::ACCOUNT.to_owned())));
        }
        _ => {}
    }
    let content = with(stored.clone(), sitting)?;
    if content != stored {
        sessions::change(connection, (&id, &id), &content, way.now).await?;
    }
    Ok(Kept::Kept(None))
}

async fn move_on(
    connection: &mut PgConnection,
    way: &Way<'_>,
    person: &Person,
    begun: Option<&Sitting>,
    sitting: &Sitting,
    there: Option<(Id, Content)>,
) -> Result<Kept, StoreError> {
    let new = Id(i128::from_le_bytes(way.app.chance.bytes()));
    if let Some((old, stored)) = there {
        let stored = if begun.is_some() { stored } else { without_others(stored, person) };
        sessions::change(connection, (&old, &new), &with(stored, sitting)?, way.now).await?;
    } else if begun.is_none() || sessions::twin(connection, sitting).await?.is_some() {
        // There was none, or a second click of the same browser has moved it: whichever answer arrives has to be good.
        begin_beside(connection, way, &new, sitting).await?;
    } else {
        return Ok(Kept::Ended);
    }
    Ok(Kept::Kept(Some(new)))
}

/// Begins another session for a browser whose own was moved by a second click.
async fn begin_beside(
    connection: &mut PgConnection,
    way: &Way<'_>,
    id: &Id,
    sitting: &Sitting,
) -> Result<(), StoreError> {
    let next = way.session.get_value(NEXT).await.map_err(session_error)?;
    let content = next.map(|next| (NEXT.to_owned(), next)).into_iter().collect();
    sessions::insert(connection, id, &with(content, sitting)?, way.now).await
}

fn with(mut content: Content, sitting: &Sitting) -> Result<Content, StoreError> {
    let sitting = match content::sitting(&content)? {
        Some(known) => sitting.clone().on_top_of(known),
        None => sitting.clone(),
    };
    if sitting.is_complete {
        content.remove(NEXT);
    }
    content::put_sitting(&mut content, &sitting)?;
    Ok(content)
}

/// What of a browser's session goes on with somebody who has just given a first proof: nothing of whoever sat there before.
fn without_others(content: Content, person: &Person) -> Content {
    let is_theirs = |key: &str, value: &serde_json::Value| match key {
        // Trips are good for nobody but who comes back from them.
        NEXT | TRIPS => true,
        TECHPASS_ID => value.as_str() == Some(&person.techpass_id()),
        _ => false,
    };
    content.into_iter().filter(|(key, value)| is_theirs(key, value)).collect()
}
