//! The browsers that accounts know, as keyed hashes.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::StoreError;

/// How many browsers an account knows at most: the ones that it has not seen for longest are forgotten.
const MOST: i64 = 20;

/// Notes that an account was signed in to with a browser; says whether it knows it. The hashes are those under every key that is
/// accepted, the current one first, which is the one that is kept.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn meet(
    connection: &mut PgConnection,
    account: Uuid,
    hashes: &[Vec<u8>],
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let Some(current) = hashes.first() else { return Ok(false) };
    let known = sqlx::query!(
        "update known_browsers set last_seen = greatest(last_seen, $4),
                hash = case when exists (select from known_browsers where account_id = $1 and hash = $3) then hash else $3 end
          where account_id = $1 and hash = any($2)",
        account,
        hashes,
        current,
        now,
    )
    .execute(&mut *connection)
    .await?;
    if known.rows_affected() > 0 {
        return Ok(true);
    }
    let met = sqlx::query!(
        "insert into known_browsers (account_id, hash, first_seen, last_seen) values ($1, $2, $3, $3) on conflict do nothing",
        account,
        current,
        now,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from known_browsers where account_id = $1 and hash in (
             select hash from known_browsers where account_id = $1 order by last_seen desc, hash offset $2)",
        account,
        MOST,
    )
    .execute(connection)
    .await?;
    // A twin of this request may have been faster.
    Ok(met.rows_affected() == 0)
}
