//! The real binary: its commands, its end, and what it survives.

mod commands;
mod crashes;
mod logs;
mod slow;
mod stopping;
mod together;
mod without_database;

use sqlx::{ConnectOptions, PgPool};

/// The address of a test's database, for another process.
pub fn url(database: &PgPool) -> String {
    database.connect_options().to_url_lossy().to_string()
}
