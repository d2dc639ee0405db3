//! Sessions: where browsers' sessions are kept, for all copies. Only the SHA-256 of the cookie is here.
//!
//! `tower-sessions` carries the content; what the database has to find by itself (whose it is, when it ends) stands in columns,
//! taken from the sitting in the content. Two requests of one browser may change it at once: `session_content` says what becomes
//! of that.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};
use time::{Duration, OffsetDateTime};
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};
use uuid::Uuid;

use super::{
    StoreError,
    session_content::{self as content, Content},
};
use crate::{clock::Clock, domain::sitting::Sitting};

/// How long somebody who has not proved who they are may take.
const ANONYMOUS: Duration = Duration::HOUR;

/// How exact "last seen" is: a write for every page would cost more than it tells.
const SEEN_EVERY: Duration = Duration::MINUTE;

/// The store of all sessions.
#[derive(Clone)]
pub struct Sessions {
    pool: PgPool,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

impl Sessions {
    /// The sessions of this database, by this clock.
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>) -> Self {
        Self { pool, clock }
    }
}

/// What the columns hold.
struct Columns {
    account: Option<Uuid>,
    /// When the sitting began: it is the same one, however often its session gets another id.
    began_at: Option<OffsetDateTime>,
    ends_at: OffsetDateTime,
    idle_seconds: Option<i32>,
    browser: String,
    network: String,
}

impl Columns {
    fn of(content: &Content, now: OffsetDateTime) -> Result<Self> {
        let Some(sitting) = content::sitting(content)? else {
            return Ok(Self {
                account: None,
                began_at: None,
                ends_at: now + ANONYMOUS,
                idle_seconds: None,
                browser: String::new(),
                network: String::new(),
            });
        };
        Ok(Self {
            account: Some(sitting.account),
            began_at: Some(sitting.began_at),
            ends_at: sitting.ends_at(),
            idle_seconds: sitting.idle_seconds(),
            browser: sitting.browser,
            network: sitting.network,
        })
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        if let Some(id) = content::take_moved(record) {
            record.id = id;
            return self.save(record).await;
        }
        let (_, wanted) = content::loaded_and_wanted(record);
        let mut connection = self.pool.acquire().await.map_err(backend)?;
        let begun = insert(&mut connection, &record.id, &wanted, self.clock.now()).await;
        begun.map_err(|error| Error::Backend(error.to_string()))?;
        record.data = content::carried(wanted);
        Ok(())
    }

