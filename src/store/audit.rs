//! The audit trail: who did what to whom, when. It is only ever added to.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::StoreError;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A provider's identity was bound to the account.
    BoundToProvider,
    /// The first factor was right: the provider's word, or the password.
    SignInBegun,
    /// All that a sign-in needs was there.
    SignedIn,
    /// Somebody tried and was not let in.
    SignInFailed,
    /// A code that was to prove a phone, or a new authenticator, was wrong.
    CodeWrong,
    /// Too many passwords were tried: no more are looked at for a while.
    PasswordLocked,
    /// Too many codes were tried, or had sent: no more for a while.
    CodesLocked,
    /// Somebody signed out.
    SignedOut,
    /// One other browser was signed out.
    SessionEnded,
    /// Every browser was signed out.
    SignedOutEverywhere,
    /// A document was accepted.
    TermsAccepted,
    /// The account became active.
    Activated,
    /// An authenticator was added.
    AuthenticatorAdded,
    /// An authenticator was called something else.
    AuthenticatorRenamed,
    /// An authenticator was removed.
    AuthenticatorRemoved,
    /// Somebody who is signed in proved anew who they are.
    Confirmed,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was given another name.
    PasskeyRenamed,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A second factor was right.
    FactorProven,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// New recovery codes were made.
    RecoveryCodesMade,
    /// Its person keeps the recovery codes.
    RecoveryCodesKept,
    /// A code was sent to the phone.
    PhoneCodeSent,
    /// The phone was proven.
    PhoneVerified,
    /// A passkey took the place of a phone that no SMS reaches.
    PhoneReplaced,
    /// A new password was chosen.
    PasswordChosen,
    /// A link to choose a new password was sent.
    PasswordLinkSent,
    /// Names or department were changed.
    ProfileChanged,
    /// A new mobile number waits to be proven.
    MobileAsked,
    /// The new mobile number is not wanted any more.
    MobileDropped,
    /// A proven mobile number took the place of the one before.
    MobileChanged,
    /// Its person looked through how they sign in.
    SecurityReviewed,
    /// The owner said that something was not them, and the account was secured.
    NotMe,
    /// A role was given.
    RoleGranted,
    /// A role was taken away.
    RoleRevoked,
}

impl Event {
    /// The word in the trail.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BoundToProvider => "bound_to_provider",
            Self::SignInBegun => "sign_in_begun",
            Self::SignedIn => "signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::CodeWrong => "code_wrong",
            Self::PasswordLocked => "password_locked",
            Self::CodesLocked => "codes_locked",
            Self::SignedOut => "signed_out",
            Self::SessionEnded => "session_ended",
            Self::SignedOutEverywhere => "signed_out_everywhere",
            Self::TermsAccepted => "terms_accepted",
            Self::Activated => "activated",
            Self::AuthenticatorAdded => "authenticator_added",
            Self::AuthenticatorRenamed => "authenticator_renamed",
            Self::AuthenticatorRemoved => "authenticator_removed",
            Self::Confirmed => "confirmed",
            Self::PasskeyAdded => "passkey_added",
            Self::PasskeyRenamed => "passkey_renamed",
            Self::PasskeyRemoved => "passkey_removed",
            Self::FactorProven => "factor_proven",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::RecoveryCodesMade => "recovery_codes_made",
            Self::RecoveryCodesKept => "recovery_codes_kept",
            Self::PhoneCodeSent => "phone_code_sent",
            Self::PhoneVerified => "phone_verified",
            Self::PhoneReplaced => "phone_replaced",
            Self::PasswordChosen => "password_chosen",
            Self::PasswordLinkSent => "password_link_sent",
            Self::ProfileChanged => "profile_changed",
            Self::MobileAsked => "mobile_asked",
            Self::MobileDropped => "mobile_dropped",
            Self::MobileChanged => "mobile_changed",
            Self::SecurityReviewed => "security_reviewed",
            Self::NotMe => "not_me",
            Self::RoleGranted => "role_granted",
            Self::RoleRevoked => "role_revoked",
        }
    }
}

/// One entry.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its id.
    pub id: Uuid,
    /// Who did it; none for somebody who has not proved who they are.
    pub actor: Option<Uuid>,
    /// What.
    pub event: Event,
    /// To whom.
    pub account: Uuid,
    /// The reference of the request.
    pub request_id: &'a str,
    /// More about it. Nothing personal and no secret: the trail outlives the person's data.
    pub details: serde_json::Value,
}

/// Adds an entry.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn record(connection: &mut PgConnection, entry: &Entry<'_>, now: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into audit (id, at, actor, event, account_id, request_id, details) values ($1, $2, $3, $4, $5, $6, $7)",
        entry.id,
        now,
        entry.actor,
        entry.event.as_str(),
        entry.account,
        entry.request_id,
        entry.details,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What happened to an account, for its owner.
#[derive(Debug)]
pub struct Happening {
    /// Which entry.
    pub id: Uuid,
    /// When.
    pub at: OffsetDateTime,
    /// What, as the trail has it.
    pub event: String,
    /// In which browser, where the trail says it.
    pub browser: Option<String>,
    /// Roughly where from.
    pub network: Option<String>,
}

impl Happening {
    /// Where, in words: nothing where the trail does not say it.
    #[must_use]
    pub fn place(&self) -> String {
        match (&self.browser, &self.network) {
            (Some(browser), Some(network)) if !browser.is_empty() => format!(" with {browser}, from {network}"),
            _ => String::new(),
        }
    }
}

/// One entry of an account, if it has this one.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn of_account(
    connection: &mut PgConnection,
    account: Uuid,
    id: Uuid,
) -> Result<Option<Happening>, StoreError> {
    let query = sqlx::query_as!(
        Happening,
        "select id, at, event, details->>'browser' as browser, details->>'network' as network
               from audit where id = $1 and account_id = $2",
        id,
        account
    );
    Ok(query.fetch_optional(connection).await?)
}

/// The latest of these events of an account, the newest first.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn latest(
    connection: &mut PgConnection,
    account: Uuid,
    events: &[&str],
    most: i64,
) -> Result<Vec<Happening>, StoreError> {
    Ok(sqlx::query_as!(
        Happening,
        "select id, at, event, details->>'browser' as browser, details->>'network' as network
           from audit where account_id = $1 and event = any($2) order by at desc, id desc limit $3",
        account,
        events as &[&str],
        most,
    )
    .fetch_all(connection)
    .await?)
}
