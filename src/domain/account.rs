//! The states of a TechPass account and the ways from one to another.
//! When a state changes by itself (reminders, disabling) is the lifecycle's business and not to be put here.

use std::fmt;

use time::{Duration, OffsetDateTime};

/// How long a new account waits for its first sign-in: a sign-up, a resent e-mail or a new SEED wish
/// does not make it longer (docs/rules.md §2, §7).
pub const ACTIVATION_PERIOD: Duration = Duration::days(30);

/// The moment from which an account that was never activated is over (docs/rules.md §7).
#[must_use]
pub fn activation_ends(created_at: OffsetDateTime) -> OffsetDateTime {
    created_at.saturating_add(ACTIVATION_PERIOD)
}

/// Where an account stands (docs/rules.md §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountStatus {
    /// Made, but its person has not signed in and accepted the terms yet.
    Pending,
    /// In use.
    Active,
    /// Shut until it is re-enabled.
    Disabled,
    /// Over for good: its person may sign up again, which makes a new account.
    Terminated,
}

/// A change of state that the rules do not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForbiddenTransition {
    /// The state that the account is in.
    pub from: AccountStatus,
    /// The state that it was to get.
    pub to: AccountStatus,
}

/// Every change of state that there is (docs/rules.md §7); nothing leads out of `Terminated`.
const TRANSITIONS: [(AccountStatus, AccountStatus); 6] = [
    (AccountStatus::Pending, AccountStatus::Active),
    (AccountStatus::Pending, AccountStatus::Terminated),
    (AccountStatus::Active, AccountStatus::Disabled),
    (AccountStatus::Active, AccountStatus::Terminated),
    (AccountStatus::Disabled, AccountStatus::Active),
    (AccountStatus::Disabled, AccountStatus::Terminated),
];

impl AccountStatus {
    /// Every state, in the order in which an account usually goes through them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Active, Self::Disabled, Self::Terminated];

    /// Takes the word that the database uses.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The word that the database uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Terminated => "terminated",
        }
    }

    /// Whether an account in this state may get the state `to`.
    #[must_use]
    pub fn may_become(self, to: Self) -> bool {
        TRANSITIONS.contains(&(self, to))
    }

    /// The state `to`, if an account in this state may get it.
    ///
    /// # Errors
    ///
    /// Names both states where no way leads from one to the other; staying is no way either.
    pub fn to(self, to: Self) -> Result<Self, ForbiddenTransition> {
        if self.may_become(to) { Ok(to) } else { Err(ForbiddenTransition { from: self, to }) }
    }
}

impl fmt::Display for ForbiddenTransition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.from.as_str(), self.to.as_str());
        write!(out, "an account that is {from} cannot become {to}")
    }
}

impl std::error::Error for ForbiddenTransition {}

#[cfg(test)]
mod tests {
    use super::AccountStatus::{self, Active, Disabled, Pending, Terminated};
    use super::{ACTIVATION_PERIOD, ForbiddenTransition, activation_ends};
    use crate::domain::moment::is_expired;
    use time::macros::datetime;
    use time::{Duration, PrimitiveDateTime};

    #[test]
    fn each_state_has_its_word() {
        for (status, word) in
            [(Pending, "pending"), (Active, "active"), (Disabled, "disabled"), (Terminated, "terminated")]
        {
            assert_eq!(status.as_str(), word);
            assert_eq!(AccountStatus::parse(word), Some(status));
        }
        for word in ["", "Pending", "deleted", "active "] {
            assert_eq!(AccountStatus::parse(word), None, "{word:?}");
        }
    }

    #[test]
    fn only_the_six_known_ways_lead_from_state_to_state() {
        for (from, ways) in [
            (Pending, &[Active, Terminated][..]),
            (Active, &[Disabled, Terminated][..]),
            (Disabled, &[Active, Terminated][..]),
            (Terminated, &[][..]),
        ] {
            for to in AccountStatus::ALL {
                let allowed = ways.contains(&to);
                assert_eq!(from.may_become(to), allowed, "{from:?} to {to:?}");
                let expected = if allowed { Ok(to) } else { Err(ForbiddenTransition { from, to }) };
                assert_eq!(from.to(to), expected);
            }
        }
    }

    #[test]
    fn a_forbidden_way_is_named_with_both_its_ends() {
        let refusal = Terminated.to(Active).unwrap_err();
        assert_eq!(refusal.to_string(), "an account that is terminated cannot become active");
    }

    #[test]
    fn activation_ends_thirty_times_24_hours_after_the_account_was_made() {
        let created_at = datetime!(2026-11-22 11:07:09 UTC);
        let ends = activation_ends(created_at);
        assert_eq!(ends, datetime!(2026-12-22 11:07:09 UTC));
        assert_eq!(ends - created_at, ACTIVATION_PERIOD);
        assert!(!is_expired(ends, ends - Duration::SECOND));
        assert!(is_expired(ends, ends));
        assert!(is_expired(ends, ends + Duration::SECOND));
    }

    #[test]
    fn an_account_made_at_the_end_of_time_does_not_panic() {
        let end = PrimitiveDateTime::MAX.assume_utc();
        assert_eq!(activation_ends(end), end);
    }
}
