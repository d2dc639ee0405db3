//! The connections to PostgreSQL.

use std::{str::FromStr, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    Connection, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::StoreError;

/// The schema, step by step.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// How many connections one copy of the portal holds at most. PostgreSQL does best with few.
const CONNECTIONS: u32 = 16;

/// How long to wait for a free connection: shorter than a person waits for an answer.
const WAIT_FOR_CONNECTION: Duration = Duration::from_millis(1_500);

/// A connection that was idle for longer is asked whether it still works. Under load none is, so it costs nothing there.
const TRUSTED_WHILE_IDLE: Duration = Duration::from_secs(1);

/// Prepares the connections; opens none yet.
///
/// # Errors
/// [`StoreError`] if the address cannot be read.
pub fn prepare(url: &SecretString) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::from_str(url.expose_secret())?.application_name("portal");
    Ok(pool_options().connect_lazy_with(options))
}

/// How a pool of ours behaves, whatever it connects to.
pub fn pool_options() -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(WAIT_FOR_CONNECTION)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED_WHILE_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}

/// Brings the schema up to date.
///
/// # Errors
/// [`sqlx::migrate::MigrateError`] if a step fails, or was changed after it was applied.
pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    MIGRATIONS.run(pool).await
}

/// How many steps of the schema are missing.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn missing_migrations(pool: &PgPool) -> Result<usize, StoreError> {
    let mut connection = pool.acquire().await?;
    let applied = sqlx::query_scalar::<_, i64>("select version from _sqlx_migrations where success")
        .fetch_all(&mut *connection)
        .await;
    let applied = match applied {
        Ok(versions) => versions,
        // No table yet: nothing was applied.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let is_missing = |step: &&sqlx::migrate::Migration| !applied.contains(&step.version);
    Ok(MIGRATIONS.iter().filter(is_missing).count())
}

/// Whether the database answers.
///
/// # Errors
/// [`StoreError`] if not.
pub async fn ping(pool: &PgPool) -> Result<(), StoreError> {
    super::in_time(async { Ok(pool.acquire().await?.ping().await?) }).await
}
