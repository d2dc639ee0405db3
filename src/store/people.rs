//! People, as every page after signing in needs them: one query.

use sqlx::{PgConnection, postgres::PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{StoreError, accounts::status};
use crate::domain::{
    email_address::EmailAddress,
    identity::Candidate,
    mobile::Mobile,
    person::{Person, Role},
    seed::SeedStatus,
    techpass_id::{TechPassId, Username},
    terms::TermsDocument,
};

/// Somebody, and since when their sessions are good.
#[derive(Debug)]
pub struct Found {
    /// Who.
    pub person: Person,
    /// Sessions that began before this are over.
    pub sessions_from: OffsetDateTime,
}

/// The person of an account.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn find(executor: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Found>, StoreError> {
    let row = sqlx::query!(
        r#"select a.id, a.email, a.username, a.status, a.first_name, a.last_name, a.seed_status, a.activation_ends,
                  a.phone_verified_at is not null as "is_phone_verified!", a.codes_kept_at is not null as "are_codes_kept!",
                  a.phone_replaced_at is not null as "is_phone_replaced!", a.sessions_from,
                  exists (select from authenticators t where t.account_id = a.id )
                      as "has_authenticator!",
                  exists (select from passkeys k where k.account_id = a.id) as "has_passkey!",
                  exists (select from passwords p where p.account_id = a.id and p.kind = 'chosen') as "is_password_chosen!",
                  array(select role from account_roles r where r.account_id = a.id order by role) as "roles!",
                  array(select document from acceptances c where c.account_id = a.id order by document, version)
                      as "documents!",
                  array(select version from acceptances c where c.account_id = a.id order by document, version)
                      as "versions!"
             from accounts a where a.id = $1"#,
        id,
    )
    .fetch_optional(executor)
    .await?;
    row.map(|row| {
        let accepted = row.documents.iter().zip(row.versions);
        let person = Person {
            id: row.id,
            email: row.email.as_deref().and_then(|email| EmailAddress::parse(email).ok()),
            username: row.username.as_deref().and_then(Username::parse),
            status: status(&row.status)?,
            first_name: row.first_name,
            last_name: row.last_name,
            seed: SeedStatus::parse(&row.seed_status).ok_or(StoreError::UnknownValue("accounts.seed_status"))?,
            roles: row.roles.iter().filter_map(|role| Role::parse(role)).collect(),
            activation_ends: row.activation_ends,
            has_authenticator: row.has_authenticator,
            has_passkey: row.has_passkey,
            are_codes_kept: row.are_codes_kept,
            is_phone_verified: row.is_phone_verified,
            is_phone_replaced: row.is_phone_replaced,
            is_password_chosen: row.is_password_chosen,
            accepted: accepted
                .filter_map(|(document, version)| Some((TermsDocument::parse(document)?, version)))
                .collect(),
        };
        Ok(Found { person, sessions_from: row.sessions_from })
    })
    .transpose()
}

/// The living account that a provider knows by this issuer and subject.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn bound_to(
    connection: &mut PgConnection,
    issuer: &str,
    subject: &str,
) -> Result<Option<Candidate>, StoreError> {
    let row = sqlx::query!(
        "select id, status, activation_ends from accounts
          where provider_issuer = $1 and provider_subject = $2 and status <> 'terminated'",
        issuer,
        subject,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Candidate { id: row.id, status: status(&row.status)?, activation_ends: row.activation_ends, is_bound: true })
    })
    .transpose()
}

/// The living account of an address at a provider.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn at_address(connection: &mut PgConnection, email: &EmailAddress) -> Result<Option<Candidate>, StoreError> {
    let row = sqlx::query!(
        r#"select id, status, activation_ends, provider_subject is not null as "is_bound!" from accounts
            where email = $1 and username is null and status <> 'terminated'"#,
        email.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Candidate {
            id: row.id,
            status: status(&row.status)?,
            activation_ends: row.activation_ends,
            is_bound: row.is_bound,
        })
    })
    .transpose()
}

/// The living account of an address, be it one at a provider or where a local account is written to, or of a username.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn living(connection: &mut PgConnection, id: &TechPassId) -> Result<Option<Person>, StoreError> {
    let (email, username) = match id {
        TechPassId::Address(email) => (Some(email.as_str()), None),
        TechPassId::Local(username) => (None, Some(username.as_str())),
    };
    let account = sqlx::query_scalar!(
        "select id from accounts where (email = $1 or username = $2) and status <> 'terminated'",
        email,
        username,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(account) = account else { return Ok(None) };
    Ok(find(connection, account).await?.map(|found| found.person))
}

/// Binds a pending account to whom the provider knows its person as, for good. False if it was bound meanwhile, or is no longer
/// pending.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn bind(
    connection: &mut PgConnection,
    account: Uuid,
    issuer: &str,
    subject: &str,
    names: (Option<&str>, Option<&str>),
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update accounts set provider_issuer = $2, provider_subject = $3,
                first_name = coalesce(first_name, $4), last_name = coalesce(last_name, $5)
          where id = $1 and provider_subject is null and status = 'pending'",
        account,
        issuer,
        subject,
        names.0,
        names.1,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes a pending account active; its links are used up. False if it is not pending (any more).
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn activate(connection: &mut PgConnection, account: Uuid, now: OffsetDateTime) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "with activated as (
             update accounts set status = 'active', activated_at = $2, last_sign_in_at = $2
              where id = $1 and status = 'pending' and activation_ends > $2 returning id
         ), used as (
             update tokens set consumed_at = $2
              where account_id in (select id from activated) and purpose = 'accept' and consumed_at is null
         )
         select id from activated",
        account,
        now,
    )
    .fetch_optional(connection)
    .await?;
    Ok(done.is_some())
}

