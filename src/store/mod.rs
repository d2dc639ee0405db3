//! All SQL, a file an aggregate. Functions take and give domain types; rows do not leave this folder.

pub mod acceptances;
pub mod accounts;
pub mod audit;
pub mod audit_seals;
pub mod authenticators;
pub mod budgets;
pub mod credentials;
pub mod directory;
pub mod known_browsers;
pub mod not_me;
pub mod outbox;
pub mod passkeys;
pub mod people;
pub mod pool;
pub mod profiles;
pub mod sealed_secrets;
pub mod second_factors;
pub mod security;
pub mod session_content;
pub mod sessions;
pub mod sign_up;
pub mod sms_codes;
pub mod terms;
pub mod tokens;

use std::{future::Future, time::Duration};

/// How long a request waits for the database before the person is told that it does not answer.
const PATIENCE: Duration = Duration::from_millis(1_800);

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It refused, or could not be reached.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// It did not answer in time.
    #[error("the database did not answer within {PATIENCE:?}")]
    Silent,
    /// It holds a value that we do not know.
    #[error("the column {0} holds a value that this version does not know")]
    UnknownValue(&'static str),
    /// A session holds something that we did not put there.
    #[error("a session cannot be read: {0}")]
    Session(String),
}

impl From<tower_sessions::session_store::Error> for StoreError {
    fn from(error: tower_sessions::session_store::Error) -> Self {
        match error {
            tower_sessions::session_store::Error::Backend(_) => Self::Silent,
            other => Self::Session(other.to_string()),
        }
    }
}

impl StoreError {
    /// Whether the database is gone, starting, stopping or full: worth another try, and nobody's mistake.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Silent => true,
            Self::Database(error) => match error {
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::Protocol(_) => true,
                // Classes 08 (connection), 53 (resources), 57 (operator intervention), 25006 (read-only: a standby) and
                // 55000 (the database takes no connections just now).
                sqlx::Error::Database(error) => error.code().is_some_and(|code| {
                    ["08", "53", "57"].iter().any(|class| code.starts_with(class)) || code == "25006" || code == "55000"
                }),
                _ => false,
            },
            Self::UnknownValue(_) | Self::Session(_) => false,
        }
    }
}

/// Does work on the database for a person who is waiting: within [`PATIENCE`], or not at all.
///
/// # Errors
/// Those of the work, or [`StoreError::Silent`].
pub async fn in_time<T, E: From<StoreError>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(StoreError::Silent.into()))
}
