//! Who somebody is, as a provider says: only what was verified gets out of here.

use chrono::{DateTime, Utc};
use openidconnect::{
    ClaimsVerificationError, Nonce, SignatureVerificationError,
    core::{CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier},
};
use time::OffsetDateTime;

use super::ProviderError;
use crate::domain::email_address::EmailAddress;

/// How far a provider's clock may be behind ours: a minute is what a machine without a time server loses in a month.
const CLOCK_LEEWAY: i64 = 60;

/// The word by which a provider vouches for a second factor (RFC 8176 §2).
const MFA: &str = "mfa";

/// Who came back from a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider, as it names itself.
    pub issuer: String,
    /// The person, as the provider names them: never given to somebody else.
    pub subject: String,
    /// The person's address, if the provider gives one that we can read.
    pub email: Option<EmailAddress>,
    /// Whether the provider checked that the address is theirs.
    pub is_email_verified: bool,
    /// What to call them.
    pub first_name: Option<String>,
    /// What else to call them.
    pub last_name: Option<String>,
    /// Whether the provider saw a second factor.
    pub is_mfa_vouched: bool,
    /// When they proved there who they are, if the provider says so.
    pub signed_in_at: Option<OffsetDateTime>,
}

/// Why a token is not believed.
#[derive(Debug)]
pub enum Unverified {
    /// It was signed with a key that we do not know.
    UnknownKey,
    /// Anything else.
    Other(ClaimsVerificationError),
}

impl From<Unverified> for ProviderError {
    fn from(unverified: Unverified) -> Self {
        match unverified {
            Unverified::UnknownKey => {
                Self::Refused("its signature is by a key that the provider does not name".to_owned())
            }
            Unverified::Other(ClaimsVerificationError::Expired(what)) => Self::Clock(what),
            Unverified::Other(error) => Self::Refused(error.to_string()),
        }
    }
}

/// Checks signature, issuer, audience, nonce and time (OpenID Connect Core 1.0 §3.1.3.7).
///
/// # Errors
/// [`Unverified`] if any of them is wrong.
pub fn verify(
    verifier: &CoreIdTokenVerifier<'_>,
    token: &CoreIdToken,
    nonce: &Nonce,
    now: OffsetDateTime,
) -> Result<CoreIdTokenClaims, Unverified> {
    let (now, latest) = (moment(now.unix_timestamp() - CLOCK_LEEWAY), moment(now.unix_timestamp() + CLOCK_LEEWAY));
    let verifier = verifier.clone().set_time_fn(move || now).set_issue_time_verifier_fn(move |issued| {
        if issued > latest { Err(format!("issued at {issued}, which is in the future")) } else { Ok(()) }
    });
    token.claims(&verifier, nonce).cloned().map_err(|error| match error {
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
            Unverified::UnknownKey
        }
        // The library has no word of its own for this one.
        ClaimsVerificationError::Other(what) if what.contains("in the future") => {
            Unverified::Other(ClaimsVerificationError::Expired(what))
        }
        other => Unverified::Other(other),
    })
}

fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

impl Identity {
    /// What verified claims say. `mfa_acr` are the classes of sign-in that stand for a second factor at this provider.
    pub fn of(claims: &CoreIdTokenClaims, mfa_acr: &[String]) -> Self {
        let methods = claims.auth_method_refs().map(Vec::as_slice).unwrap_or_default();
        let class = claims.auth_context_ref().map(|class| class.as_str());
        let text = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let first = claims.given_name().and_then(|name| name.get(None)).map(|name| name.as_str());
        let last = claims.family_name().and_then(|name| name.get(None)).map(|name| name.as_str());
        let whole = claims.name().and_then(|name| name.get(None)).map(|name| name.as_str());
        Self {
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
            email: claims.email().and_then(|email| EmailAddress::parse(email.as_str()).ok()),
            is_email_verified: claims.email_verified() == Some(true),
            first_name: text(first.or(whole)),
            last_name: text(last),
            is_mfa_vouched: methods.iter().any(|method| method.as_str() == MFA)
                || class.is_some_and(|class| mfa_acr.iter().any(|known| known == class)),
            signed_in_at: claims.auth_time().and_then(|at| OffsetDateTime::from_unix_timestamp(at.timestamp()).ok()),
        }
    }
}
