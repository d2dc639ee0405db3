//! One person at one browser, from proving who they are until they leave (docs/rules.md §4.12).

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::moment::is_expired;

/// How long a sitting lasts at most.
pub const LONGEST: Duration = Duration::hours(12);

/// How long what was proven anew counts, before something that matters is changed (docs/rules.md §4.16).
pub const CONFIRMED_FOR: Duration = Duration::minutes(10);

/// How long somebody with a role may do nothing.
pub const STAFF_IDLE: Duration = Duration::minutes(15);

/// What a browser's session holds once its person has given a first proof.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Sitting {
    /// Whose account.
    pub account: Uuid,
    /// When it began.
    #[serde(with = "time::serde::timestamp::microseconds")]
    pub began_at: OffsetDateTime,
    /// When the person, signed in already, proved anew who they are.
    #[serde(default, with = "time::serde::timestamp::microseconds::option")]
    pub confirmed_at: Option<OffsetDateTime>,
    /// Whether a second factor was proven, or vouched for by the provider.
    pub is_second_factor_proven: bool,
    /// Whether the provider vouched for one, so that none is asked for here. Sittings of an earlier version do not say.
    #[serde(default)]
    pub is_vouched: bool,
    /// Whether all that a sign-in needs was done: only then is somebody signed in.
    pub is_complete: bool,
    /// Where it leads once that is done: a second click leads there too.
    #[serde(default)]
    pub led_to: Option<String>,
    /// Whether the person has a role, and so may be idle for a short time only.
    pub is_staff: bool,
    /// The browser, in words.
    pub browser: String,
    /// Roughly where from.
    pub network: String,
    /// By what the browser is known again. Sittings of an earlier version do not say.
    #[serde(default)]
    pub known_by: Option<KnownBy>,
}

/// By what a browser is known again (docs/rules.md §4.24). Neither is the cookie itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownBy {
    /// It brought its cookie: the SHA-256 of that.
    Cookie(String),
    /// It brought none: the number from which its cookie is made once its person is signed in.
    Number(String),
}

impl Sitting {
    /// When it is over, whatever happens.
    #[must_use]
    pub fn ends_at(&self) -> OffsetDateTime {
        self.began_at.saturating_add(LONGEST)
    }

    /// Whether the person has proved anew, not long ago, who they are.
    #[must_use]
    pub fn is_confirmed(&self, now: OffsetDateTime) -> bool {
        self.confirmed_at.is_some_and(|at| !is_expired(at.saturating_add(CONFIRMED_FOR), now))
    }

    /// Counts a recovery code that was just given: it may have been the last one, so it has to be enough to set a new phone up, and
    /// that is where it leads (docs/rules.md §4.16).
    pub fn count_recovery(&mut self, now: OffsetDateTime, leads_to: String) {
        self.confirmed_at = Some(now);
        self.led_to = Some(leads_to);
    }

    /// Whether it is the same one, however much of it was done by then.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (self.account, self.began_at) == (other.account, other.began_at)
    }

    /// This sitting, written by somebody who has not seen what is `stored`: what was proven stays proven, where it led first it
    /// leads, and of two sittings the later one stands.
    #[must_use]
    pub fn on_top_of(self, stored: Self) -> Self {
        if !self.is_same(&stored) {
            return if self.began_at < stored.began_at { stored } else { self };
        }
        Self {
            confirmed_at: self.confirmed_at.max(stored.confirmed_at),
            is_second_factor_proven: self.is_second_factor_proven || stored.is_second_factor_proven,
            is_complete: self.is_complete || stored.is_complete,
            led_to: stored.led_to.or(self.led_to),
            is_staff: self.is_staff || stored.is_staff,
            ..self
        }
    }

    /// After how many seconds of nothing it is over.
    #[must_use]
    pub fn idle_seconds(&self) -> Option<i32> {
        self.is_staff.then(|| i32::try_from(STAFF_IDLE.whole_seconds()).unwrap_or(i32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 11:07 UTC);

    fn sitting(confirmed_at: Option<OffsetDateTime>) -> Sitting {
        Sitting {
            account: Uuid::nil(),
            began_at: NOW,
            confirmed_at,
            is_second_factor_proven: true,
            is_vouched: false,
            is_complete: true,
            led_to: None,
            is_staff: false,
            browser: String::new(),
            network: String::new(),
            known_by: None,
        }
    }

    #[test]
    fn what_was_proven_anew_counts_for_ten_minutes() {
        let at = NOW;
        assert!(!sitting(None).is_confirmed(at));
        let confirmed = sitting(Some(at));
        assert!(confirmed.is_confirmed(at));
        assert!(confirmed.is_confirmed(at + CONFIRMED_FOR - Duration::SECOND));
        assert!(!confirmed.is_confirmed(at + CONFIRMED_FOR));
        assert!(!confirmed.is_confirmed(at + CONFIRMED_FOR + Duration::SECOND));
    }

    #[test]
    fn a_sitting_that_was_stored_before_confirming_existed_is_still_read() {
        let stored = serde_json::json!({
            "account": Uuid::nil(), "began_at": 0, "is_second_factor_proven": true, "is_complete": true,
            "is_staff": false, "browser": "", "network": "",
        });
        let sitting: Sitting = serde_json::from_value(stored).expect("a sitting");
        assert_eq!((sitting.confirmed_at, sitting.led_to), (None, None));
    }

    #[test]
    fn of_two_sittings_at_one_browser_the_later_one_stands_and_nothing_of_the_other() {
        let earlier = Sitting { browser: "the earlier one".to_owned(), ..sitting(Some(NOW)) };
        let later = Sitting { began_at: NOW + Duration::SECOND, is_complete: false, ..sitting(None) };
        for stands in [later.clone().on_top_of(earlier.clone()), earlier.on_top_of(later.clone())] {
            assert!(stands.is_same(&later) && !stands.is_complete && stands.confirmed_at.is_none());
            assert_eq!(stands.browser, "");
        }
    }
}
