//! Writing a sign-up down: account, link, messages and audit entry together, or nothing.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{StoreError, outbox::NewMessage};
use crate::domain::{device::Device, email_address::EmailAddress, seed::SeedStatus};

/// A link that leads to an account.
#[derive(Debug)]
pub struct NewLink {
    /// The SHA-256 of its token.
    pub hash: [u8; 32],
    /// Until when it is valid.
    pub expires_at: OffsetDateTime,
}

/// A proof of work, and the form that it was sent with.
#[derive(Debug, Clone, Copy)]
pub struct UsedProof<'a> {
    /// What tells this proof from all others.
    pub id: &'a [u8],
    /// The keyed hash of the form's values.
    pub form: &'a [u8],
    /// Until when it has to be remembered.
    pub expires_at: OffsetDateTime,
}

/// An account to be made, with everything that belongs to it.
#[derive(Debug)]
pub struct NewAccount<'a> {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub email: &'a EmailAddress,
    /// What the person signs up from.
    pub device: Device,
    /// Whether SEED was given.
    pub seed: SeedStatus,
    /// Until when the SEED onboarding e-mail is valid.
    pub seed_email_expires: Option<OffsetDateTime>,
    /// Until when it can be activated.
    pub activation_ends: OffsetDateTime,
    /// The link in the onboarding e-mail.
    pub link: NewLink,
    /// What is sent.
    pub messages: &'a [NewMessage],
    /// The audit entry's id.
    pub audit_id: Uuid,
    /// The reference of the request.
    pub request_id: &'a str,
}

/// What became of a sign-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The account is there, and its messages are on their way.
    Created,
    /// The address has a living account already; nothing was written, but that the proof was used.
    Known,
    /// The proof was used before, with the same form: a double click, or another try after an error. Nothing was written.
    Repeated,
    /// The proof was used before, with another form. Nothing was written.
    ProofUsed,
}

/// Makes an account, unless its address has one: one statement, one round trip, one commit. Of many at once, one wins.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn create_account(
    connection: &mut PgConnection,
    account: &NewAccount<'_>,
    proof: Option<UsedProof<'_>>,
    now: OffsetDateTime,
) -> Result<Written, StoreError> {
    let (ids, kinds, bodies) = columns(account.messages);
    let row = sqlx::query!(
        r#"with fresh_proof as (
               insert into used_proofs (proof, form, expires_at)
               select $1::bytea, $2::bytea, $3::timestamptz where $1 is not null
               on conflict (proof) do nothing returning 1
           ), account as (
               insert into accounts (id, email, status, device, seed_status, seed_email_expires, created_at, activation_ends)
               select $4, $5, 'pending', $6, $7, $8, $9, $10 where $1 is null or exists (select from fresh_proof)
               on conflict (email) where status <> 'terminated' do nothing returning id
           ), link as (
               insert into tokens (hash, purpose, account_id, created_at, expires_at)
               select $11, 'accept', id, $9, $12 from account
           ), messages as (
               insert into outbox (id, channel, recipient, kind, body, account_id, status, due_at, created_at)
               select m.id, 'email', $5, m.kind, m.body, account.id, 'queued', $9, $9
                 from account, unnest($13::uuid[], $14::text[], $15::bytea[]) as m (id, kind, body)
           ), trail as (
               insert into audit (id, at, event, account_id, request_id, details)
               select $16, $9, 'signed_up', id, $17, jsonb_build_object('device', $6::text, 'seed', $7::text) from account
           )
           select exists (select from account) as "is_created!",
                  $1 is null or exists (select from fresh_proof) as "is_fresh!",
                  (select form from used_proofs where proof = $1) as used_with"#,
        proof.map(|proof| proof.id),
        proof.map(|proof| proof.form),
        proof.map(|proof| proof.expires_at),
        account.id,
        account.email.as_str(),
        account.device.as_str(),
        account.seed.as_str(),
        account.seed_email_expires,
        now,
        account.activation_ends,
        &account.link.hash,
        account.link.expires_at,
        &ids,
        &kinds as &[&str],
        &bodies as &[&[u8]],
        account.audit_id,
        account.request_id,
    )
    .fetch_one(connection)
    .await?;
    Ok(match (row.is_created, row.is_fresh) {
        (true, _) => Written::Created,
        (false, true) => Written::Known,
        // The statement sees the table as it was before it began, so a twin that was committed since is not seen; then the
        // forms are taken to be equal. Should they not be, the second one still gets no more than a second click would.
        (false, false) if proof.map(|proof| proof.form) == row.used_with.as_deref() || row.used_with.is_none() => {
            Written::Repeated
        }
        (false, false) => Written::ProofUsed,
    })
}

/// Ends an account whose time to activate is over, so that its person can begin anew (docs/rules.md §2.13).
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn end_lapsed_account(
    connection: &mut PgConnection,
    account: Uuid,
    audit_id: Uuid,
    request_id: &str,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "with ended as (
             update accounts set status = 'terminated', terminated_at = $2 where id = $1 and status = 'pending' returning id
         )
         insert into audit (id, at, event, account_id, request_id, details)
         select $3, $2, 'replaced_by_new_sign_up', id, $4, '{}' from ended",
        account,
        now,
        audit_id,
        request_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What is written down when an address that is known signs up again.
#[derive(Debug)]
pub struct Again<'a> {
    /// The account.
    pub account: Uuid,
    /// Whose it is.
    pub email: &'a EmailAddress,
    /// A new link, if one is sent.
    pub link: Option<NewLink>,
    /// SEED, newly given, and until when its e-mail is valid.
    pub seed: Option<(SeedStatus, OffsetDateTime)>,
    /// What is sent.
    pub messages: &'a [NewMessage],
    /// The audit entry's id.
    pub audit_id: Uuid,
    /// The reference of the request.
    pub request_id: &'a str,
}

/// Writes down what a known address gets: a new link, SEED, messages, as the case may be. One statement.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn write_again(
    connection: &mut PgConnection,
    again: &Again<'_>,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let (ids, kinds, bodies) = columns(again.messages);
    sqlx::query!(
        r#"with seed as (
               update accounts set seed_status = $3, seed_email_expires = $4 where id = $1 and $3::text is not null
           ), link as (
               insert into tokens (hash, purpose, account_id, created_at, expires_at)
               select $5::bytea, 'accept', $1, $2, $6 where $5::bytea is not null
           ), messages as (
               insert into outbox (id, channel, recipient, kind, body, account_id, status, due_at, created_at)
               select m.id, 'email', $7, m.kind, m.body, $1, 'queued', $2, $2
                 from unnest($8::uuid[], $9::text[], $10::bytea[]) as m (id, kind, body)
           )
           insert into audit (id, at, event, account_id, request_id, details)
           values ($11, $2, 'signed_up_again', $1, $12, jsonb_build_object('sent', $9::text[]))"#,
        again.account,
        now,
        again.seed.map(|(status, _)| status.as_str()),
        again.seed.map(|(_, expires)| expires),
        again.link.as_ref().map(|link| link.hash.as_slice()),
        again.link.as_ref().map(|link| link.expires_at),
        again.email.as_str(),
        &ids,
        &kinds as &[&str],
        &bodies as &[&[u8]],
        again.audit_id,
        again.request_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn columns(messages: &[NewMessage]) -> (Vec<Uuid>, Vec<&str>, Vec<&[u8]>) {
    (
        messages.iter().map(|message| message.id).collect(),
        messages.iter().map(|message| message.kind).collect(),
        messages.iter().map(|message| message.body.as_slice()).collect(),
    )
}
