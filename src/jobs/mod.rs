//! What runs by itself: sending messages, hearing what other copies tell, cleaning up. Any number of copies may run at once.

pub mod bell;
pub mod deliver;
pub mod housekeeping;
pub mod listen;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// What every copy runs, whether it sends messages or not: hears that the directory changed, tells that there is mail,
/// keeps its own memory small.
pub async fn attend(app: App, stop: CancellationToken) {
    run_until_stopped(
        stop,
        [
            tokio::spawn(listen::listen(app.clone())),
            tokio::spawn(bell::ring_for_others(app.clone())),
            tokio::spawn(housekeeping::keep_small(app)),
        ],
    )
    .await;
}

/// The worker: sends messages and cleans up, until stopped; what is being sent then is still finished.
pub async fn work(app: App, stop: CancellationToken) {
    let mut lanes = JoinSet::new();
    for _ in 0..deliver::LANES {
        lanes.spawn(deliver::deliver(app.clone(), stop.clone()));
    }
    let others = run_until_stopped(
        stop,
        [tokio::spawn(deliver::wake_when_due(app.clone())), tokio::spawn(housekeeping::clean_up(app))],
    );
    let (_, ()) = tokio::join!(lanes.join_all(), others);
}

async fn run_until_stopped<const N: usize>(stop: CancellationToken, tasks: [tokio::task::JoinHandle<()>; N]) {
    stop.cancelled().await;
    for task in tasks {
        task.abort();
    }
}
