//! Seals the audit trail: puts entries under a hash that goes over all before them, batch by batch, afterwards, so that whoever
//! writes an entry waits for nothing. Of many copies one seals at a time. The hash in the log is an anchor outside the database.

use std::time::Duration;

use time::OffsetDateTime;

use crate::{
    app::App,
    domain::trail::{BEGINNING, NOTHING_BEFORE, SealHead, Sealing, TrailEntry, sealed_from},
    keys::{Keys, Purpose},
    store::{
        StoreError,
        audit_seals::{self, Seal},
    },
};

const SEAL_EVERY: Duration = Duration::from_secs(60);

/// How many entries come under one seal at most. It is also how many `portal audit verify` holds in memory at once.
const BATCH: i64 = 2_000;

/// Why nothing can be sealed.
#[derive(Debug, thiserror::Error)]
pub enum CannotSeal {
    /// Somebody without our key has made the newest seal, or changed it: sealing on would make it look right.
    #[error("the newest seal, {0}, was not made with our key: run `portal audit verify`")]
    NotOurs(i64),
    /// The database did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for CannotSeal {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Seals for ever.
pub async fn keep_sealing(app: App) {
    loop {
        match seal_due(&app).await {
            Ok(()) => {}
            Err(error @ CannotSeal::NotOurs(_)) => tracing::error!(%error, "the audit trail cannot be sealed"),
            Err(error) => tracing::warn!(%error, "the audit trail could not be sealed; trying again later"),
        }
        tokio::time::sleep(SEAL_EVERY).await;
    }
}

/// Seals what there is to seal, a batch after the other.
///
/// # Errors
/// [`CannotSeal`] if the newest seal is not ours, or the database does not answer.
pub async fn seal_due(app: &App) -> Result<(), CannotSeal> {
    while seal_batch(app).await? {}
    Ok(())
}

/// Seals one batch. False if nothing is left, or somebody else seals.
async fn seal_batch(app: &App) -> Result<bool, CannotSeal> {
    let now = app.clock.now();
    let mut tx = app.pool.begin().await?;
    if !audit_seals::begin_sealing(&mut tx).await? {
        return Ok(false);
    }
    let newest = audit_seals::newest(&mut tx).await?;
    if let Some(newest) = &newest
        && !is_ours(&app.keys, newest)
    {
        return Err(CannotSeal::NotOurs(newest.head.number));
    }
    let from = newest.as_ref().map_or(BEGINNING, |newest| sealed_from(&newest.head, now));
    let entries = audit_seals::unsealed(&mut tx, from, BATCH).await?;
    // A chain that still ends with the previous key would end with a lost one, should the key be changed again.
    let is_of_old_key = newest.as_ref().is_some_and(|newest| newest.key_id != app.keys.current_id());
    if entries.is_empty() && !is_of_old_key {
        // At once, and not when the connection is used next: others wait for the right to seal.
        tx.rollback().await?;
        return Ok(false);
    }
    let seal = seal(&app.keys, newest.as_ref(), &entries, now);
    let ids: Vec<_> = entries.iter().map(|entry| entry.id).collect();
    audit_seals::put(&mut tx, &seal, &ids).await?;
    tx.commit().await?;
    let (number, hash) = (seal.head.number, hex::encode(seal.hash));
    tracing::info!(number, entries = seal.count, hash, "sealed the audit trail");
    Ok(true)
}

fn seal(keys: &Keys, newest: Option<&Seal>, entries: &[TrailEntry], now: OffsetDateTime) -> Seal {
    let latest = entries.iter().map(|entry| entry.at).chain(newest.map(|newest| newest.head.latest)).max();
    let head = SealHead {
        number: newest.map_or(0, |newest| newest.head.number) + 1,
        previous: newest.map_or(NOTHING_BEFORE, |newest| newest.hash),
        latest: latest.unwrap_or(now),
        sealed_at: now,
    };
    let mut sealing = Sealing::begin(&head);
    for entry in entries {
        sealing.add(entry);
    }
    let count = sealing.entries();
    let hash = sealing.finish();
    let mac = keys.mac(Purpose::AuditSeal, &[&head.number.to_le_bytes(), &hash]).to_vec();
    Seal { head, count, hash, mac, key_id: keys.current_id().to_vec() }
}

/// Whether a seal was made with the current or the previous key. The newest one answers for all before it, by their hashes.
#[must_use]
pub fn is_ours(keys: &Keys, seal: &Seal) -> bool {
    keys.is_mac(Purpose::AuditSeal, &[&seal.head.number.to_le_bytes(), &seal.hash], &seal.mac)
}
