//! The one place that knows what time it is. Everything else is given a moment, so that a test can choose it.

use std::sync::{Arc, Mutex, PoisonError};

use time::{Duration, OffsetDateTime};

/// Tells the present moment, in UTC, to the microsecond (what PostgreSQL keeps).
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> OffsetDateTime;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock that everybody else asks")]
    fn now(&self) -> OffsetDateTime {
        to_microseconds(OffsetDateTime::now_utc())
    }
}

/// A clock that stands still until it is moved: for tests.
#[derive(Debug, Clone)]
pub struct SettableClock(Arc<Mutex<OffsetDateTime>>);

impl SettableClock {
    /// A clock that stands at `now`.
    pub fn at(now: OffsetDateTime) -> Self {
        Self(Arc::new(Mutex::new(to_microseconds(now))))
    }

    /// Moves the clock forward (or, with a negative duration, back).
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for SettableClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// PostgreSQL keeps microseconds: a moment read back must equal the one that was written.
fn to_microseconds(moment: OffsetDateTime) -> OffsetDateTime {
    let surplus = moment.nanosecond() % 1_000;
    moment - Duration::nanoseconds(i64::from(surplus))
}
