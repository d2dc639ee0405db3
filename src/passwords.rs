//! Hashing passwords (Argon2id, 19 MiB, 2 passes), which is slow on purpose: off the threads that answer pages, a few at once,
//! in memory that is used again, with a queue that says no rather than let everybody wait.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use crate::{
    chance::Chance,
    domain::password::{Judgement, judge},
};

/// Kibibytes of memory, passes, lanes (OWASP's second choice; RFC 9106 §4).
const MEMORY: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// How many hashes are made at once: as many as there are cores on the smallest machine that we run on.
const AT_ONCE: usize = 2;

/// How many may wait for their turn: four seconds' worth. More are sent away, or nobody would get in.
const WAITING: usize = 256;

/// Too many passwords are being checked just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked just now")]
pub struct Busy;

/// Makes and checks hashes. Cheap to clone.
#[derive(Clone)]
pub struct Passwords(Arc<Inner>);

struct Inner {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    /// What a hash is made in, kept from one to the next.
    memory: Mutex<Vec<Vec<Block>>>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl Passwords {
    /// Nothing is hashed yet.
    pub fn new() -> Self {
        let inner = Inner {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            places: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            memory: Mutex::default(),
        };
        Self(Arc::new(inner))
    }

    /// The hash of a password, as a PHC string, with a new salt.
    ///
    /// # Errors
    /// [`Busy`] if too many wait already.
    pub async fn hash(&self, password: &str, chance: &dyn Chance) -> Result<String, Busy> {
        let salt = chance.bytes::<SALT_BYTES>();
        let hash = self.work(password, salt.to_vec()).await?;
        let encode = |bytes: &[u8]| BASE64_STANDARD_NO_PAD.encode(bytes);
        Ok(format!("$argon2id$v=19$m={MEMORY},t={PASSES},p={LANES}${}${}", encode(&salt), encode(&hash)))
    }

    /// Whether a password is the one that `known` is the hash of. Without one (nobody has that name) it is no, and takes as long.
    ///
    /// # Errors
    /// [`Busy`] if too many wait already.
    pub async fn is_right(&self, password: &str, known: Option<&str>) -> Result<bool, Busy> {
        let parts = known.and_then(take_apart);
        let (salt, expected) = parts.clone().unwrap_or_else(|| (vec![0; SALT_BYTES], vec![0; HASH_BYTES]));
        let hash = self.work(password, salt).await?;
        Ok(bool::from(hash.as_slice().ct_eq(&expected)) && parts.is_some())
    }

    /// Judges a new password of somebody whose names and IDs are `about`: off the threads that answer pages, for some texts take long, and
    /// in turn with the hashes.
    ///
    /// # Errors
    /// [`Busy`] if too many wait already.
    pub async fn judge(&self, password: String, about: Vec<String>) -> Result<Judgement, Busy> {
        self.in_turn(move || judge(&password, &about)).await
    }

    async fn work(&self, password: &str, salt: Vec<u8>) -> Result<[u8; HASH_BYTES], Busy> {
        let (inner, password) = (Arc::clone(&self.0), password.as_bytes().to_vec());
        self.in_turn(move || inner.fill(&password, &salt)).await
    }

    /// Does slow work when it is its turn. Place and turn go along with the work: who asked may hang up, which ends this future but
    /// not the work, and the next one may only begin when that is over.
    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let place = Arc::clone(&self.0.places).try_acquire_owned().map_err(|_| Busy)?;
        let turn = Arc::clone(&self.0.turns).acquire_owned().await.map_err(|_| Busy)?;
        let working = tokio::task::spawn_blocking(move || {
            let _held = (place, turn);
            work()
        });
        working.await.map_err(|_| Busy)
    }
}

impl Inner {
    fn fill(&self, password: &[u8], salt: &[u8]) -> [u8; HASH_BYTES] {
        let params = Params::new(MEMORY, PASSES, LANES, Some(HASH_BYTES)).expect("parameters that Argon2 takes");
        let kept = self.memory.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut memory = kept.unwrap_or_else(|| vec![Block::new(); params.block_count()]);
        let mut hash = [0; HASH_BYTES];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(password, salt, &mut hash, &mut memory)
            .expect("lengths that Argon2 takes");
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
        hash
    }
}

