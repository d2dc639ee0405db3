//! `portal audit verify`: is the audit trail what was sealed? It takes the same memory however long the trail is.

use std::{collections::VecDeque, fmt};

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    app::App,
    domain::{
        moment,
        trail::{BEGINNING, NOTHING_BEFORE, SEALED_WITHIN, Sealing},
    },
    jobs::seal,
    store::{
        StoreError,
        audit_seals::{self, Seal, Sealed},
    },
};

/// How much of the trail is held in memory at once.
const AT_ONCE: i64 = 4_000;

/// A trail in which nothing is amiss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// How many entries are under a seal.
    pub sealed: u64,
    /// How many are not yet.
    pub waiting: u64,
    /// The newest seal: its number, its hash, and when it was made.
    pub newest: Option<(i64, String, OffsetDateTime)>,
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the audit trail is whole: {} sealed, {} not yet", self.sealed, self.waiting)?;
        match &self.newest {
            Some((number, hash, at)) => {
                write!(f, "; the newest seal, {number} of {}, has the hash {hash}", moment::date_time(*at))
            }
            None => f.write_str("; there is no seal"),
        }
    }
}

/// The first place at which the trail is not what was sealed, or why that cannot be said.
#[derive(Debug, thiserror::Error)]
pub enum NotWhole {
    /// A seal is gone.
    #[error("the audit trail is broken: seal {0} is missing")]
    MissingSeal(i64),
    /// A seal does not follow the one before it.
    #[error("the audit trail is broken: seal {0} does not follow the one before it")]
    OutOfChain(i64),
    /// An entry is gone.
    #[error("the audit trail is broken: entry {entry} is missing, place {position} under seal {seal}")]
    MissingEntry {
        /// Which.
        entry: Uuid,
        /// Under which seal it stood.
        seal: i64,
        /// Where there.
        position: i32,
    },
    /// There are more entries under a seal than it was made for, or fewer.
    #[error("the audit trail is broken: seal {seal} is for {count} entries, and {found} are under it")]
    OtherNumber {
        /// Which seal.
        seal: i64,
        /// For how many it was made.
        count: i32,
        /// How many there are.
        found: i32,
    },
    /// The entries under a seal are not those that it was made for.
    #[error(
        "the audit trail is broken: seal {seal} does not fit its entries, of {from} to {to}: one was changed, or their order"
    )]
    Changed {
        /// Which seal.
        seal: i64,
        /// When the first of its entries happened.
        from: String,
        /// When the last one did.
        to: String,
    },
    /// The newest seal was made with a key that is neither the current nor the previous one.
    #[error(
        "the audit trail is broken: the newest seal, {0}, was not made with PORTAL_SECRET_KEY or PORTAL_SECRET_KEY_PREVIOUS"
    )]
    NotOurs(i64),
    /// An entry is under no seal although it is old: it was slipped in, or nobody seals.
    #[error("the audit trail is broken: entry {entry} of {at} is under no seal, and is more than an hour old")]
    Unsealed {
        /// Which.
        entry: Uuid,
        /// When it says that it happened.
        at: String,
    },
    /// A hash that was noted earlier is not there any more.
    #[error("the audit trail is broken: no seal has the hash {0}, so seals were taken away")]
    MissingHash(String),
    /// The database did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for NotWhole {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Takes a hash as the log and an earlier run have it.
///
/// # Errors
/// A sentence, if it is none.
pub fn parse_hash(text: &str) -> Result<[u8; 32], String> {
    let bytes = hex::decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| "a hash has 64 digits from 0 to f".to_owned())
}

/// Goes through the whole trail. With `expected`, the hash of any seal of before, it is also seen whether all of it was taken
/// away and begun anew.
///
/// # Errors
/// [`NotWhole`] names the first place that is amiss.
pub async fn verify(app: &App, expected: Option<[u8; 32]>) -> Result<Whole, NotWhole> {
    let newest = audit_seals::newest(&mut *app.pool.acquire().await?).await?;
    let (sealed, is_expected_there) = verify_chain(app, newest.as_ref(), expected).await?;
    if let Some(newest) = &newest
        && !seal::is_ours(&app.keys, newest)
    {
        return Err(NotWhole::NotOurs(newest.head.number));
    }
    let waiting = verify_places(app).await?;
    if let Some(expected) = expected
        && !is_expected_there
    {
        return Err(NotWhole::MissingHash(hex::encode(expected)));
    }
    let newest = newest.map(|newest| (newest.head.number, hex::encode(newest.hash), newest.head.sealed_at));
    Ok(Whole { sealed, waiting, newest })
}

