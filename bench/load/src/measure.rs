//! How long things took.

use std::{io::Write, time::Duration};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::Result;

/// Says that everything is ready, and waits to be told to begin.
pub async fn wait_for_start() -> Result<()> {
    println!("ready");
    std::io::stdout().flush()?;
    let mut line = String::new();
    BufReader::new(tokio::io::stdin()).read_line(&mut line).await?;
    Ok(())
}

/// What one task, or all of them, saw.
#[derive(Debug, Default)]
pub struct Seen {
    pub took: Vec<Duration>,
    pub errors: u64,
    pub bytes: u64,
}

impl Seen {
    pub fn note_error(&mut self, what: &dyn std::fmt::Display) {
        self.errors += 1;
        if self.errors <= 2 {
            eprintln!("load: {what}");
        }
    }

    pub fn add(&mut self, other: Self) {
        self.took.extend(other.took);
        self.errors += other.errors;
        self.bytes += other.bytes;
    }

    pub fn report(mut self, seconds: f64) -> Value {
        self.took.sort_unstable();
        json!({
            "requests": self.took.len(),
            "errors": self.errors,
            "seconds": seconds,
            "per_second": self.took.len() as f64 / seconds,
            "bytes": self.bytes as f64 / self.took.len().max(1) as f64,
            "p50_ms": self.quantile(0.50),
            "p99_ms": self.quantile(0.99),
            "max_ms": self.quantile(1.0),
        })
    }

    fn quantile(&self, share: f64) -> f64 {
        let last = self.took.len().saturating_sub(1);
        self.took.get((last as f64 * share).round() as usize).map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
    }
}
