//! Counters that hold for all copies together, and the proofs of work that were used.

use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use super::StoreError;

/// So many times within so long, counted from the first time.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// How often.
    pub times: i32,
    /// Within how long.
    pub within: Duration,
}

/// A budget is used up until this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedUp {
    /// When it begins anew.
    pub until: OffsetDateTime,
    /// Whether this is the first time that it was asked for in vain.
    pub is_first: bool,
}

/// Takes one from the budget of `key` (a keyed hash: nothing readable).
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn take(
    connection: &mut PgConnection,
    key: &[u8],
    budget: Budget,
    now: OffsetDateTime,
) -> Result<Result<(), UsedUp>, StoreError> {
    let row = sqlx::query!(
        "insert into budgets as b (key, started_at, ends_at, used) values ($1, $2, $3, 1)
         on conflict (key) do update set
            used       = case when b.ends_at <= $2 then 1 else b.used + 1 end,
            started_at = case when b.ends_at <= $2 then $2 else b.started_at end,
            ends_at    = case when b.ends_at <= $2 then $3 else b.ends_at end
         returning used, ends_at",
        key,
        now,
        now + budget.within,
    )
    .fetch_one(connection)
    .await?;
    Ok(if row.used <= budget.times {
        Ok(())
    } else {
        Err(UsedUp { until: row.ends_at, is_first: row.used == budget.times + 1 })
    })
}

/// Gives a whole budget back.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn give_back(connection: &mut PgConnection, key: &[u8]) -> Result<(), StoreError> {
    sqlx::query!("delete from budgets where key = $1", key).execute(connection).await?;
    Ok(())
}

/// Forgets budgets that ended and proofs that expired: they hold nobody back any more.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn forget_ended(connection: &mut PgConnection, now: OffsetDateTime) -> Result<u64, StoreError> {
    let ended = sqlx::query!(
        "with ended as (select key from budgets where ends_at <= $1 order by ends_at limit 10000 for update skip locked)
         delete from budgets where key in (select key from ended)",
        now
    )
    .execute(&mut *connection)
    .await?;
    let expired = sqlx::query!(
        "with expired as (select proof from used_proofs where expires_at <= $1 order by expires_at limit 10000
                          for update skip locked)
         delete from used_proofs where proof in (select proof from expired)",
        now
    )
    .execute(connection)
    .await?;
    Ok(ended.rows_affected() + expired.rows_affected())
}