/// Salt and hash of a PHC string of ours.
fn take_apart(phc: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let rest = phc.strip_prefix(&format!("$argon2id$v=19$m={MEMORY},t={PASSES},p={LANES}$"))?;
    let (salt, hash) = rest.split_once('$')?;
    let decode = |text: &str| BASE64_STANDARD_NO_PAD.decode(text).ok();
    Some((decode(salt)?, decode(hash)?)).filter(|(salt, hash)| salt.len() >= 8 && hash.len() == HASH_BYTES)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    use futures_util::FutureExt;

    use super::*;
    use crate::chance::SeededChance;

    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let (passwords, chance) = (Passwords::new(), SeededChance::new(1));
        let hash = passwords.hash("correct horse battery", &chance).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !hash.contains("correct"), "{hash}");
        assert!(passwords.is_right("correct horse battery", Some(&hash)).await.unwrap());
        for (password, known) in
            [("correct horse", Some(hash.as_str())), ("", Some(&hash)), ("x", None), ("x", Some("x"))]
        {
            assert!(!passwords.is_right(password, known).await.unwrap(), "{password:?} {known:?}");
        }
        let again = passwords.hash("correct horse battery", &chance).await.unwrap();
        assert_ne!(hash, again, "every hash has a salt of its own");
    }

    #[tokio::test]
    async fn what_was_hashed_in_the_same_memory_does_not_show() {
        let (passwords, chance) = (Passwords::new(), SeededChance::new(2));
        let hash = passwords.hash("one password of many", &chance).await.unwrap();
        for _ in 0..4 {
            assert!(!passwords.is_right("another password", Some(&hash)).await.unwrap());
            assert!(passwords.is_right("one password of many", Some(&hash)).await.unwrap());
        }
        assert!(passwords.0.memory.lock().unwrap().len() <= AT_ONCE);
    }

    #[tokio::test]
    async fn a_turn_lasts_until_its_hash_is_made_whoever_hangs_up_before() {
        let passwords = Passwords::new();
        {
            // No hash gets its memory, and so none is made meanwhile.
            let _held = passwords.0.memory.lock().unwrap();
            for _ in 0..4 * AT_ONCE {
                // Asked once, then dropped, as the server does with whoever hangs up.
                assert!(passwords.is_right("a password", None).now_or_never().is_none());
            }
            assert_eq!(passwords.0.turns.available_permits(), 0, "whoever has hung up still has the turn");
            assert_eq!(passwords.0.places.available_permits(), WAITING, "who hung up while waiting waits no longer");
            assert!(passwords.judge("a password".to_owned(), Vec::new()).now_or_never().is_none());
        }
        assert!(!passwords.is_right("a password", None).await.unwrap(), "the next one gets a turn");
        let turns = passwords.0.turns.acquire_many(u32::try_from(AT_ONCE).unwrap()).await.unwrap();
        assert_eq!(passwords.0.memory.lock().unwrap().len(), AT_ONCE, "as much memory as there are turns");
        drop(turns);
    }

    #[tokio::test]
    async fn no_more_than_the_bound_run_at_once_however_many_hang_up() {
        let passwords = Passwords::new();
        let (running, most, done) =
            (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut gates = Vec::new();
        for _ in 0..4 * AT_ONCE {
            let (gate, opened) = mpsc::channel::<()>();
            let (running, most, done) = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&done));
            gates.push(gate);
            let work = move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                // Until the gate is dropped.
                let _ = opened.recv();
                running.fetch_sub(1, Ordering::SeqCst);
                done.fetch_add(1, Ordering::SeqCst);
            };
            assert!(passwords.in_turn(work).now_or_never().is_none());
        }
        drop(gates);
        passwords.in_turn(|| ()).await.unwrap();
        let _all = passwords.0.turns.acquire_many(u32::try_from(AT_ONCE).unwrap()).await.unwrap();
        assert_eq!(done.load(Ordering::SeqCst), AT_ONCE, "what has begun is done, and what waited never begins");
        assert!(most.load(Ordering::SeqCst) <= AT_ONCE);
    }
}
