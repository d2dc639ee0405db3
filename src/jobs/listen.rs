//! Hears what the database tells: new messages from other copies, and an edited directory.

use std::{sync::Arc, time::Duration};

use sqlx::postgres::PgListener;

use crate::{
    app::App,
    store::{StoreError, directory, outbox},
};

/// How long a connection is trusted on which nothing is heard.
const QUIET: Duration = Duration::from_secs(60);

/// How long to wait before trying to hear again.
const AGAIN: Duration = Duration::from_secs(1);

/// Listens for ever, over losses of the connection.
pub async fn listen(app: App) {
    loop {
        if let Err(error) = listen_once(&app).await {
            tracing::warn!(%error, "cannot hear what the database tells; trying again");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn listen_once(app: &App) -> Result<(), StoreError> {
    let mut listener = PgListener::connect_with(&app.pool).await?;
    // A lost connection ends this call instead of being mended inside it: what was told meanwhile must be caught up with.
    listener.eager_reconnect(false);
    listener.listen_all([outbox::BELL, directory::CHANGED]).await?;
    reload_directory(app).await?;
    app.bell.ring_here();
    // A connection that was quiet for long may be dead without our noticing: then all is begun anew, with a fresh look.
    while let Ok(heard) = tokio::time::timeout(QUIET, listener.try_recv()).await {
        let Some(notification) = heard? else { break };
        if notification.channel() == directory::CHANGED {
            reload_directory(app).await?;
        } else {
            app.bell.ring_here();
        }
    }
    Ok(())
}

async fn reload_directory(app: &App) -> Result<(), StoreError> {
    match directory::load(&app.pool).await {
        Ok(reference) => app.reference.store(Arc::new(reference)),
        Err(error) if error.is_unavailable() => return Err(error),
        // What is there cannot be used: the old directory still serves, and somebody has to look.
        Err(error) => {
            tracing::error!(%error, "the directory was edited and cannot be read; the previous one stays in force")
        }
    }
    Ok(())
}
