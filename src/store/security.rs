//! How somebody signs in, at a glance, for its owner; and when they last looked through it.

use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{StoreError, sessions};

/// A second press on the button within this time is the same one.
const SAME_LOOK: Duration = Duration::MINUTE;

/// What an account signs in with.
#[derive(Debug)]
pub struct Overview {
    /// When the password was set, if there is one.
    pub password_set_at: Option<OffsetDateTime>,
    /// How many authenticators there are.
    pub authenticators: i64,
    /// How many passkeys there are.
    pub passkeys: i64,
    /// How many browsers are signed in.
    pub browsers: usize,
    /// The recovery codes.
    pub codes: RecoveryCodes,
    /// When the account became active.
    pub activated_at: Option<OffsetDateTime>,
    /// When its person last looked through all this.
    pub reviewed_at: Option<OffsetDateTime>,
}

/// The recovery codes of an account.
#[derive(Debug)]
pub struct RecoveryCodes {
    /// How many still work.
    pub left: i64,
    /// When they were made; none if there are none.
    pub made_at: Option<OffsetDateTime>,
    /// Whether their person said that they are kept.
    pub are_kept: bool,
}

impl RecoveryCodes {
    /// Tells one set of codes from the next: of two clicks on the button for new ones, the second one finds newer codes than were
    /// on its page, and leaves them alone.
    #[must_use]
    pub fn edition(&self) -> String {
        self.made_at.map(|at| (at.unix_timestamp_nanos() / 1_000).to_string()).unwrap_or_default()
    }
}

/// What an account signs in with.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn overview(
    connection: &mut PgConnection,
    account: Uuid,
    now: OffsetDateTime,
) -> Result<Overview, StoreError> {
    let row = sqlx::query!(
        r#"select (select set_at from passwords p where p.account_id = a.id) as password_set_at,
                  (select count(*) from authenticators t where t.account_id = a.id) as "authenticators!",
                  (select count(*) from passkeys k where k.account_id = a.id) as "passkeys!",
                  a.activated_at, a.security_reviewed_at
             from accounts a where a.id = $1"#,
        account,
    )
    .fetch_one(&mut *connection)
    .await?;
    Ok(Overview {
        password_set_at: row.password_set_at,
        authenticators: row.authenticators,
        passkeys: row.passkeys,
        browsers: sessions::of_account(connection, account, now).await?.len(),
        codes: recovery_codes(connection, account).await?,
        activated_at: row.activated_at,
        reviewed_at: row.security_reviewed_at,
    })
}

/// The recovery codes of an account.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn recovery_codes(connection: &mut PgConnection, account: Uuid) -> Result<RecoveryCodes, StoreError> {
    let query = sqlx::query_as!(
        RecoveryCodes,
        r#"select (select count(*) from recovery_codes c where c.account_id = a.id and c.used_at is null) as "left!",
                  (select max(created_at) from recovery_codes c where c.account_id = a.id) as made_at,
                  a.codes_kept_at is not null as "are_kept!"
             from accounts a where a.id = $1"#,
        account
    );
    Ok(query.fetch_one(connection).await?)
}

/// Notes that the person has looked through it all. False for a second click.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn looked_through(
    connection: &mut PgConnection,
    account: Uuid,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update accounts set security_reviewed_at = $2
          where id = $1 and (security_reviewed_at is null or security_reviewed_at <= $3)",
        account,
        now,
        now - SAME_LOOK,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
