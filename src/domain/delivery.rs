//! When a message that could not be sent is tried again.

use time::{Duration, OffsetDateTime};

use super::moment::is_expired;

/// How long we keep trying. Longer than a weekend: a mail server that fails on Friday evening is mended on Monday.
pub const GIVE_UP_AFTER: Duration = Duration::days(3);

/// The first wait.
const FIRST_WAIT: Duration = Duration::seconds(5);

/// The longest wait: once the mail server is back, nobody waits longer than this.
const LONGEST_WAIT: Duration = Duration::minutes(5);

/// What to do with a message that could not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again then.
    RetryAt(OffsetDateTime),
    /// Stop trying, and show it to an administrator.
    GiveUp,
}

/// What to do after the attempt numbered `attempts` (from 1) failed. Waits double, with jitter of a quarter either way, so
/// that what failed together does not come back together. `jitter` is a fraction from 0 up to 1.
#[must_use]
pub fn after_failure(attempts: u32, created_at: OffsetDateTime, now: OffsetDateTime, jitter: f64) -> Next {
    if is_expired(created_at + GIVE_UP_AFTER, now) {
        return Next::GiveUp;
    }
    let doublings = attempts.saturating_sub(1).min(16);
    let wait = (FIRST_WAIT * 2_i32.pow(doublings)).min(LONGEST_WAIT);
    Next::RetryAt(now + wait * (0.75 + jitter / 2.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const CREATED: OffsetDateTime = datetime!(2026-11-22 11:07 UTC);

    fn wait(attempts: u32, jitter: f64) -> Duration {
        match after_failure(attempts, CREATED, CREATED, jitter) {
            Next::RetryAt(at) => at - CREATED,
            Next::GiveUp => panic!("gave up at once"),
        }
    }

    #[test]
    fn waits_double_up_to_five_minutes() {
        let waits = [1, 2, 3, 7, 8, 1_000].map(|attempts| wait(attempts, 0.5).whole_seconds());
        assert_eq!(waits, [5, 10, 20, 300, 300, 300]);
    }

    #[test]
    fn trying_ends_after_three_days_and_not_a_second_before() {
        let ends = CREATED + GIVE_UP_AFTER;
        assert!(matches!(after_failure(9, CREATED, ends - Duration::SECOND, 0.0), Next::RetryAt(_)));
        assert_eq!(after_failure(9, CREATED, ends, 0.0), Next::GiveUp);
        assert_eq!(after_failure(1, CREATED, ends + Duration::SECOND, 0.0), Next::GiveUp);
    }

    proptest! {
        #[test]
        fn a_wait_is_never_shorter_than_three_seconds_nor_longer_than_seven_minutes(attempts in 0_u32.., jitter in 0.0..1.0) {
            let wait = wait(attempts, jitter);
            prop_assert!(wait >= Duration::seconds(3) && wait < Duration::minutes(7), "{wait}");
        }
    }
}
