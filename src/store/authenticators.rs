//! The authenticators of an account, for its owner who looks after them. What proves a code is in `credentials`.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::StoreError;

/// An authenticator, as its owner sees it.
#[derive(Debug)]
pub struct Listed {
    /// Its id.
    pub id: Uuid,
    /// What its owner calls it.
    pub name: String,
    /// When it was added.
    pub created_at: OffsetDateTime,
    /// When its last code was taken.
    pub last_used_at: Option<OffsetDateTime>,
}

/// The authenticators of an account, the oldest first.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn listed(connection: &mut PgConnection, account: Uuid) -> Result<Vec<Listed>, StoreError> {
    let query = sqlx::query_as!(
        Listed,
        "select id, name, created_at, last_used_at from authenticators where account_id = $1 order by created_at, id",
        account
    );
    Ok(query.fetch_all(connection).await?)
}

/// The number of the authenticator that would be added next, among all that the account ever had.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn next_number(connection: &mut PgConnection, account: Uuid) -> Result<i32, StoreError> {
    Ok(sqlx::query_scalar!("select authenticators_made from accounts where id = $1", account)
        .fetch_one(connection)
        .await?)
}

/// Calls an authenticator something else. False if it is not there (any more), or is called so already.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn rename(
    connection: &mut PgConnection,
    account: Uuid,
    authenticator: Uuid,
    name: &str,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update authenticators set name = $3 where account_id = $1 and id = $2 and name <> $3",
        account,
        authenticator,
        name,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes an authenticator, its secret included. False if it is not there (any more).
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn remove(connection: &mut PgConnection, account: Uuid, authenticator: Uuid) -> Result<bool, StoreError> {
    let done = sqlx::query!("delete from authenticators where account_id = $1 and id = $2", account, authenticator)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}
