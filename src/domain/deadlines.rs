//! The dates that matter to an active account, what happens then and what stops it (docs/rules.md §7, §4.21). What the sweep does on
//! such a date is the lifecycle's business and not to be put here.

use time::{Duration, OffsetDateTime};

use super::{moment::is_expired, seed::SeedStatus};

/// An account that nobody signs in to for so long is disabled (docs/rules.md §7.8).
pub const DISABLED_AFTER: Duration = Duration::days(90);

/// An account that nobody signs in to for so long has ended (docs/rules.md §7.10).
pub const ENDED_AFTER: Duration = Duration::days(180);

/// How often people look through how they sign in (docs/rules.md §7.13).
pub const REVIEW_EVERY: Duration = Duration::days(180);

/// What is known about an active account.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// When its person last signed in.
    pub last_sign_in_at: Option<OffsetDateTime>,
    /// When it became active.
    pub activated_at: Option<OffsetDateTime>,
    /// When its person last looked through how they sign in.
    pub reviewed_at: Option<OffsetDateTime>,
    /// Where it stands with SEED.
    pub seed: SeedStatus,
    /// Until when the SEED e-mail is valid.
    pub seed_email_expires: Option<OffsetDateTime>,
}

/// What a date is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// The SEED e-mail runs out.
    SeedEmail,
    /// The account is disabled.
    Disabled,
    /// How one signs in is to be looked through.
    Review,
    /// The account ends.
    Ended,
}

/// A date that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// What it is for.
    pub what: What,
    /// When.
    pub at: OffsetDateTime,
}

impl What {
    /// The word in addresses and calendars.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SeedEmail => "seed-email",
            Self::Disabled => "disabled",
            Self::Review => "review",
            Self::Ended => "ended",
        }
    }

    /// What happens then, as a heading.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::SeedEmail => "Your SEED e-mail runs out",
            Self::Disabled => "Your TechPass will be disabled",
            Self::Review => "Look through your security",
            Self::Ended => "Your TechPass will end",
        }
    }

    /// What that means.
    #[must_use]
    pub const fn means(self) -> &'static str {
        match self {
            Self::SeedEmail => "The link in it no longer works, and you have to ask for SEED again.",
            Self::Disabled => "You cannot log in until the service desk opens it again. If you have SEED, you lose it.",
            Self::Review => "We ask you every 180 days whether all is still as it should be.",
            Self::Ended => "You cannot get it back. Five days later we delete what we know about you.",
        }
    }

    /// What stops it.
    #[must_use]
    pub const fn stopped_by(self) -> &'static str {
        match self {
            Self::SeedEmail => "Put your device on SEED before then.",
            Self::Disabled | Self::Ended => "Log in before then. Each time you do, the date moves on.",
            Self::Review => "Open Security, look through it, and say that you have.",
        }
    }
}

impl Deadline {
    /// Whether the date has come.
    #[must_use]
    pub fn is_due(&self, now: OffsetDateTime) -> bool {
        is_expired(self.at, now)
    }
}

/// When the person is asked to look through how they sign in: counted from the last time, or from the account's becoming active.
#[must_use]
pub fn review(activated_at: Option<OffsetDateTime>, reviewed_at: Option<OffsetDateTime>) -> Option<Deadline> {
    let since = reviewed_at.max(activated_at)?;
    Some(Deadline { what: What::Review, at: since.saturating_add(REVIEW_EVERY) })
}

