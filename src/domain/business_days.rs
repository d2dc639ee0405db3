//! Days on which the service desk works: what "within 3 business days" means as a date (docs/rules.md §6.7).
//! The holidays come in as data that an administrator edits; none is to be put here.

use std::collections::HashSet;

use time::{Date, OffsetDateTime, Weekday};

use super::moment::in_singapore;

/// Within how many business days the service desk answers (docs/rules.md §6.7).
pub const SERVICE_DESK_DAYS: u32 = 3;

/// Singapore's business days: Monday to Friday without the public holidays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BusinessCalendar {
    holidays: HashSet<Date>,
}

impl BusinessCalendar {
    /// A calendar with these public holidays, those observed on another day included.
    pub fn new(holidays: impl IntoIterator<Item = Date>) -> Self {
        Self { holidays: holidays.into_iter().collect() }
    }

    /// Whether the service desk works on that day.
    #[must_use]
    pub fn is_business_day(&self, date: Date) -> bool {
        let is_weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        !is_weekend && !self.holidays.contains(&date)
    }

    /// The `days`th business day after the day that it is in Singapore at `from` (docs/rules.md §6.7).
    ///
    /// That day itself never counts, whatever the hour, so that nobody is promised less than whole
    /// days. No days at all is that day, or the next business day where it is none.
    #[must_use]
    pub fn after(&self, from: OffsetDateTime, days: u32) -> Date {
        let today = in_singapore(from).date();
        if days == 0 && self.is_business_day(today) {
            return today;
        }
        let mut left = days.max(1);
        let mut date = today;
        while left > 0 {
            let Some(next) = date.next_day() else {
                return date;
            };
            date = next;
            left -= u32::from(self.is_business_day(date));
        }
        date
    }
}

