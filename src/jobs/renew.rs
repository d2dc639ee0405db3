//! Encrypts stored secrets anew after the secret key was changed, so that the next change loses nothing.

use std::time::Duration;

use crate::{
    app::App,
    store::{
        StoreError,
        credentials::Authenticator,
        sealed_secrets::{self, under},
    },
};

const RENEW_EVERY: Duration = Duration::from_secs(60);

/// How many secrets are encrypted anew in one transaction: a person who gives a code meanwhile waits for it.
const BATCH: i64 = 100;

/// Looks for ever for secrets under the previous key.
pub async fn keep_renewing(app: App) {
    loop {
        match renew(&app).await {
            Ok(0) => {}
            Ok(renewed) => tracing::info!(renewed, "encrypted secrets anew with the current key"),
            Err(error) => tracing::warn!(%error, "secrets could not be encrypted anew; trying again later"),
        }
        tokio::time::sleep(RENEW_EVERY).await;
    }
}

/// Encrypts with the current key what is encrypted with the previous one; says how many secrets that were. Whatever cannot be read
/// stays as it is: nobody can use it, but a person can look.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn renew(app: &App) -> Result<u64, StoreError> {
    let mut all = 0;
    loop {
        let renewed = renew_batch(app).await?;
        if renewed == 0 {
            return Ok(all);
        }
        all += renewed;
    }
}

async fn renew_batch(app: &App) -> Result<u64, StoreError> {
    let Some(previous) = app.keys.previous_id() else { return Ok(0) };
    let mut tx = app.pool.begin().await?;
    let mut renewed = 0;
    for old in under(&mut tx, previous, BATCH).await? {
        let context = old.id.as_bytes();
        let Ok(secret) = app.keys.open(context, &old.secret) else {
            tracing::error!(id = %old.id, "the secret of an authenticator cannot be read");
            continue;
        };
        let secret = app.keys.seal(&*app.chance, context, &secret);
        sealed_secrets::replace(&mut tx, &Authenticator { id: old.id, secret }).await?;
        renewed += 1;
    }
    tx.commit().await?;
    Ok(renewed)
}
