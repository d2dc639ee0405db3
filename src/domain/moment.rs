//! A moment as people in Singapore read it, and the one sentence that says when something is over.
//! Moments are stored in UTC and shown in Singapore time; reading a clock is not to be put here.

use time::macros::offset;
use time::{Date, OffsetDateTime, UtcOffset};

/// Singapore time: UTC+8 all year round.
pub const SGT: UtcOffset = offset!(+8);

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Whether what ends at `expires_at` is over: at that very moment it is. Every "expired" of the portal
/// is this sentence, so that no two pages disagree about the last second.
#[must_use]
pub fn is_expired(expires_at: OffsetDateTime, now: OffsetDateTime) -> bool {
    now >= expires_at
}

/// The same moment on a clock in Singapore.
#[must_use]
pub fn in_singapore(moment: OffsetDateTime) -> OffsetDateTime {
    // Only within eight hours of the end of the year 9999 is there no such clock.
    moment.checked_to_offset(SGT).unwrap_or(moment)
}

/// `22 Nov 2026, 7:07 pm`
#[must_use]
pub fn date_time(moment: OffsetDateTime) -> String {
    let local = in_singapore(moment);
    let half = if local.hour() < 12 { "am" } else { "pm" };
    let hour = match local.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let day = date(local.date());
    format!("{day}, {hour}:{:02} {half}", local.minute())
}

/// `22 Nov 2026`: the day that it is in Singapore at that moment.
#[must_use]
pub fn date_only(moment: OffsetDateTime) -> String {
    date(in_singapore(moment).date())
}

/// `22 Nov 2026`
#[must_use]
pub fn date(date: Date) -> String {
    let month = MONTHS[usize::from(u8::from(date.month())) - 1];
    format!("{} {month} {}", date.day(), date.year())
}

#[cfg(test)]
mod tests {
    use super::{SGT, date, date_only, date_time, in_singapore, is_expired};
    use proptest::prelude::*;
    use time::macros::{date, datetime};
    use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime};

    #[test]
    fn a_moment_is_shown_in_singapore_time() {
        for (moment, long, short) in [
            (datetime!(2026-11-22 11:07 UTC), "22 Nov 2026, 7:07 pm", "22 Nov 2026"),
            (datetime!(2026-11-22 15:59:59 UTC), "22 Nov 2026, 11:59 pm", "22 Nov 2026"),
            (datetime!(2026-11-22 16:00 UTC), "23 Nov 2026, 12:00 am", "23 Nov 2026"),
            (datetime!(2026-12-31 16:05 UTC), "1 Jan 2027, 12:05 am", "1 Jan 2027"),
            (datetime!(2028-02-28 20:30 UTC), "29 Feb 2028, 4:30 am", "29 Feb 2028"),
            (datetime!(2026-09-05 04:00 UTC), "5 Sep 2026, 12:00 pm", "5 Sep 2026"),
            (datetime!(2026-05-04 09:09 +08:00), "4 May 2026, 9:09 am", "4 May 2026"),
            (datetime!(2026-05-04 23:00 -05:00), "5 May 2026, 12:00 pm", "5 May 2026"),
        ] {
            assert_eq!(date_time(moment), long);
            assert_eq!(date_only(moment), short);
        }
        assert_eq!(date(date!(2026 - 11 - 22)), "22 Nov 2026");
    }

    #[test]
    fn what_ends_at_a_moment_is_over_at_that_moment() {
        let end = datetime!(2026-11-22 11:07 UTC);
        for (now, expired) in [
            (end - Duration::SECOND, false),
            (end - Duration::NANOSECOND, false),
            (end, true),
            (end.to_offset(SGT), true),
            (end + Duration::SECOND, true),
        ] {
            assert_eq!(is_expired(end, now), expired, "{now}");
        }
    }

    #[test]
    fn the_end_of_time_does_not_panic() {
        let end = PrimitiveDateTime::MAX.assume_utc();
        assert_eq!(in_singapore(end), end);
        assert!(date_time(end).starts_with("31 Dec 9999"));
        assert_eq!(date(Date::MAX), "31 Dec 9999");
    }

    proptest! {
        #[test]
        fn changing_the_clock_never_changes_the_moment(seconds in 0_i64..32_503_680_000) {
            let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            prop_assert_eq!(in_singapore(moment), moment);
            prop_assert_eq!(date_time(in_singapore(moment)), date_time(moment));
        }
    }
}
