//! The seals of the audit trail: what a batch of entries is reduced to, so that any change of them shows (docs/rules.md §8.9).
//! How the trail is stored, and by whom a seal is signed, is not said here.

use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

/// What the first seal follows.
pub const NOTHING_BEFORE: [u8; 32] = [0; 32];

/// Nothing is older: what the database can hold begins here.
pub const BEGINNING: OffsetDateTime = datetime!(-4712-01-01 00:00 UTC);

/// How much older than what is sealed already an entry may be and still be sealed. Clocks differ and transactions take a while,
/// but not so long: what comes later was slipped in.
const LATE: Duration = Duration::DAY;

/// How soon an entry must be sealed.
pub const SEALED_WITHIN: Duration = Duration::HOUR;

/// An entry of the trail, with everything that it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailEntry {
    /// Its id.
    pub id: Uuid,
    /// When it happened.
    pub at: OffsetDateTime,
    /// Who did it.
    pub actor: Option<Uuid>,
    /// What.
    pub event: String,
    /// To whom.
    pub account: Option<Uuid>,
    /// The reference of the request.
    pub request_id: Option<String>,
    /// More about it, as the database writes it.
    pub details: String,
}

/// What stands in a seal besides its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealHead {
    /// Which seal it is, counted from 1.
    pub number: i64,
    /// The hash of the one before.
    pub previous: [u8; 32],
    /// The latest moment of any entry that is sealed so far.
    pub latest: OffsetDateTime,
    /// When it is made.
    pub sealed_at: OffsetDateTime,
}

/// Makes the hash of a seal, an entry after the other.
#[derive(Debug)]
pub struct Sealing {
    hash: Sha256,
    entries: i32,
}

impl Sealing {
    /// Begins the seal that has this head.
    #[must_use]
    pub fn begin(head: &SealHead) -> Self {
        let mut sealing = Self { hash: Sha256::new_with_prefix(b"portal audit seal 1"), entries: 0 };
        sealing.field(Some(&head.number.to_le_bytes()));
        sealing.field(Some(&head.previous));
        sealing.moment(head.latest);
        sealing.moment(head.sealed_at);
        sealing
    }

    /// Takes the next entry.
    pub fn add(&mut self, entry: &TrailEntry) {
        self.entries += 1;
        self.field(Some(entry.id.as_bytes()));
        self.moment(entry.at);
        self.field(entry.actor.as_ref().map(|id| id.as_bytes().as_slice()));
        self.field(Some(entry.event.as_bytes()));
        self.field(entry.account.as_ref().map(|id| id.as_bytes().as_slice()));
        self.field(entry.request_id.as_deref().map(str::as_bytes));
        self.field(Some(entry.details.as_bytes()));
    }

    /// How many entries it is on so far.
    #[must_use]
    pub fn entries(&self) -> i32 {
        self.entries
    }

    /// The hash.
    #[must_use]
    pub fn finish(mut self) -> [u8; 32] {
        let entries = self.entries;
        self.field(Some(&entries.to_le_bytes()));
        self.hash.finalize().into()
    }

    fn moment(&mut self, moment: OffsetDateTime) {
        self.field(Some(&moment.unix_timestamp_nanos().to_le_bytes()));
    }

    /// Every field has its length before it, so that none can run into the next; what is not there has a length of its own.
    fn field(&mut self, field: Option<&[u8]>) {
        self.hash.update(field.map_or(u64::MAX, |field| field.len() as u64).to_le_bytes());
        self.hash.update(field.unwrap_or_default());
    }
}

/// From when on entries come under the seal that follows this one.
///
/// An entry whose clock ran ahead must not keep all others out: it counts up to the moment at which it was sealed.
#[must_use]
pub fn sealed_from(newest: &SealHead, now: OffsetDateTime) -> OffsetDateTime {
    newest.latest.min(newest.sealed_at).min(now).saturating_sub(LATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: OffsetDateTime = datetime!(2026-11-22 11:07 UTC);

    fn head() -> SealHead {
        SealHead { number: 1, previous: NOTHING_BEFORE, latest: AT, sealed_at: AT }
    }

    fn entry(number: u128) -> TrailEntry {
        TrailEntry {
            id: Uuid::from_u128(number),
            at: AT,
            actor: Some(Uuid::from_u128(7)),
            event: "signed_in".to_owned(),
            account: Some(Uuid::from_u128(7)),
            request_id: Some("7F3K-22QD-9B".to_owned()),
            details: "{}".to_owned(),
        }
    }

    fn hash(head: &SealHead, entries: &[TrailEntry]) -> [u8; 32] {
        let mut sealing = Sealing::begin(head);
        for entry in entries {
            sealing.add(entry);
        }
        assert_eq!(usize::try_from(sealing.entries()), Ok(entries.len()));
        sealing.finish()
    }

    #[test]
    fn any_change_of_any_column_gives_another_hash() {
        let changes: [fn(&mut TrailEntry); 12] = [
            |entry| entry.id = Uuid::from_u128(99),
            |entry| entry.at += Duration::MICROSECOND,
            |entry| entry.actor = None,
            |entry| entry.actor = Some(Uuid::nil()),
            |entry| entry.event = "signed_out".to_owned(),
            |entry| entry.event = "signed_i".to_owned(),
            |entry| entry.account = None,
            |entry| entry.account = Some(Uuid::nil()),
            |entry| entry.request_id = None,
            |entry| entry.request_id = Some(String::new()),
            |entry| entry.details = "{ }".to_owned(),
            |entry| (entry.event, entry.details) = ("signed_in{".to_owned(), "}".to_owned()),
        ];
        let honest = [entry(1), entry(2)];
        let mut seen = vec![hash(&head(), &honest)];
        for change in changes {
            let mut entries = honest.clone();
            change(&mut entries[1]);
            seen.push(hash(&head(), &entries));
        }
        let all = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), all);
    }

    #[test]
    fn order_number_of_entries_and_head_are_part_of_the_hash() {
        let honest = hash(&head(), &[entry(1), entry(2)]);
        assert_ne!(hash(&head(), &[entry(2), entry(1)]), honest);
        assert_ne!(hash(&head(), &[entry(1)]), honest);
        assert_ne!(hash(&head(), &[entry(1), entry(2), entry(3)]), honest);
        for other in [
            SealHead { number: 2, ..head() },
            SealHead { previous: [1; 32], ..head() },
            SealHead { latest: AT + Duration::SECOND, ..head() },
            SealHead { sealed_at: AT + Duration::SECOND, ..head() },
        ] {
            assert_ne!(hash(&other, &[entry(1), entry(2)]), honest);
        }
        assert_eq!(hash(&head(), &[entry(1), entry(2)]), honest);
    }

    #[test]
    fn an_entry_is_sealed_up_to_a_day_late_and_a_clock_that_ran_ahead_keeps_nobody_out() {
        assert_eq!(sealed_from(&head(), AT + Duration::days(3)), AT - Duration::DAY);
        let ahead = SealHead { latest: AT + Duration::days(900), ..head() };
        assert_eq!(sealed_from(&ahead, AT + Duration::days(3)), AT - Duration::DAY);
        let both_ahead = SealHead { sealed_at: AT + Duration::days(900), ..ahead };
        assert_eq!(sealed_from(&both_ahead, AT), AT - Duration::DAY);
    }
}
