//! Answers that take the same time, whatever is known about an address or an ID: nobody can tell by the clock (docs/rules.md
//! §2.12).

use std::time::Duration;

use tokio::time::Instant;

/// Every such answer takes this long, or a multiple of it. Far above what the work takes, far below what a person notices.
const ANSWER_TIME: Duration = Duration::from_millis(50);

/// Waits until an answer to what began at `began` may be given.
pub async fn wait(began: Instant) {
    let periods = began.elapsed().as_nanos() / ANSWER_TIME.as_nanos() + 1;
    tokio::time::sleep_until(began + ANSWER_TIME * u32::try_from(periods).unwrap_or(1)).await;
}
