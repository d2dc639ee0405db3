//! Makes requests until the server is gone, and counts those that were not answered.

use std::{io, net::SocketAddr, time::Duration};

use clap::Args;
use hyper::{StatusCode, header};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    Result,
    connection::{Connection, get, post},
    forms::Pair,
    here,
    measure::wait_for_start,
};

#[derive(Args, Clone)]
pub struct UntilStopped {
    #[arg(value_parser = here)]
    address: SocketAddr,
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// What the addresses begin with
    #[arg(long)]
    prefix: String,
    /// One connection for many requests. The server may hang up just as the next one leaves: these are counted apart
    #[arg(long)]
    keep_alive: bool,
}

#[derive(Default)]
struct Counts {
    answered: u64,
    /// A request was sent on a new connection, and not answered.
    failed: u64,
    /// A connection was made, and closed before a request was sent.
    unused: u64,
    /// A request was sent on a connection that had served others, and not answered.
    hung_up_between: u64,
}

impl UntilStopped {
    pub async fn run(self) -> Result<()> {
        let pair = Pair::get(&mut Connection::open(self.address).await?).await?;
        wait_for_start().await?;
        let mut tasks = JoinSet::new();
        for lane in 0..self.connections {
            tasks.spawn(self.clone().one(lane, pair.clone()));
        }
        let mut all = Counts::default();
        while let Some(counts) = tasks.join_next().await {
            let counts = counts?;
            all.answered += counts.answered;
            all.failed += counts.failed;
            all.unused += counts.unused;
            all.hung_up_between += counts.hung_up_between;
        }
        println!(
            "{}",
            json!({
                "answered": all.answered,
                "failed": all.failed,
                "unused": all.unused,
                "hung_up_between": all.hung_up_between,
            })
        );
        Ok(())
    }

    /// Every other connection signs up, the others look at a page.
    async fn one(self, lane: usize, pair: Pair) -> Counts {
        let mut counts = Counts::default();
        let mut reused = None;
        for number in 0.. {
            if lane % 2 == 1 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let is_reused = reused.is_some();
            let mut connection = match reused.take() {
                Some(connection) => connection,
                // Nobody listens any more.
                None => match Connection::open(self.address).await {
                    Ok(connection) => connection,
                    Err(error) => {
                        if !is_refusal(&*error) {
                            eprintln!("load: {error}");
                            counts.failed += 1;
                        }
                        return counts;
                    }
                },
            };
            let asked = self.ask(&mut connection, lane, number, &pair);
            match tokio::time::timeout(Duration::from_secs(15), asked).await {
                Ok(Ok(says_close)) => {
                    counts.answered += 1;
                    if self.keep_alive && !says_close {
                        reused = Some(connection);
                    }
                }
                Ok(Err(error)) if is_unsent(&*error) => counts.unused += 1,
                Ok(Err(_)) if is_reused => counts.hung_up_between += 1,
                Ok(Err(error)) => {
                    eprintln!("load: {error:?}");
                    counts.failed += 1;
                }
                Err(_) => {
                    eprintln!("load: no answer for 15 seconds");
                    counts.failed += 1;
                }
            }
        }
        counts
    }

    /// True if the server will close the connection after this answer.
    async fn ask(&self, connection: &mut Connection, lane: usize, number: u64, pair: &Pair) -> Result<bool> {
        let (request, expected) = if lane.is_multiple_of(2) {
            let email = format!("{}-{lane}-{number}%40tech.gov.sg", self.prefix);
            let body = format!("email={email}&device=non_se_gsib&seed=no&csrf={}", pair.field).into();
            (post(self.address, "/sign-up", &pair.cookie, &body), StatusCode::SEE_OTHER)
        } else {
            (get(self.address, "/start", "br", ""), StatusCode::OK)
        };
        let answer = connection.ask(request).await?;
        if answer.status != expected {
            return Err(format!("answered with {}", answer.status).into());
        }
        Ok(answer.headers.get(header::CONNECTION).is_some_and(|value| value == "close"))
    }
}

/// The server hung up before anything was sent.
fn is_unsent(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error.downcast_ref::<hyper::Error>().is_some_and(|error| error.is_closed() || error.is_canceled())
}

fn is_refusal(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset))
}
