//! What people accepted: document, version, hash and time (docs/rules.md §4.10). The documents themselves are in `terms`.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::StoreError;
use crate::domain::terms::TermsDocument;

/// Writes down that a version of a document was accepted. Nothing happens if it was already.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn accept(
    connection: &mut PgConnection,
    account: Uuid,
    document: TermsDocument,
    version: i32,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "insert into acceptances (account_id, document, version, hash, accepted_at)
         select $1, document, version, hash, $4 from terms where document = $2 and version = $3
         on conflict do nothing",
        account,
        document.as_str(),
        version,
        now,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// That a version of a document was accepted.
#[derive(Debug)]
pub struct Acceptance {
    /// Which document.
    pub document: TermsDocument,
    /// Which version.
    pub version: i32,
    /// The SHA-256 of its text.
    pub hash: Vec<u8>,
    /// When.
    pub accepted_at: OffsetDateTime,
}

/// What somebody accepted, the latest first.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn of_account(connection: &mut PgConnection, account: Uuid) -> Result<Vec<Acceptance>, StoreError> {
    let rows = sqlx::query!(
        "select document, version, hash, accepted_at from acceptances where account_id = $1
          order by accepted_at desc, document, version desc",
        account,
    )
    .fetch_all(connection)
    .await?;
    let acceptances = rows.into_iter().map(|row| {
        let document = TermsDocument::parse(&row.document).ok_or(StoreError::UnknownValue("acceptances.document"))?;
        Ok(Acceptance { document, version: row.version, hash: row.hash, accepted_at: row.accepted_at })
    });
    acceptances.collect()
}
