//! Counters that hold for all copies together, and the proofs of work that were used.

use std::time::Duration as Wait;

use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use super::StoreError;

/// So many times within any stretch of time that is so long.
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
    /// When there is one more: the oldest of those that were taken no longer counts then.
    pub until: OffsetDateTime,
    /// Whether it was asked for in vain for the first time since all that used it up was taken. Only then is somebody told: who
    /// goes on trying gets one more now and then, and would have its owner written to each time.
    pub is_first: bool,
}

impl UsedUp {
    /// How long to wait. A part of a second is a second: whoever waits as long as we say gets one.
    #[must_use]
    pub fn wait(self, now: OffsetDateTime) -> Wait {
        let wait = Wait::try_from(self.until - now).unwrap_or_default();
        Wait::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }
}

/// Takes one from the budget of `key` (a keyed hash: nothing readable). Who is refused does not wait longer for it.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn take(
    connection: &mut PgConnection,
    key: &[u8],
    budget: Budget,
    now: OffsetDateTime,
) -> Result<Result<(), UsedUp>, StoreError> {
    // Of many at once on all copies, the row lets one pass at a time. "used" and "started_at" are for the version before.
    let row = sqlx::query!(
        r#"insert into budgets as b (key, started_at, ends_at, used, taken) values ($1, $2, $3, 1, array[$2::timestamptz])
           on conflict (key) do update set (taken, used, started_at, ends_at, in_vain, cold_until) = (
               select case when is_cold then recent else recent || $2 end,
                      cardinality(recent) + 1,
                      coalesce(recent[1], $2),
                      case when is_cold then b.ends_at else greatest(b.ends_at, $3) end,
                      case when b.cold_until > $2 then b.in_vain else 0 end + is_cold::integer,
                      case when b.cold_until > $2 then b.cold_until when is_cold then b.ends_at end
                 from (select coalesce(array_agg(at order by at), '{}') as recent, count(*) >= $5::integer as is_cold
                         from unnest(b.taken) as at where at > $4) as now)
           returning used > cardinality(taken) as "is_cold!", in_vain = 1 as "is_first!",
                     taken[cardinality(taken) - $5 + 1] as oldest"#,
        key,
        now,
        now + budget.within,
        now - budget.within,
        budget.times,
    )
    .fetch_one(connection)
    .await?;
    Ok(match row.oldest {
        Some(oldest) if row.is_cold => Err(UsedUp { until: oldest + budget.within, is_first: row.is_first }),
        _ => Ok(()),
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

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn whoever_waits_as_long_as_is_said_does_not_come_too_early() {
        let until = datetime!(2026-11-22 11:07 UTC);
        let wait = |before| UsedUp { until, is_first: true }.wait(until - before);
        assert_eq!(wait(Duration::seconds(60)), Wait::from_secs(60));
        assert_eq!(wait(Duration::milliseconds(1_001)), Wait::from_secs(2));
        assert_eq!(wait(Duration::ZERO), Wait::ZERO);
        assert_eq!(wait(-Duration::SECOND), Wait::ZERO);
    }
}
