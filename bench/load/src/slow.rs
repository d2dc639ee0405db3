//! Opens many connections that send next to nothing, and sees how long the server puts up with them.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::{Result, here, measure::wait_for_start};

#[derive(Args, Clone)]
pub struct Slow {
    #[arg(value_parser = here)]
    address: SocketAddr,
    #[arg(long, default_value_t = 1_000)]
    connections: usize,
    #[arg(long)]
    part: Part,
    /// When to stop waiting for the server to hang up
    #[arg(long, default_value_t = 40)]
    at_most: u64,
}

/// What is sent slowly.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Part {
    /// The head of a request, a letter a second
    Head,
    /// The body of a form, a letter a second
    Body,
    /// The body of a form that nobody reads, since there is no such page
    UnreadBody,
    /// Nothing, after one request that was answered
    Idle,
    /// Requests, one after the other, while no answer is read
    Reading,
}

impl Part {
    fn beginning(self, address: SocketAddr) -> String {
        let form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 4000\r\n\r\nemail=";
        match self {
            Self::Head => format!("GET / HTTP/1.1\r\nHost: {address}\r\nX-Slow: "),
            Self::Body => format!("POST /sign-up HTTP/1.1\r\nHost: {address}\r\n{form}"),
            Self::UnreadBody => format!("POST /nowhere HTTP/1.1\r\nHost: {address}\r\n{form}"),
            Self::Idle => format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\n\r\n"),
            Self::Reading => format!("GET /sign-up HTTP/1.1\r\nHost: {address}\r\n\r\n"),
        }
    }
}

impl Slow {
    pub async fn run(self) -> Result<()> {
        wait_for_start().await?;
        let mut tasks = JoinSet::new();
        for _ in 0..self.connections {
            tasks.spawn(self.clone().one());
        }
        let (mut lasted, mut kept, mut refused) = (Vec::new(), 0, 0);
        while let Some(done) = tasks.join_next().await {
            match done? {
                Ok(Some(seconds)) => lasted.push(seconds),
                Ok(None) => kept += 1,
                Err(_) => refused += 1,
            }
        }
        lasted.sort_by(f64::total_cmp);
        let (first, last) = (lasted.first(), lasted.last());
        println!(
            "{}",
            json!({"dropped": lasted.len(), "kept": kept, "refused": refused, "first_s": first, "last_s": last})
        );
        Ok(())
    }

    /// How many seconds until the server hung up; none if it did not.
    async fn one(self) -> Result<Option<f64>> {
        let started = Instant::now();
        let mut stream = TcpStream::connect(self.address).await?;
        if matches!(self.part, Part::Reading) {
            let asking = self.ask_without_reading(&mut stream);
            let is_dropped = tokio::time::timeout(Duration::from_secs(self.at_most), asking).await.is_ok();
            return Ok(is_dropped.then(|| started.elapsed().as_secs_f64()));
        }
        stream.write_all(self.part.beginning(self.address).as_bytes()).await?;
        let mut answer = [0; 4_096];
        let mut second = tokio::time::interval(Duration::from_secs(1));
        while started.elapsed() < Duration::from_secs(self.at_most) {
            tokio::select! {
                read = stream.read(&mut answer) => match read {
                    Ok(0) | Err(_) => return Ok(Some(started.elapsed().as_secs_f64())),
                    Ok(length) => self.note_early(started, &answer[..length]),
                },
                _ = second.tick(), if !matches!(self.part, Part::Idle) => {
                    if stream.write_all(b"a").await.is_err() {
                        return Ok(Some(started.elapsed().as_secs_f64()));
                    }
                }
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
        Ok(None)
    }

    /// Asks for a page over and over until the server hangs up.
    async fn ask_without_reading(&self, stream: &mut TcpStream) {
        let requests = self.part.beginning(self.address).repeat(64);
        while stream.write_all(requests.as_bytes()).await.is_ok() {}
    }

    /// Says how the first answers begin that came before a slow request could be complete.
    fn note_early(&self, started: Instant, answer: &[u8]) {
        static SAID: AtomicU64 = AtomicU64::new(0);
        if started.elapsed() < Duration::from_secs(5)
            && matches!(self.part, Part::Head | Part::Body)
            && SAID.fetch_add(1, Ordering::Relaxed) < 3
        {
            eprintln!("load: answered early: {}", String::from_utf8_lossy(answer));
        }
    }
}
