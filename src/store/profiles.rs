//! What people say about themselves, and the mobile number that is to take the place of the one in the account.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::StoreError;
use crate::domain::mobile::Mobile;

/// What an account says about its person, and the dates that its deadlines follow from.
#[derive(Debug)]
pub struct Profile {
    /// Where they work, in their own words.
    pub department: Option<String>,
    /// The agency: its short name and its name.
    pub agency: Option<(String, String)>,
    /// The number in the account.
    pub mobile: Option<String>,
    /// The country that was chosen with it.
    pub mobile_country: Option<String>,
    /// The number that waits to be proven.
    pub new_mobile: Option<String>,
    /// When they last signed in.
    pub last_sign_in_at: Option<OffsetDateTime>,
    /// When the account became active.
    pub activated_at: Option<OffsetDateTime>,
    /// When they last looked through how they sign in.
    pub reviewed_at: Option<OffsetDateTime>,
    /// Until when the SEED e-mail is valid.
    pub seed_email_expires: Option<OffsetDateTime>,
}

impl Profile {
    /// Whether the number that waits is the one in the account, which was never proven.
    #[must_use]
    pub fn is_own_mobile_waiting(&self) -> bool {
        self.new_mobile.is_some() && self.new_mobile == self.mobile
    }
}

/// The profile of an account.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn find(connection: &mut PgConnection, account: Uuid) -> Result<Profile, StoreError> {
    let row = sqlx::query!(
        r#"select a.department, a.agency as acronym, (select g.name from agencies g where g.acronym = a.agency) as agency,
                  a.mobile, a.mobile_country,
                  (select c.mobile from mobile_changes c where c.account_id = a.id) as new_mobile,
                  a.last_sign_in_at, a.activated_at, a.security_reviewed_at, a.seed_email_expires
             from accounts a
            where a.id = $1"#,
        account,
    )
    .fetch_one(connection)
    .await?;
    Ok(Profile {
        department: row.department,
        agency: row.acronym.zip(row.agency),
        mobile: row.mobile,
        mobile_country: row.mobile_country,
        new_mobile: row.new_mobile,
        last_sign_in_at: row.last_sign_in_at,
        activated_at: row.activated_at,
        reviewed_at: row.security_reviewed_at,
        seed_email_expires: row.seed_email_expires,
    })
}

/// Saves names and department. False if they are what they were.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn save(
    connection: &mut PgConnection,
    account: Uuid,
    first_name: &str,
    last_name: Option<&str>,
    department: Option<&str>,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update accounts set first_name = $2, last_name = $3, department = $4
          where id = $1 and (first_name, last_name, department) is distinct from ($2, $3, $4)",
        account,
        first_name,
        last_name,
        department,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The number that waits to be proven.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn new_mobile(connection: &mut PgConnection, account: Uuid) -> Result<Option<Mobile>, StoreError> {
    let row = sqlx::query!("select mobile_country, mobile from mobile_changes where account_id = $1", account)
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        Mobile::parse(&row.mobile_country, &row.mobile).map_err(|_| StoreError::UnknownValue("mobile_changes.mobile"))
    })
    .transpose()
}

/// Has a number wait to be proven, in the place of one that waited before. False if it waits already.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn ask_for_mobile(
    connection: &mut PgConnection,
    account: Uuid,
    mobile: &Mobile,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "insert into mobile_changes as c (account_id, mobile, mobile_country, asked_at) values ($1, $2, $3, $4)
         on conflict (account_id) do update set mobile = $2, mobile_country = $3, asked_at = $4
          where (c.mobile, c.mobile_country) is distinct from ($2, $3)",
        account,
        mobile.as_str(),
        mobile.country(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Has no number wait any more: it was proven, or is not wanted. False if none waited.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn end_mobile_change(connection: &mut PgConnection, account: Uuid) -> Result<bool, StoreError> {
    let done = sqlx::query!("delete from mobile_changes where account_id = $1", account).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}
