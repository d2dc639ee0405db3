//! The bell that wakes the workers when there is something to send: those in this process at once, those of other copies
//! through the database.
//!
//! The database could ring by itself, by a trigger; but a transaction that notifies takes a lock that all others wait for
//! while it is committed, and sign-ups would go through one at a time. So the bell is rung after the commit, and many rings
//! within a moment are one. A process that dies in between is made good by the workers' look at the clock.

use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::{app::App, store::outbox};

/// Rings within this time are one to the other copies.
const MOMENT: Duration = Duration::from_millis(25);

/// The bell of one process.
#[derive(Debug)]
pub struct Bell {
    rung: watch::Sender<u64>,
    others: Notify,
}

impl Bell {
    /// A bell that has not been rung.
    pub fn new() -> Self {
        Self { rung: watch::Sender::new(0), others: Notify::new() }
    }

    /// Tells all workers that there is something to send.
    pub fn ring(&self) {
        self.ring_here();
        self.others.notify_one();
    }

    /// Tells the workers of this process.
    pub fn ring_here(&self) {
        self.rung.send_modify(|times| *times = times.wrapping_add(1));
    }

    /// An ear for this bell.
    pub fn hear(&self) -> watch::Receiver<u64> {
        self.rung.subscribe()
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
