//! What runs by itself: sending messages, hearing what other copies tell, sealing the trail, cleaning up. Any number of copies may run at once.

pub mod bell;
pub mod deliver;
pub mod housekeeping;
pub mod listen;
pub mod renew;
pub mod seal;

use std::{future::Future, time::Duration};

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How soon a job that broke off is begun anew.
const BEGIN_ANEW: Duration = Duration::from_secs(1);

/// What every copy runs, whether it sends messages or not: hears that the directory changed, tells that there is mail,
/// keeps its own memory small. Until stopped.
pub async fn attend(app: App, stop: CancellationToken) {
    tokio::join!(
        keep_running("listen", &stop, || until(&stop, listen::listen(app.clone()))),
        keep_running("ring for others", &stop, || until(&stop, bell::ring_for_others(app.clone()))),
        keep_running("know providers", &stop, || until(&stop, housekeeping::know_providers(app.clone()))),
        keep_running("keep small", &stop, || until(&stop, housekeeping::keep_small(app.clone()))),
    );
}

/// The worker: sends messages and cleans up, until stopped; what is being sent then is still finished.
pub async fn work(app: App, stop: CancellationToken) {
    let lanes =
        (0..deliver::LANES).map(|_| keep_running("deliver", &stop, || deliver::deliver(app.clone(), stop.clone())));
    tokio::join!(
        join_all(lanes),
        keep_running("wake when due", &stop, || until(&stop, deliver::wake_when_due(app.clone()))),
        keep_running("clean up", &stop, || until(&stop, housekeeping::clean_up(app.clone()))),
        keep_running("renew secrets", &stop, || until(&stop, renew::keep_renewing(app.clone()))),
        keep_running("seal the trail", &stop, || until(&stop, seal::keep_sealing(app.clone()))),
    );
}

/// Runs a job in a task of its own, and begins it anew should it break off: one mistake must not end all delivery.
async fn keep_running<J: Future<Output = ()> + Send + 'static>(
    name: &'static str,
    stop: &CancellationToken,
    begin: impl Fn() -> J,
) {
    while !stop.is_cancelled() {
        if let Err(error) = tokio::spawn(begin()).await {
            tracing::error!(job = name, %error, "a job broke off; it is begun anew");
            until(stop, tokio::time::sleep(BEGIN_ANEW)).await;
        }
    }
}

/// Runs something until it ends or everything is to stop.
fn until<F: Future<Output = ()>>(stop: &CancellationToken, work: F) -> impl Future<Output = ()> + use<F> {
    let stop = stop.clone();
    async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = work => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_job_that_breaks_off_is_begun_anew_until_all_stops() {
        let (stop, begun) = (CancellationToken::new(), Arc::new(AtomicU32::new(0)));
        let job = || {
            let (stop, begun) = (stop.clone(), Arc::clone(&begun));
            async move {
                match begun.fetch_add(1, Ordering::Relaxed) {
                    0 | 1 => panic!("planted"),
                    _ => stop.cancel(),
                }
            }
        };
        keep_running("planted", &stop, job).await;
        assert_eq!(begun.load(Ordering::Relaxed), 3);
    }
}
