//! Cleaning up: what expired in the database, and what piles up in memory.

use std::time::Duration;

use crate::{
    app::App,
    store::{StoreError, budgets, outbox, sealed_secrets, sessions},
};

const CLEAN_UP_EVERY: Duration = Duration::from_secs(600);
const KNOW_PROVIDERS_EVERY: Duration = Duration::from_secs(60);
const KEEP_SMALL_EVERY: Duration = Duration::from_secs(10);

/// Forgets what holds nobody back any more.
pub async fn clean_up(app: App) {
    loop {
        match forget(&app).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::debug!(forgotten, "cleaned up"),
            Err(error) => tracing::warn!(%error, "could not clean up; trying again later"),
        }
        tokio::time::sleep(CLEAN_UP_EVERY).await;
    }
}

async fn forget(app: &App) -> Result<u64, StoreError> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now();
    Ok(budgets::forget_ended(&mut connection, now).await? + sessions::forget_ended(&mut connection, now).await?)
}

/// Keeps knowing the identity providers: where they are, and their keys.
pub async fn know_providers(app: App) {
    loop {
        app.providers.get_to_know().await;
        tokio::time::sleep(KNOW_PROVIDERS_EVERY).await;
    }
}

/// Keeps what this process remembers small, and its figures fresh.
pub async fn keep_small(app: App) {
    loop {
        app.network_limit.forget_quiet();
        app.meter.fold();
        if let Ok(waiting) = outbox::count_waiting(&app.pool).await {
            app.meter.gauges(waiting, app.pool.size(), app.pool.num_idle());
        }
        if let Ok(secrets) = count_old_secrets(&app).await {
            app.meter.old_secrets(secrets);
        }
        tokio::time::sleep(KEEP_SMALL_EVERY).await;
    }
}

/// How many secrets are still under the previous key.
async fn count_old_secrets(app: &App) -> Result<i64, StoreError> {
    match app.keys.previous_id() {
        Some(previous) => sealed_secrets::count_under(&mut *app.pool.acquire().await?, previous).await,
        None => Ok(0),
    }
}
