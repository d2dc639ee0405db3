//! The bell that wakes the workers when there is something to send: those in this process at once, those of other copies
//! through the database.
//!
//! The database could ring by itself, by a trigger; but a transaction that notifies takes a lock that all others wait for
//! while it is committed, and sign-ups would go through one at a time. So the bell is rung after the commit, and many rings
//! within a moment are one. A process that dies in between is made good by the workers' look at the clock.
//!
//! A ring wakes one lane of the worker. If that one finds something it wakes the next: most rings are for one message or for none,
//! and a look costs as much as many a page.

use std::time::Duration;

use tokio::sync::Notify;

use crate::{app::App, store::outbox};

/// Rings within this time are one to the other copies.
const MOMENT: Duration = Duration::from_millis(25);

/// The bell of one process.
#[derive(Debug)]
pub struct Bell {
    here: Notify,
    others: Notify,
}

impl Bell {
    /// A bell that has not been rung.
    pub fn new() -> Self {
        Self { here: Notify::new(), others: Notify::new() }
    }

    /// Tells the workers of all copies that there is something to send.
    pub fn ring(&self) {
        self.ring_here();
        self.others.notify_one();
    }

    /// Tells one lane of this process; the next one that listens, if all are busy.
    pub fn ring_here(&self) {
        self.here.notify_one();
    }

    /// Waits until it rings. A ring while nobody listened counts.
    pub async fn heard(&self) {
        self.here.notified().await;
    }
}

impl Default for Bell {
    fn default() -> Self {
        Self::new()
    }
}

/// Passes the bell on to the other copies.
pub async fn ring_for_others(app: App) {
    loop {
        app.bell.others.notified().await;
        if let Err(error) = outbox::ring(&app.pool).await {
            tracing::debug!(%error, "the other copies could not be told of new messages; they look for themselves");
        }
        tokio::time::sleep(MOMENT).await;
    }
}
