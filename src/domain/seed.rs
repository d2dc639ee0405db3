//! How far an account is with SEED, the management of its Internet Devices (docs/rules.md §5).
//! Who is offered SEED at sign-up is eligibility's business and not to be put here.

use time::Duration;

/// How long a SEED onboarding e-mail is valid (docs/rules.md §5, §7).
pub const SEED_EMAIL_VALIDITY: Duration = Duration::days(30);

/// Where an account stands with SEED, as My Account shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeedStatus {
    /// Nobody asked for it.
    NotRequired,
    /// Asked for; it waits for an approver or for the licence.
    Requested,
    /// The licence is there, and the e-mail is out.
    LicenceAssigned,
    /// A device is on its way.
    OnboardingInProgress,
    /// At least one device is in.
    Onboarded,
    /// The e-mail ran out before a device was in; the licence is withdrawn.
    Expired,
    /// It cannot be had.
    Ineligible,
}

impl SeedStatus {
    /// Every status, in the order in which a person usually goes through them.
    pub const ALL: [Self; 7] = [
        Self::NotRequired,
        Self::Requested,
        Self::LicenceAssigned,
        Self::OnboardingInProgress,
        Self::Onboarded,
        Self::Expired,
        Self::Ineligible,
    ];

    /// Takes the word that the database uses.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The word that the database uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRequired => "not_required",
            Self::Requested => "requested",
            Self::LicenceAssigned => "licence_assigned",
            Self::OnboardingInProgress => "onboarding_in_progress",
            Self::Onboarded => "onboarded",
            Self::Expired => "expired",
            Self::Ineligible => "ineligible",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotRequired => "Not required",
            Self::Requested => "Requested",
            Self::LicenceAssigned => "Licence assigned",
            Self::OnboardingInProgress => "Onboarding in progress",
            Self::Onboarded => "Onboarded",
            Self::Expired => "Expired",
            Self::Ineligible => "Ineligible",
        }
    }

    /// Whether there is a licence: then the MDM AUP applies (docs/rules.md §4.9).
    #[must_use]
    pub const fn is_provisioned(self) -> bool {
        matches!(self, Self::LicenceAssigned | Self::OnboardingInProgress | Self::Onboarded)
    }

    /// Whether asking for SEED now would be something new (docs/rules.md §5, §7): it was never asked
    /// for, or what was asked for ran out.
    #[must_use]
    pub const fn may_be_requested(self) -> bool {
        matches!(self, Self::NotRequired | Self::Expired)
    }
}

#[cfg(test)]
mod tests {
    use super::{SEED_EMAIL_VALIDITY, SeedStatus};
    use time::Duration;

    #[test]
    fn each_status_has_its_word_and_its_label() {
        for (status, word, label, may_be_requested) in [
            (SeedStatus::NotRequired, "not_required", "Not required", true),
            (SeedStatus::Requested, "requested", "Requested", false),
            (SeedStatus::LicenceAssigned, "licence_assigned", "Licence assigned", false),
            (SeedStatus::OnboardingInProgress, "onboarding_in_progress", "Onboarding in progress", false),
            (SeedStatus::Onboarded, "onboarded", "Onboarded", false),
            (SeedStatus::Expired, "expired", "Expired", true),
            (SeedStatus::Ineligible, "ineligible", "Ineligible", false),
        ] {
            assert_eq!(status.as_str(), word);
            assert_eq!(SeedStatus::parse(word), Some(status));
            assert_eq!(status.label(), label);
            assert_eq!(status.may_be_requested(), may_be_requested, "{word}");
        }
        for word in ["", "Not required", "Requested", "none"] {
            assert_eq!(SeedStatus::parse(word), None, "{word:?}");
        }
    }

    #[test]
    fn a_seed_email_is_valid_for_thirty_days() {
        assert_eq!(SEED_EMAIL_VALIDITY, Duration::hours(30 * 24));
    }
}
