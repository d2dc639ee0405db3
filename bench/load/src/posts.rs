//! POSTs an address that is never the same twice, to the program that the portal is compared with.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use bytes::Bytes;
use clap::Args;
use hyper::StatusCode;
use tokio::task::JoinSet;

use crate::{
    Result,
    connection::{Connection, post},
    here,
    measure::{Seen, wait_for_start},
};

#[derive(Args, Clone)]
pub struct Posts {
    #[arg(value_parser = here)]
    address: SocketAddr,
    path: String,
    #[arg(long, default_value_t = 32)]
    connections: usize,
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

impl Posts {
    pub async fn run(self) -> Result<()> {
        self.all(Duration::from_millis(500)).await?;
        wait_for_start().await?;
        let started = Instant::now();
        let seen = self.all(Duration::from_secs_f64(self.seconds)).await?;
        println!("{}", seen.report(started.elapsed().as_secs_f64()));
        Ok(())
    }

    async fn all(&self, time: Duration) -> Result<Seen> {
        let mut tasks = JoinSet::new();
        for _ in 0..self.connections {
            tasks.spawn(self.clone().one(Instant::now() + time));
        }
        let mut seen = Seen::default();
        while let Some(done) = tasks.join_next().await {
            seen.add(done??);
        }
        Ok(seen)
    }

    async fn one(self, until: Instant) -> Result<Seen> {
        let mut connection = Connection::open(self.address).await?;
        let mut seen = Seen::default();
        while Instant::now() < until {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let body = Bytes::from(format!("email=load-{}-{number}%40tech.gov.sg", std::process::id()));
            let started = Instant::now();
            match connection.ask(post(self.address, &self.path, "form=", &body)).await {
                Ok(answer) if answer.status == StatusCode::SEE_OTHER => seen.took.push(started.elapsed()),
                Ok(answer) => seen.note_error(&format!("{}: {:?}", answer.status, answer.body)),
                Err(error) => {
                    seen.note_error(&error);
                    connection = Connection::open(self.address).await?;
                }
            }
        }
        Ok(seen)
    }
}