/// From the first seal to the newest: does each follow the one before, and do its entries fit? Gives the number of entries, and
/// whether a seal has the hash that is expected.
async fn verify_chain(app: &App, newest: Option<&Seal>, expected: Option<[u8; 32]>) -> Result<(u64, bool), NotWhole> {
    let mut connection = app.pool.acquire().await?;
    let mut walk = Walk::new(&mut connection);
    let last = newest.map_or(0, |newest| newest.head.number);
    let (mut sealed, mut is_expected_there) = (0, false);
    let mut previous = NOTHING_BEFORE;
    for number in 1..=last {
        let seal = walk.next_seal().await?.filter(|seal| seal.head.number == number);
        let seal = seal.ok_or(NotWhole::MissingSeal(number))?;
        if seal.head.previous != previous {
            return Err(NotWhole::OutOfChain(number));
        }
        verify_entries(&mut walk, &seal).await?;
        sealed += u64::try_from(seal.count).unwrap_or_default();
        is_expected_there |= expected == Some(seal.hash);
        previous = seal.hash;
    }
    // Seals that are made meanwhile are none of those that are gone.
    match walk.next_place().await? {
        Some(seal) if seal <= last || !audit_seals::exists(walk.connection, seal).await? => {
            Err(NotWhole::MissingSeal(seal))
        }
        _ => Ok((sealed, is_expected_there)),
    }
}

async fn verify_entries(walk: &mut Walk<'_>, seal: &Seal) -> Result<(), NotWhole> {
    let number = seal.head.number;
    let (mut sealing, mut times) = (Sealing::begin(&seal.head), None);
    while let Some(sealed) = walk.next_under(number).await? {
        let Some(entry) = sealed.entry else {
            return Err(NotWhole::MissingEntry { entry: sealed.id, seal: number, position: sealed.position });
        };
        let (from, to) = times.unwrap_or((entry.at, entry.at));
        times = Some((entry.at.min(from), entry.at.max(to)));
        sealing.add(&entry);
    }
    let found = sealing.entries();
    if found != seal.count {
        return Err(NotWhole::OtherNumber { seal: number, count: seal.count, found });
    }
    if sealing.finish() != seal.hash {
        let (from, to) = times.unwrap_or((seal.head.sealed_at, seal.head.sealed_at));
        return Err(NotWhole::Changed { seal: number, from: moment::date_time(from), to: moment::date_time(to) });
    }
    Ok(())
}

/// A walk along the seals and what is under them, a few thousand at a time.
struct Walk<'c> {
    connection: &'c mut PgConnection,
    seals: VecDeque<Seal>,
    sealed: VecDeque<Sealed>,
    /// Up to where each has been read.
    last_seal: i64,
    last_sealed: (i64, i32),
}

impl<'c> Walk<'c> {
    fn new(connection: &'c mut PgConnection) -> Self {
        let (seals, sealed) = (VecDeque::new(), VecDeque::new());
        Self { connection, seals, sealed, last_seal: i64::MIN, last_sealed: (i64::MIN, i32::MIN) }
    }

    async fn next_seal(&mut self) -> Result<Option<Seal>, StoreError> {
        if self.seals.is_empty() {
            self.seals = audit_seals::after(self.connection, self.last_seal, AT_ONCE).await?.into();
            self.last_seal = self.seals.back().map_or(self.last_seal, |seal| seal.head.number);
        }
        Ok(self.seals.pop_front())
    }

    /// The next entry under this seal. None if the next one is under another.
    async fn next_under(&mut self, seal: i64) -> Result<Option<Sealed>, StoreError> {
        let is_under = self.next_place().await? == Some(seal);
        Ok(if is_under { self.sealed.pop_front() } else { None })
    }

    /// Under which seal the next entry is.
    async fn next_place(&mut self) -> Result<Option<i64>, StoreError> {
        if self.sealed.is_empty() {
            let (seal, position) = self.last_sealed;
            self.sealed = audit_seals::sealed_after(self.connection, seal, position, AT_ONCE).await?.into();
            self.last_sealed = self.sealed.back().map_or(self.last_sealed, |last| (last.seal, last.position));
        }
        Ok(self.sealed.front().map(|sealed| sealed.seal))
    }
}

/// Whether every entry but the latest is under a seal. Gives how many are not yet.
async fn verify_places(app: &App) -> Result<u64, NotWhole> {
    let mut connection = app.pool.acquire().await?;
    let must_be_sealed_until = app.clock.now() - SEALED_WITHIN;
    let (mut at, mut id, mut waiting) = (BEGINNING, Uuid::nil(), 0);
    loop {
        let places = audit_seals::places_after(&mut connection, at, id, AT_ONCE).await?;
        for place in &places {
            if place.is_sealed {
                continue;
            }
            if place.at < must_be_sealed_until {
                return Err(NotWhole::Unsealed { entry: place.id, at: moment::date_time(place.at) });
            }
            waiting += 1;
        }
        match places.last() {
            Some(last) => (at, id) = (last.at, last.id),
            None => return Ok(waiting),
        }
    }
}