#[cfg(test)]
mod tests {
    use super::BusinessCalendar;
    use crate::domain::moment::SGT;
    use proptest::prelude::*;
    use time::macros::{date, datetime, time};
    use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime};

    /// From the list of public holidays that the portal starts with.
    const HOLIDAYS: [Date; 25] = [
        date!(2026 - 01 - 01),
        date!(2026 - 02 - 17),
        date!(2026 - 02 - 18),
        date!(2026 - 03 - 21),
        date!(2026 - 04 - 03),
        date!(2026 - 05 - 01),
        date!(2026 - 05 - 27),
        date!(2026 - 05 - 31),
        date!(2026 - 06 - 01),
        date!(2026 - 08 - 09),
        date!(2026 - 08 - 10),
        date!(2026 - 11 - 08),
        date!(2026 - 11 - 09),
        date!(2026 - 12 - 25),
        date!(2027 - 01 - 01),
        date!(2027 - 02 - 06),
        date!(2027 - 02 - 07),
        date!(2027 - 02 - 08),
        date!(2027 - 03 - 10),
        date!(2027 - 03 - 26),
        date!(2027 - 05 - 01),
        date!(2027 - 05 - 17),
        date!(2027 - 05 - 20),
        date!(2027 - 08 - 09),
        date!(2027 - 12 - 25),
    ];

    fn singapore() -> BusinessCalendar {
        BusinessCalendar::new(HOLIDAYS)
    }

    fn noon(date: Date) -> OffsetDateTime {
        date.with_time(time!(12:00)).assume_offset(SGT)
    }

    #[test]
    fn weekends_and_holidays_are_no_business_days() {
        for (date, expected) in [
            (date!(2026 - 11 - 20), true),
            (date!(2026 - 11 - 21), false),
            (date!(2026 - 11 - 22), false),
            (date!(2026 - 11 - 23), true),
            (date!(2026 - 02 - 16), true),
            (date!(2026 - 02 - 17), false),
            (date!(2026 - 08 - 10), false),
        ] {
            assert_eq!(singapore().is_business_day(date), expected, "{date}");
        }
    }

    #[test]
    fn three_business_days_step_over_weekends_and_holidays() {
        for (why, asked, due) in [
            ("a Monday", date!(2026 - 11 - 16), date!(2026 - 11 - 19)),
            ("a Friday", date!(2026 - 11 - 20), date!(2026 - 11 - 25)),
            ("a Saturday", date!(2026 - 11 - 21), date!(2026 - 11 - 25)),
            ("a Sunday", date!(2026 - 11 - 22), date!(2026 - 11 - 25)),
            ("before Chinese New Year", date!(2026 - 02 - 16), date!(2026 - 02 - 23)),
            ("on Chinese New Year", date!(2026 - 02 - 17), date!(2026 - 02 - 23)),
            ("before Chinese New Year on a weekend, observed on Monday", date!(2027 - 02 - 05), date!(2027 - 02 - 11)),
            ("National Day on a Sunday, observed on Monday", date!(2026 - 08 - 07), date!(2026 - 08 - 13)),
            ("before Christmas", date!(2026 - 12 - 24), date!(2026 - 12 - 30)),
            ("over the end of the year", date!(2026 - 12 - 30), date!(2027 - 01 - 05)),
            ("on New Year's Eve", date!(2026 - 12 - 31), date!(2027 - 01 - 06)),
            ("on New Year's Day", date!(2027 - 01 - 01), date!(2027 - 01 - 06)),
        ] {
            assert_eq!(singapore().after(noon(asked), 3), due, "{why}");
        }
    }

    #[test]
    fn the_day_changes_at_midnight_in_singapore() {
        let friday_due = date!(2026 - 11 - 25);
        let thursday_due = date!(2026 - 11 - 24);
        for (asked, due) in [
            (datetime!(2026-11-19 23:59:59 +08:00), thursday_due),
            (datetime!(2026-11-20 00:00:00 +08:00), friday_due),
            (datetime!(2026-11-20 23:59:59 +08:00), friday_due),
            (datetime!(2026-11-19 15:59:59 UTC), thursday_due),
            (datetime!(2026-11-19 16:00:00 UTC), friday_due),
            (datetime!(2026-12-31 15:59:59 UTC), date!(2027 - 01 - 06)),
        ] {
            assert_eq!(singapore().after(asked, 3), due, "{asked}");
        }
    }

    #[test]
    fn no_days_at_all_is_today_or_the_next_business_day() {
        for (asked, due) in [
            (date!(2026 - 11 - 20), date!(2026 - 11 - 20)),
            (date!(2026 - 11 - 21), date!(2026 - 11 - 23)),
            (date!(2026 - 12 - 25), date!(2026 - 12 - 28)),
        ] {
            assert_eq!(singapore().after(noon(asked), 0), due, "{asked}");
        }
    }

    #[test]
    fn the_end_of_time_does_not_panic() {
        let end = PrimitiveDateTime::MAX.assume_utc();
        assert_eq!(singapore().after(end, u32::MAX), Date::MAX);
    }

    proptest! {
        #[test]
        fn the_due_date_is_a_business_day_with_that_many_up_to_it(
            offset in 0_i64..63_072_000,
            days in 1_u32..30,
        ) {
            let calendar = singapore();
            let from = datetime!(2026-01-01 00:00 UTC) + Duration::seconds(offset);
            let today = from.to_offset(SGT).date();

            let due = calendar.after(from, days);

            let mut passed = 0;
            let mut date = today;
            while date < due {
                date = date.next_day().unwrap();
                passed += u32::from(calendar.is_business_day(date));
            }
            prop_assert!(calendar.is_business_day(due));
            prop_assert_eq!(passed, days);
        }

        #[test]
        fn asking_later_is_never_due_earlier(
            offset in 0_i64..63_072_000,
            later in 0_i64..2_000_000,
            days in 0_u32..10,
        ) {
            let calendar = singapore();
            let from = datetime!(2026-01-01 00:00 UTC) + Duration::seconds(offset);
            let then = from + Duration::seconds(later);
            prop_assert!(calendar.after(from, days) <= calendar.after(then, days));
        }
    }
}
