//! One person at one browser, from proving who they are until they leave (docs/rules.md §4.12).

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long a sitting lasts at most.
pub const LONGEST: Duration = Duration::hours(12);

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
    /// When the person last proved who they are.
    #[serde(with = "time::serde::timestamp::microseconds")]
    pub proven_at: OffsetDateTime,
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

    /// After how many seconds of nothing it is over.
    #[must_use]
    pub fn idle_seconds(&self) -> Option<i32> {
        self.is_staff.then(|| i32::try_from(STAFF_IDLE.whole_seconds()).unwrap_or(i32::MAX))
    }
}
