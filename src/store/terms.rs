//! The terms as they were published, and the links of the page at the end of the way: both are small and asked for on every
//! sign-in, so they are read whole with the directory.

use sqlx::PgConnection;

use super::StoreError;
use crate::domain::terms::{Published, Terms, TermsDocument};

/// A service to go to with an active TechPass.
#[derive(Debug, Clone)]
pub struct ServiceLink {
    /// What it is called.
    pub title: String,
    /// Where it is.
    pub url: String,
    /// What it is for.
    pub note: String,
}

/// Every version that was ever published.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn published(connection: &mut PgConnection) -> Result<Published, StoreError> {
    let rows = sqlx::query!(
        "select document, version, title, content, hash, effective_at from terms order by document, version"
    )
    .fetch_all(connection)
    .await?;
    let terms = rows.into_iter().map(|row| {
        Ok(Terms {
            document: TermsDocument::parse(&row.document).ok_or(StoreError::UnknownValue("terms.document"))?,
            version: row.version,
            title: row.title,
            content: row.content,
            hash: row.hash,
            effective_at: row.effective_at,
        })
    });
    Ok(Published(terms.collect::<Result<_, StoreError>>()?))
}

/// The links that an administrator lists, in their order.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn service_links(connection: &mut PgConnection) -> Result<Vec<ServiceLink>, StoreError> {
    Ok(sqlx::query_as!(ServiceLink, "select title, url, note from service_links order by position")
        .fetch_all(connection)
        .await?)
}
