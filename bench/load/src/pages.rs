//! GETs one page over and over: first to warm up, then to measure.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use clap::Args;
use hyper::{StatusCode, header};
use tokio::task::JoinSet;

use crate::{
    Result,
    connection::{Connection, get},
    here,
    measure::{Seen, wait_for_start},
};

#[derive(Args, Clone)]
pub struct Pages {
    #[arg(value_parser = here)]
    address: SocketAddr,
    path: String,
    #[arg(long, default_value_t = 32)]
    connections: usize,
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// What the browser can unpack; an answer that is packed in another way is an error
    #[arg(long, default_value = "identity")]
    encoding: String,
    /// What the browser sends along, for pages of somebody who is signed in
    #[arg(long, default_value = "")]
    cookie: String,
    /// Rest between two requests of a connection
    #[arg(long, default_value_t = 0)]
    rest_ms: u64,
}

impl Pages {
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
            let started = Instant::now();
            match connection.ask(get(self.address, &self.path, &self.encoding, &self.cookie)).await {
                Ok(answer) if answer.status == StatusCode::OK => {
                    let packed = answer.headers.get(header::CONTENT_ENCODING);
                    let packed = packed.and_then(|value| value.to_str().ok()).unwrap_or("identity");
                    if packed != self.encoding {
                        seen.note_error(&format!("{} came as {packed}", self.path));
                    }
                    seen.bytes += answer.body.len() as u64;
                    seen.took.push(started.elapsed());
                }
                Ok(answer) => seen.note_error(&answer.status),
                Err(error) => {
                    seen.note_error(&error);
                    connection = Connection::open(self.address).await?;
                }
            }
            if self.rest_ms > 0 {
                tokio::time::sleep(Duration::from_millis(self.rest_ms)).await;
            }
        }
        Ok(seen)
    }
}
