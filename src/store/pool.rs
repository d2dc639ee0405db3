//! The connections to PostgreSQL.

use std::{str::FromStr, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    Connection, Executor, PgPool,
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

/// Puts a connection on the role that can neither change nor take away what stands in the audit trail, if there is that role and
/// it may be taken.
const TAKE_ROLE: &str = "select set_config('role', rolname, false) from pg_roles
                          where rolname = 'portal_app' and pg_has_role(oid, 'member') and current_user <> rolname";

/// Prepares the connections of the portal that works; opens none yet.
///
/// # Errors
/// [`StoreError`] if the address cannot be read.
pub fn prepare(url: &SecretString) -> Result<PgPool, StoreError> {
    Ok(pool_options().connect_lazy_with(connection_options(url)?))
}

/// How a pool of the portal that works behaves, whatever it connects to.
pub fn pool_options() -> PgPoolOptions {
    owner_pool_options().after_connect(|connection, _| {
        Box::pin(async move {
            match connection.execute(TAKE_ROLE).await {
                // To be a member is not always to be allowed to take the role; whether that matters is said at the start.
                Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => Ok(()),
                other => other.map(drop),
            }
        })
    })
}

/// Prepares the connections of whoever owns the tables, who brings the schema up to date.
///
/// # Errors
/// [`StoreError`] if the address cannot be read.
pub fn prepare_for_owner(url: &SecretString) -> Result<PgPool, StoreError> {
    Ok(owner_pool_options().connect_lazy_with(connection_options(url)?))
}

fn connection_options(url: &SecretString) -> Result<PgConnectOptions, StoreError> {
    Ok(PgConnectOptions::from_str(url.expose_secret())?.application_name("portal"))
}

fn owner_pool_options() -> PgPoolOptions {
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

/// Brings the schema up to date, and gives the portal's role what it needs: somebody may have made it since.
///
/// # Errors
/// [`sqlx::migrate::MigrateError`] if a step fails, or was changed after it was applied.
pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    MIGRATIONS.run(pool).await?;
    pool.execute("select let_portal_app_work()").await?;
    Ok(())
}

/// Whether these connections could change what stands in the audit trail.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn could_change_the_trail(pool: &PgPool) -> Result<bool, StoreError> {
    let could = sqlx::query_scalar!(r#"select has_table_privilege('audit', 'update, delete, truncate') as "could!""#);
    Ok(could.fetch_one(pool).await?)
}

/// Whether the user of these connections owns the audit trail, or may do everything: then the role, which they have put on, is one that
/// they can take off again.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn could_take_the_role_off(pool: &PgPool) -> Result<bool, StoreError> {
    let could = sqlx::query_scalar!(
        // Of superusers it says that they are a member of everybody.
        r#"select pg_has_role(session_user, relowner, 'member') as "could!" from pg_class where oid = 'audit'::regclass"#
    );
    Ok(could.fetch_one(pool).await?)
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