    /// Writes what this request changed, on top of what others have changed meanwhile. Only ever changes a session that is there:
    /// one that was ended meanwhile must not come back.
    async fn save(&self, record: &Record) -> Result<()> {
        let (loaded, wanted) = content::loaded_and_wanted(record);
        let mut stored = loaded.clone();
        // Whoever finds that somebody was faster looks again: of many at once, one gets through each time.
        loop {
            let merged = content::merged(&loaded, &wanted, &stored)?;
            if merged == stored || self.replace(&record.id, &stored, &merged).await? {
                return Ok(());
            }
            let row = sqlx::query!("select content from sessions where id = $1", &key(&record.id))
                .fetch_optional(&self.pool)
                .await
                .map_err(backend)?;
            let Some(row) = row else { return Ok(()) };
            stored = read(row.content)?;
        }
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let now = self.clock.now();
        let row = sqlx::query!(
            r#"select content, last_seen_at < $3 as "is_long_ago!" from sessions
                where id = $1 and ends_at > $2
                  and (idle_seconds is null or last_seen_at + idle_seconds * interval '1 second' > $2)"#,
            &key(id),
            now,
            now - SEEN_EVERY,
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(backend)?;
        let Some(row) = row else { return Ok(None) };
        if row.is_long_ago {
            sqlx::query!("update sessions set last_seen_at = $2 where id = $1", &key(id), now)
                .execute(&self.pool)
                .await
                .map_err(backend)?;
        }
        let data = content::carried(read(row.content)?);
        // When it ends is decided above, by our clock; the library's own date is not asked.
        Ok(Some(Record { id: *id, data, expiry_date: OffsetDateTime::UNIX_EPOCH + Duration::days(365_000) }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sqlx::query!("delete from sessions where id = $1", &key(id)).execute(&self.pool).await.map_err(backend)?;
        Ok(())
    }
}

impl Sessions {
    /// Puts one content in the place of another. False if that is no longer what is stored, or nothing is.
    async fn replace(&self, id: &Id, stored: &Content, new: &Content) -> Result<bool> {
        let now = self.clock.now();
        let columns = Columns::of(new, now)?;
        let done = sqlx::query!(
            "update sessions set account_id = $3, content = $4, last_seen_at = $5, ends_at = $6, idle_seconds = $7,
                    created_at = coalesce($8, created_at)
              where id = $1 and content = $2",
            &key(id),
            written(stored),
            columns.account,
            written(new),
            now,
            columns.ends_at,
            columns.idle_seconds,
            columns.began_at,
        )
        .execute(&self.pool)
        .await
        .map_err(backend)?;
        Ok(done.rows_affected() == 1)
    }
}

/// Begins a session with this content.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn insert(
    connection: &mut PgConnection,
    id: &Id,
    content: &Content,
    now: OffsetDateTime,
) -> std::result::Result<(), StoreError> {
    let columns = Columns::of(content, now)?;
    // 128 random bits: two are never the same, so there is nothing to try again.
    sqlx::query!(
        "insert into sessions (id, account_id, content, created_at, last_seen_at, ends_at, idle_seconds, browser, network)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &key(id),
        columns.account,
        written(content),
        columns.began_at.unwrap_or(now),
        now,
        columns.ends_at,
        columns.idle_seconds,
        columns.browser,
        columns.network,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a session holds, locked until the transaction ends. None if it was ended. Whoever locks an account as well does that
/// first: so does who ends all sessions of an account.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn lock(connection: &mut PgConnection, id: &Id) -> std::result::Result<Option<Content>, StoreError> {
    let row = sqlx::query!("select content from sessions where id = $1 for update", &key(id))
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| read(row.content)).transpose()?)
}

/// Gives a session that is locked another content, and another id where that differs.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn change(
    connection: &mut PgConnection,
    (from, to): (&Id, &Id),
    content: &Content,
    now: OffsetDateTime,
) -> std::result::Result<(), StoreError> {
    let columns = Columns::of(content, now)?;
    sqlx::query!(
        "update sessions set id = $2, account_id = $3, content = $4, last_seen_at = $5, ends_at = $6, idle_seconds = $7,
                browser = $8, network = $9, created_at = coalesce($10, created_at)
          where id = $1",
        &key(from),
        &key(to),
        columns.account,
        written(content),
        now,
        columns.ends_at,
        columns.idle_seconds,
        columns.browser,
        columns.network,
        columns.began_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How far this sitting has come in some session that goes on with it: another request of the same browser has moved it there.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn twin(
    connection: &mut PgConnection,
    sitting: &Sitting,
) -> std::result::Result<Option<Sitting>, StoreError> {
    let rows = sqlx::query!("select content from sessions where account_id = $1", sitting.account)
        .fetch_all(connection)
        .await?;
    for row in rows {
        let other = content::sitting(&read(row.content)?)?;
        if let Some(twin) = other.filter(|other| other.is_same(sitting)) {
            return Ok(Some(twin));
        }
    }
    Ok(None)
}

fn read(content: Value) -> Result<Content> {
    serde_json::from_value(content).map_err(|error| Error::Decode(error.to_string()))
}

fn written(content: &Content) -> Value {
    Value::Object(content.clone())
}

fn key(id: &Id) -> [u8; 32] {
    Sha256::digest(id.0.to_be_bytes()).into()
}

fn backend(error: sqlx::Error) -> Error {
    Error::Backend(error.to_string())
}

/// Forgets sessions that are over. Says how many.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn forget_ended(
    connection: &mut sqlx::PgConnection,
    now: OffsetDateTime,
) -> std::result::Result<u64, StoreError> {
    let done = sqlx::query!("delete from sessions where ends_at <= $1", now).execute(connection).await?;
    Ok(done.rows_affected())
}

/// A browser in which somebody is signed in.
#[derive(Debug)]
pub struct OpenSession {
    /// The hash that stands for it.
    pub id: Vec<u8>,
    /// The browser, in words.
    pub browser: String,
    /// Roughly where.
    pub network: String,
    /// When its sign-in began.
    pub created_at: OffsetDateTime,
    /// When something last happened.
    pub last_seen_at: OffsetDateTime,
}

/// The sessions of an account in which somebody is signed in, the latest first: not those of sign-ins that were left half done.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn of_account(
    connection: &mut sqlx::PgConnection,
    account: Uuid,
    now: OffsetDateTime,
) -> std::result::Result<Vec<OpenSession>, StoreError> {
    Ok(sqlx::query_as!(
        OpenSession,
        "select id, browser, network, created_at, last_seen_at from sessions
          where account_id = $1 and content->'sitting'->>'is_complete' = 'true' and ends_at > $2
            and (idle_seconds is null or last_seen_at + idle_seconds * interval '1 second' > $2)
          order by last_seen_at desc, id limit 50",
        account,
        now,
    )
    .fetch_all(connection)
    .await?)
}

/// Ends one session of an account. False if it is not there (any more), or is somebody else's.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn end(
    connection: &mut sqlx::PgConnection,
    account: Uuid,
    id: &[u8],
) -> std::result::Result<bool, StoreError> {
    let done =
        sqlx::query!("delete from sessions where account_id = $1 and id = $2", account, id).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Ends every session of an account but this one.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn end_others(
    connection: &mut sqlx::PgConnection,
    account: Uuid,
    this: Option<[u8; 32]>,
) -> std::result::Result<(), StoreError> {
    sqlx::query!(
        "delete from sessions where account_id = $1 and id is distinct from $2",
        account,
        this.as_ref().map(<[u8; 32]>::as_slice),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The hash that stands for a browser's session.
#[must_use]
pub fn hash_of(id: &Id) -> [u8; 32] {
    key(id)
}
