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
    /// Whether all that a sign-in needs was done: only then is somebody signed in.
    pub is_complete: bool,
    /// Whether the person has a role, and so may be idle for a short time only.
    pub is_staff: bool,
    /// The browser, in words.
    pub browser: String,
    /// Roughly where from.
    pub network: String,
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

    #[test]
    fn what_was_proven_anew_counts_for_ten_minutes() {
        let at = datetime!(2026-11-22 11:07 UTC);
        let sitting = |confirmed_at| Sitting {
            account: Uuid::nil(),
            began_at: at,
            confirmed_at,
            is_second_factor_proven: true,
            is_complete: true,
            is_staff: false,
            browser: String::new(),
            network: String::new(),
        };
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
        assert_eq!(sitting.confirmed_at, None);
    }
}
