//! The seals on the audit trail, and which entry is under which. Both are only ever added to; the trail itself is only read here.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::StoreError;
use crate::domain::trail::{SealHead, TrailEntry};

/// By what copies of the portal keep from sealing at once: any number that nothing else uses.
const LOCK: i64 = 0x7365_616c;

/// A seal, as it is stored.
#[derive(Debug, Clone)]
pub struct Seal {
    /// What its hash begins with.
    pub head: SealHead,
    /// How many entries it is on.
    pub count: i32,
    /// Its hash.
    pub hash: [u8; 32],
    /// The keyed hash of number and hash.
    pub mac: Vec<u8>,
    /// What tells the key apart that it was made with.
    pub key_id: Vec<u8>,
}

/// A row as the table has it.
struct Row {
    number: i64,
    count: i32,
    hash: Vec<u8>,
    previous: Vec<u8>,
    mac: Vec<u8>,
    key_id: Vec<u8>,
    latest: OffsetDateTime,
    sealed_at: OffsetDateTime,
}

impl From<Row> for Seal {
    fn from(row: Row) -> Self {
        // The table holds 32 bytes or nothing; anything else fits no entries, and so is found.
        let hash = |bytes: Vec<u8>| bytes.try_into().unwrap_or_default();
        let (number, latest, sealed_at) = (row.number, row.latest, row.sealed_at);
        let head = SealHead { number, previous: hash(row.previous), latest, sealed_at };
        Self { head, count: row.count, hash: hash(row.hash), mac: row.mac, key_id: row.key_id }
    }
}

/// Takes the right to seal, until the transaction ends. False if somebody else seals just now.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn begin_sealing(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let taken = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "taken!""#, LOCK);
    Ok(taken.fetch_one(connection).await?)
}

/// The newest seal.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn newest(connection: &mut PgConnection) -> Result<Option<Seal>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select number, count, hash, previous, mac, key_id, latest, sealed_at from audit_seals order by number desc limit 1"
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Seal::from))
}

/// The seals that follow this number, in order.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn after(connection: &mut PgConnection, number: i64, most: i64) -> Result<Vec<Seal>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "select number, count, hash, previous, mac, key_id, latest, sealed_at from audit_seals
          where number > $1 order by number limit $2",
        number,
        most,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Seal::from).collect())
}

/// Entries that are under no seal, the oldest first.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn unsealed(
    connection: &mut PgConnection,
    from: OffsetDateTime,
    most: i64,
) -> Result<Vec<TrailEntry>, StoreError> {
    Ok(sqlx::query_as!(
        TrailEntry,
        // Written so that it is the same few look-ups in the indexes whatever the planner believes about the moment that comes
        // in: as an anti-join it would read both tables from end to end.
        r#"select id as "id!", at as "at!", actor, event as "event!", account_id as account, request_id, details as "details!"
             from (select a.id, a.at, a.actor, a.event, a.account_id, a.request_id, a.details::text as details,
                          (select true from audit_sealed s where s.entry = a.id) as is_sealed
                     from audit a where a.at >= $1 order by a.at, a.id offset 0) as entries
            where is_sealed is null order by at, id limit $2"#,
        from,
        most,
    )
    .fetch_all(connection)
    .await?)
}

/// Puts entries under a seal, in this order.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn put(connection: &mut PgConnection, seal: &Seal, entries: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into audit_seals (number, count, hash, previous, mac, key_id, latest, sealed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        seal.head.number,
        seal.count,
        &seal.hash,
        &seal.head.previous,
        seal.mac,
        seal.key_id,
        seal.head.latest,
        seal.head.sealed_at,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into audit_sealed (entry, seal, position)
         select e.id, $1, e.place - 1 from unnest($2::uuid[]) with ordinality as e (id, place)",
        seal.head.number,
        entries,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What stands under a seal: where, and the entry, if it is there.
#[derive(Debug)]
pub struct Sealed {
    /// Which seal.
    pub seal: i64,
    /// Its place under the seal.
    pub position: i32,
    /// Which entry.
    pub id: Uuid,
    /// The entry, unless somebody took it away.
    pub entry: Option<TrailEntry>,
}

/// What stands under the seals, in order, from behind a place on.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn sealed_after(
    connection: &mut PgConnection,
    seal: i64,
    position: i32,
    most: i64,
) -> Result<Vec<Sealed>, StoreError> {
    let rows = sqlx::query!(
        r#"select s.seal, s.position, s.entry, a.at as "at?", a.actor as "actor?", a.event as "event?",
                  a.account_id as "account?", a.request_id as "request_id?", a.details::text as "details?"
             from audit_sealed s left join audit a on a.id = s.entry
            where (s.seal, s.position) > ($1, $2) order by s.seal, s.position limit $3"#,
        seal,
        position,
        most,
    )
    .fetch_all(connection)
    .await?;
    let sealed = rows.into_iter().map(|row| {
        let (id, actor, account, request_id) = (row.entry, row.actor, row.account, row.request_id);
        let there = row.at.zip(row.event).zip(row.details);
        let entry =
            there.map(|((at, event), details)| TrailEntry { id, at, actor, event, account, request_id, details });
        Sealed { seal: row.seal, position: row.position, id, entry }
    });
    Ok(sealed.collect())
}

/// Whether there is a seal of this number.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn exists(connection: &mut PgConnection, number: i64) -> Result<bool, StoreError> {
    let there = sqlx::query_scalar!(r#"select exists (select from audit_seals where number = $1) as "there!""#, number);
    Ok(there.fetch_one(connection).await?)
}

/// A place in the trail.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// When.
    pub at: OffsetDateTime,
    /// The entry that stands there.
    pub id: Uuid,
    /// Whether it is under a seal.
    pub is_sealed: bool,
}

/// The places of the trail that follow this one, and whether each is under a seal.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn places_after(
    connection: &mut PgConnection,
    at: OffsetDateTime,
    id: Uuid,
    most: i64,
) -> Result<Vec<Place>, StoreError> {
    Ok(sqlx::query_as!(
        Place,
        r#"select a.at, a.id, coalesce((select true from audit_sealed s where s.entry = a.id), false) as "is_sealed!"
             from audit a where (a.at, a.id) > ($1, $2) order by a.at, a.id limit $3"#,
        at,
        id,
        most,
    )
    .fetch_all(connection)
    .await?)
}
