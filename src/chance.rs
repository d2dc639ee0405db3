//! The one place where randomness comes from, so that a test can choose it.

use std::sync::{Mutex, PoisonError};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::{Rng, SeedableRng, TryRng, rngs::StdRng, rngs::SysRng};
use time::OffsetDateTime;
use uuid::Uuid;

/// A source of random bytes that nobody can foresee.
pub trait Chance: Send + Sync {
    /// Fills `bytes` with random ones.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn fill(&self, bytes: &mut [u8]) {
        // The kernel's generator fails only where nothing secret can be made at all; going on would be worse than stopping.
        SysRng.try_fill_bytes(bytes).expect("the operating system gives random bytes");
    }
}

/// Randomness that repeats itself from a seed: for tests.
#[derive(Debug)]
pub struct SeededChance(Mutex<StdRng>);

impl SeededChance {
    /// A source whose bytes follow from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Chance for SeededChance {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
}

impl dyn Chance + '_ {
    /// Random bytes, as many as asked for.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A new token, as it stands in an address: 256 bits. Only its hash is kept.
    pub fn token(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    /// A new identifier (UUID version 7): ordered by `now`, so that indexes grow at one end.
    pub fn id(&self, now: OffsetDateTime) -> Uuid {
        let milliseconds = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &self.bytes()).into_uuid()
    }

    /// A number from 0 up to, but not including, 1: for jitter.
    pub fn fraction(&self) -> f64 {
        f64::from(u32::from_le_bytes(self.bytes())) / (f64::from(u32::MAX) + 1.0)
    }

    /// A number from 1 to `most`, both included.
    pub fn one_to(&self, most: u32) -> u32 {
        // The bias of the remainder is below one in a billion for the small numbers asked for here.
        let wide = u64::from_le_bytes(self.bytes());
        u32::try_from(wide % u64::from(most.max(1))).unwrap_or(0) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn ids_are_ordered_by_the_moment_they_were_made_at() {
        let chance: &dyn Chance = &SeededChance::new(1);
        let earlier = chance.id(datetime!(2026-11-22 11:07:00.000 UTC));
        let later = chance.id(datetime!(2026-11-22 11:07:00.001 UTC));
        assert!(earlier < later);
        assert_eq!(earlier.get_version_num(), 7);
    }

    #[test]
    fn numbers_stay_within_their_bounds() {
        let chance: &dyn Chance = &SeededChance::new(2);
        for _ in 0..1_000 {
            assert!((1..=6).contains(&chance.one_to(6)));
            assert!((0.0..1.0).contains(&chance.fraction()));
        }
        assert_eq!(chance.one_to(0), 1);
    }
}
