//! Links: who they are for and until when. Looking at one changes nothing.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{StoreError, accounts::status};
use crate::domain::{email_address::EmailAddress, identity::Candidate};

/// What an invitation link leads to.
#[derive(Debug)]
pub struct AcceptLink {
    /// Whom the invitation is for; none once the account was deleted.
    pub email: Option<EmailAddress>,
    /// The account.
    pub account: Candidate,
    /// Until when the link is valid.
    pub expires_at: OffsetDateTime,
    /// Whether it was used.
    pub is_consumed: bool,
}

/// The invitation behind a link.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn find_accept_link(
    connection: &mut PgConnection,
    hash: &[u8; 32],
) -> Result<Option<AcceptLink>, StoreError> {
    let row = sqlx::query!(
        r#"select a.id, a.email, a.status, a.activation_ends, a.provider_subject is not null as "is_bound!", t.expires_at, t.consumed_at is not null as "is_consumed!"
             from tokens t join accounts a on a.id = t.account_id
            where t.hash = $1 and t.purpose = 'accept'"#,
        hash,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(AcceptLink {
            email: row.email.as_deref().and_then(|email| EmailAddress::parse(email).ok()),
            account: Candidate {
                id: row.id,
                status: status(&row.status)?,
                activation_ends: row.activation_ends,
                is_bound: row.is_bound,
            },
            expires_at: row.expires_at,
            is_consumed: row.is_consumed,
        })
    })
    .transpose()
}