/// The dates that matter to an account, the next one first. A SEED e-mail that has run out is past and done; the others stand until
/// they are dealt with.
#[must_use]
pub fn all(facts: &Facts, now: OffsetDateTime) -> Vec<Deadline> {
    let signed_in = facts.last_sign_in_at.or(facts.activated_at);
    let unused = |what, after| signed_in.map(|at| Deadline { what, at: at.saturating_add(after) });
    // No device is on the way yet: later the e-mail has done its work.
    let seed_email = facts.seed_email_expires.filter(|_| facts.seed == SeedStatus::LicenceAssigned);
    let seed_email = seed_email.map(|at| Deadline { what: What::SeedEmail, at });
    let mut deadlines: Vec<Deadline> = [
        seed_email.filter(|deadline| !deadline.is_due(now)),
        unused(What::Disabled, DISABLED_AFTER),
        review(facts.activated_at, facts.reviewed_at),
        unused(What::Ended, ENDED_AFTER),
    ]
    .into_iter()
    .flatten()
    .collect();
    // Stable: of two at the same moment, the one named first above comes first.
    deadlines.sort_by_key(|deadline| deadline.at);
    deadlines
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const SIGNED_IN: OffsetDateTime = datetime!(2026-11-22 11:07 UTC);
    const FACTS: Facts = Facts {
        last_sign_in_at: Some(SIGNED_IN),
        activated_at: Some(datetime!(2026-07-01 01:00 UTC)),
        reviewed_at: None,
        seed: SeedStatus::LicenceAssigned,
        seed_email_expires: Some(datetime!(2026-12-22 11:07 UTC)),
    };

    fn whats(facts: &Facts, now: OffsetDateTime) -> Vec<What> {
        all(facts, now).into_iter().map(|deadline| deadline.what).collect()
    }

    #[test]
    fn the_dates_are_those_of_the_rules_and_the_next_one_comes_first() {
        assert_eq!(
            all(&FACTS, SIGNED_IN),
            [
                Deadline { what: What::SeedEmail, at: datetime!(2026-12-22 11:07 UTC) },
                Deadline { what: What::Review, at: datetime!(2026-12-28 01:00 UTC) },
                Deadline { what: What::Disabled, at: datetime!(2027-02-20 11:07 UTC) },
                Deadline { what: What::Ended, at: datetime!(2027-05-21 11:07 UTC) },
            ]
        );
    }

    #[test]
    fn only_what_applies_to_the_account_is_named() {
        let seed = |seed| whats(&Facts { seed, ..FACTS }, SIGNED_IN).contains(&What::SeedEmail);
        for status in SeedStatus::ALL {
            assert_eq!(seed(status), status == SeedStatus::LicenceAssigned, "{status:?}");
        }
        let bare = Facts { last_sign_in_at: None, activated_at: None, seed_email_expires: None, ..FACTS };
        assert_eq!(whats(&bare, SIGNED_IN), []);
        let activated = Facts { activated_at: Some(SIGNED_IN), ..bare };
        assert_eq!(whats(&activated, SIGNED_IN), [What::Disabled, What::Review, What::Ended]);
    }

    #[test]
    fn a_date_has_come_at_its_very_moment() {
        for deadline in all(&FACTS, SIGNED_IN) {
            for (now, is_due) in
                [(deadline.at - Duration::SECOND, false), (deadline.at, true), (deadline.at + Duration::SECOND, true)]
            {
                assert_eq!(deadline.is_due(now), is_due, "{deadline:?} at {now}");
                let is_named = whats(&FACTS, now).contains(&deadline.what);
                assert_eq!(is_named, !is_due || deadline.what != What::SeedEmail, "{deadline:?} at {now}");
            }
        }
    }

    #[test]
    fn a_day_has_24_hours_and_the_periods_are_90_and_180_of_them() {
        assert_eq!(DISABLED_AFTER, Duration::hours(90 * 24));
        assert_eq!((ENDED_AFTER, REVIEW_EVERY), (Duration::hours(180 * 24), Duration::hours(180 * 24)));
    }

    #[test]
    fn looking_through_it_moves_the_review_on_and_never_back() {
        let [early, late] = [datetime!(2026-07-01 01:00 UTC), datetime!(2026-11-22 11:07 UTC)];
        let at = |activated, reviewed| review(activated, reviewed).map(|deadline| deadline.at);
        assert_eq!(at(Some(early), None), Some(early + REVIEW_EVERY));
        assert_eq!(at(Some(early), Some(late)), Some(late + REVIEW_EVERY));
        // Activated anew since.
        assert_eq!(at(Some(late), Some(early)), Some(late + REVIEW_EVERY));
        assert_eq!(at(None, None), None);
    }

    #[test]
    fn every_date_says_what_happens_and_what_stops_it() {
        for what in [What::SeedEmail, What::Disabled, What::Review, What::Ended] {
            assert!(what.means().ends_with('.') && what.stopped_by().ends_with('.') && !what.in_words().is_empty());
        }
    }
}
