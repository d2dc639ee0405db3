//! What an operator does from the command line, besides running the portal.

pub mod account;
pub mod audit;
pub mod demo;

/// Why a command did not do what was asked: one line for people.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It may not be done, or not to this account.
    #[error("{0}")]
    Refused(String),
    /// The database did not do its part.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

impl From<sqlx::Error> for CommandError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
