//! Somebody with an account, as every page after signing in needs them. How a state changes is the account's business
//! ([`super::account`]), and what comes next is [`super::activation`]'s; neither is to be put here.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    account::AccountStatus,
    activation::{AccountKind, Progress},
    email_address::EmailAddress,
    seed::SeedStatus,
    techpass_id::Username,
    terms::{AcceptedVersion, first_to_accept},
};

/// What somebody may do beyond their own account (docs/rules.md, people).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Works off service requests.
    Agent,
    /// Decides about requests where the policy asks for it.
    Approver,
    /// Keeps policies, directory and accounts.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Agent, Self::Approver, Self::Admin];

    /// Takes the word that the database and the command line use.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// The word that the database and the command line use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }
}

/// Somebody with an account.
#[derive(Debug, Clone)]
pub struct Person {
    /// The account.
    pub id: Uuid,
    /// Where to write to. None once deleted.
    pub email: Option<EmailAddress>,
    /// Of a local account: what stands before `@techpass.gov.sg`.
    pub username: Option<Username>,
    /// Where the account stands.
    pub status: AccountStatus,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Where it stands with SEED.
    pub seed: SeedStatus,
    /// What they may do beyond their own account.
    pub roles: Vec<Role>,
    /// When the account is over unless it is activated before.
    pub activation_ends: OffsetDateTime,
    /// Whether there is an authenticator that has given a code.
    pub has_authenticator: bool,
    /// Whether there is a passkey.
    pub has_passkey: bool,
    /// Whether the recovery codes were seen and kept.
    pub are_codes_kept: bool,
    /// Whether the phone is proven.
    pub is_phone_verified: bool,
    /// Whether a passkey has taken the place of a phone that no SMS reaches (docs/rules.md §4.6).
    pub is_phone_replaced: bool,
    /// Whether there is a password that the person chose.
    pub is_password_chosen: bool,
    /// What was accepted.
    pub accepted: Vec<AcceptedVersion>,
}

impl Person {
    /// How they sign in.
    #[must_use]
    pub fn kind(&self) -> AccountKind {
        if self.username.is_some() { AccountKind::Local } else { AccountKind::Wog }
    }

    /// What they sign in with.
    #[must_use]
    pub fn techpass_id(&self) -> String {
        match (&self.username, &self.email) {
            (Some(username), _) => username.to_string(),
            (None, Some(email)) => email.as_str().to_owned(),
            (None, None) => String::new(),
        }
    }

    /// What to call them on a page.
    #[must_use]
    pub fn name(&self) -> String {
        let names = [self.first_name.as_deref(), self.last_name.as_deref()];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        if name.is_empty() { self.techpass_id() } else { name }
    }

    /// Whether their second factors are kept here: those of all who sign in here, and of officers whose provider vouches for none.
    #[must_use]
    pub fn keeps_factors_here(&self) -> bool {
        self.kind() == AccountKind::Local || self.has_authenticator || self.has_passkey
    }

    /// What a password of theirs must not be made of: their names and what they sign in with.
    #[must_use]
    pub fn names_and_ids(&self) -> Vec<String> {
        let names = [self.first_name.clone(), self.last_name.clone(), Some(self.techpass_id())];
        names.into_iter().flatten().collect()
    }

    /// Whether they work for the government themselves: an active account at a provider, and no vendor's
    /// (docs/rules.md, words).
    #[must_use]
    pub fn is_public_officer(&self) -> bool {
        self.status == AccountStatus::Active
            && self.kind() == AccountKind::Wog
            && self.email.as_ref().is_some_and(|email| !email.is_vendor())
    }

    /// What they have done, for the table of steps.
    #[must_use]
    pub fn progress(&self, in_force: &[AcceptedVersion], is_second_factor_proven: bool) -> Progress {
        Progress {
            kind: self.kind(),
            status: self.status,
            is_second_factor_proven,
            has_second_factor: self.has_authenticator || self.has_passkey,
            are_recovery_codes_kept: self.are_codes_kept,
            is_phone_settled: self.is_phone_verified || self.is_phone_replaced,
            is_password_chosen: self.is_password_chosen,
            terms: first_to_accept(in_force, &self.accepted, self.seed.is_provisioned()),
        }
    }
}