/// Locks an account until the transaction ends: before anything else of it, or two transactions wait for each other for ever
/// (docs/architecture.md, "Who is at the other end"). Gives since when its sessions are good; none if there is no such account.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn lock(connection: &mut PgConnection, account: Uuid) -> Result<Option<OffsetDateTime>, StoreError> {
    Ok(sqlx::query_scalar!("select sessions_from from accounts where id = $1 for update", account)
        .fetch_optional(connection)
        .await?)
}

/// Notes that somebody signed in.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn signed_in(connection: &mut PgConnection, account: Uuid, now: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!("update accounts set last_sign_in_at = $2 where id = $1 and status = 'active'", account, now)
        .execute(connection)
        .await?;
    Ok(())
}

/// The mobile number of an account and the country that was chosen with it.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn mobile(connection: &mut PgConnection, account: Uuid) -> Result<Option<(String, String)>, StoreError> {
    let row = sqlx::query!("select mobile_country, mobile from accounts where id = $1", account)
        .fetch_optional(connection)
        .await?;
    Ok(row.and_then(|row| Some((row.mobile_country?, row.mobile?))))
}

/// Notes that a passkey stands in the place of this phone, which no SMS reaches: the number is kept, and stays unproven.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn replace_phone(
    connection: &mut PgConnection,
    account: Uuid,
    mobile: &Mobile,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "with gone as (delete from sms_codes where account_id = $1)
         update accounts set mobile = $2, mobile_country = $3, phone_replaced_at = $4 where id = $1",
        account,
        mobile.as_str(),
        mobile.country(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends every session of an account, on every copy at once: sessions that began before now are no longer good.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn end_sessions(connection: &mut PgConnection, account: Uuid, now: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!(
        "with ended as (delete from sessions where account_id = $1) update accounts set sessions_from = $2 where id = $1",
        account,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A local account to be made.
#[derive(Debug)]
pub struct NewLocalAccount<'a> {
    /// Its id.
    pub id: Uuid,
    /// What it signs in with.
    pub username: &'a Username,
    /// Where to write to.
    pub email: &'a EmailAddress,
    /// First name.
    pub first_name: &'a str,
    /// Last name.
    pub last_name: &'a str,
    /// Mobile number.
    pub mobile: &'a Mobile,
    /// Until when it can be activated.
    pub activation_ends: OffsetDateTime,
}

/// Makes a pending local account. False if its username was given out before.
///
/// # Errors
/// [`StoreError`] if the database does not answer, or the address has a living account.
pub async fn create_local(
    connection: &mut PgConnection,
    account: &NewLocalAccount<'_>,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "insert into accounts (id, username, email, status, seed_status, created_at, activation_ends, first_name, last_name,
                               mobile, mobile_country)
         values ($1, $2, $3, 'pending', 'not_required', $4, $5, $6, $7, $8, $9)
         on conflict (username) do nothing",
        account.id,
        account.username.as_str(),
        account.email.as_str(),
        now,
        account.activation_ends,
        account.first_name,
        account.last_name,
        account.mobile.as_str(),
        account.mobile.country(),
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a role. False if it was there.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn grant(
    connection: &mut PgConnection,
    account: Uuid,
    role: Role,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "insert into account_roles (account_id, role, granted_at) values ($1, $2, $3) on conflict do nothing",
        account,
        role.as_str(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a role away. False if it was not there.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn revoke(connection: &mut PgConnection, account: Uuid, role: Role) -> Result<bool, StoreError> {
    let done = sqlx::query!("delete from account_roles where account_id = $1 and role = $2", account, role.as_str())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes an active officer of the demo data, bound to whom the development provider knows. An officer who is there is bound to
/// that provider's address of today, which changes with its port; then there is no id.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn put_demo_officer(
    connection: &mut PgConnection,
    id: Uuid,
    email: &EmailAddress,
    (issuer, subject): (&str, &str),
    (first_name, last_name): (&str, &str),
    now: OffsetDateTime,
) -> Result<Option<Uuid>, StoreError> {
    let known = sqlx::query!(
        "update accounts set provider_issuer = $2, provider_subject = $3 where email = $1 and status <> 'terminated'",
        email.as_str(),
        issuer,
        subject,
    )
    .execute(&mut *connection)
    .await?;
    if known.rows_affected() > 0 {
        return Ok(None);
    }
    sqlx::query!(
        "insert into accounts (id, email, status, device, seed_status, created_at, activation_ends, first_name, last_name,
                               provider_issuer, provider_subject, activated_at, last_sign_in_at)
         values ($1, $2, 'active', 'non_se_gsib', 'not_required', $3, $3, $4, $5, $6, $7, $3, $3)",
        id,
        email.as_str(),
        now,
        first_name,
        last_name,
        issuer,
        subject,
    )
    .execute(connection)
    .await?;
    Ok(Some(id))
}
