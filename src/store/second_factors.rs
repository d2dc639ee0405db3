//! How many second factors an account has, of each kind.

use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::second_factors::SecondFactors;

/// Counts the second factors of an account. Whoever decides by it locks the account first.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn count(connection: &mut PgConnection, account: Uuid) -> Result<SecondFactors, StoreError> {
    let row = sqlx::query!(
        r#"select (select count(*) from authenticators where account_id = $1) as "authenticators!",
                  (select count(*) from passkeys where account_id = $1) as "passkeys!""#,
        account,
    )
    .fetch_one(connection)
    .await?;
    let number = |count: i64| usize::try_from(count).unwrap_or_default();
    Ok(SecondFactors { authenticators: number(row.authenticators), passkeys: number(row.passkeys) })
}
