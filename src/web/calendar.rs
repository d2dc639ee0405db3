//! Dates as a file that calendars take (iCalendar, RFC 5545).

use chrono::DateTime;
use icalendar::{Calendar, Component, Event, EventLike};
use time::OffsetDateTime;

/// A date to put into a calendar.
#[derive(Debug)]
pub struct Entry {
    /// The same for the same thing, for good: a calendar that has it moves it.
    pub uid: String,
    /// When.
    pub at: OffsetDateTime,
    /// What the calendar shows.
    pub title: String,
    /// More about it.
    pub text: String,
    /// Where to do something about it.
    pub link: String,
}

/// The file.
pub fn file(name: &str, entries: &[Entry], now: OffsetDateTime) -> String {
    let mut calendar = Calendar::new();
    calendar.name(name);
    for entry in entries {
        let at = moment(entry.at);
        // The library would fill in a UID and a time of its own where one is missing.
        calendar.push(
            Event::new()
                .uid(&entry.uid)
                .timestamp(moment(now))
                .starts(at)
                .ends(at)
                .summary(&entry.title)
                .description(&entry.text)
                .url(&entry.link)
                .done(),
        );
    }
    calendar.to_string()
}

fn moment(at: OffsetDateTime) -> DateTime<chrono::Utc> {
    DateTime::from_timestamp(at.unix_timestamp(), 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 11:07 UTC);

    fn written() -> String {
        let entry = Entry {
            uid: "review-1@portal.example".to_owned(),
            at: datetime!(2027-05-21 19:07:09 +08:00),
            title: "Look through it; then, say so \\o/".to_owned(),
            text: "What happens, and what stops it.\nÄ second line that is far longer than the seventy-five octets of a line, é and all.".to_owned(),
            link: "https://portal.example/account/security".to_owned(),
        };
        file("TechPass", &[entry], NOW)
    }

    #[test]
    fn every_line_ends_as_the_standard_wants_it_and_is_75_octets_long_at_most() {
        let file = written();
        assert!(file.starts_with("BEGIN:VCALENDAR\r\n") && file.ends_with("END:VCALENDAR\r\n"), "{file}");
        assert_eq!(file.matches('\n').count(), file.matches("\r\n").count());
        for line in file.split("\r\n") {
            assert!(line.len() <= 75, "{} octets: {line}", line.len());
        }
        assert!(file.contains("\r\n "), "a long line is folded: {file}");
    }

    #[test]
    fn commas_semicolons_backslashes_and_line_breaks_are_escaped() {
        let unfolded = written().replace("\r\n ", "");
        let has = |line: &str| assert!(unfolded.lines().any(|known| known == line), "{line} in {unfolded}");
        has(r"SUMMARY:Look through it\; then\, say so \\o/");
        has(
            r"DESCRIPTION:What happens\, and what stops it.\nÄ second line that is far longer than the seventy-five octets of a line\, é and all.",
        );
    }

    #[test]
    fn what_a_calendar_needs_is_there_and_follows_from_what_came_in() {
        let file = written();
        for line in [
            "VERSION:2.0",
            "UID:review-1@portal.example",
            "DTSTAMP:20261122T110700Z",
            "DTSTART:20270521T110709Z",
            "DTEND:20270521T110709Z",
            "URL:https://portal.example/account/security",
        ] {
            assert!(file.lines().any(|known| known == line), "{line} in {file}");
        }
        assert!(file.lines().any(|line| line.starts_with("PRODID:")));
        assert_eq!(file, written());
    }
}
