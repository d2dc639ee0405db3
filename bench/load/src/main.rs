//! Makes requests of the portal and takes its e-mail, and measures both. Speaks to this machine alone.
//!
//! A command gets everything ready, says `ready`, waits for a line on its input, so that whoever started it can look at the
//! clocks in between, and ends with one line of JSON.

mod connection;
mod forms;
mod measure;
mod pages;
mod pairs;
mod posts;
mod sign_in;
mod sign_up;
mod sink;
mod slow;
mod stopping;

use std::net::SocketAddr;

use clap::{Parser, Subcommand};

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// GETs one page over and over
    Get(pages::Pages),
    /// POSTs an address that is never the same twice
    Post(posts::Posts),
    /// POSTs sign-ups, each with a proof of work that was made beforehand
    SignUp(sign_up::SignUps),
    /// POSTs passwords of accounts whose ID was given beforehand
    SignIn(sign_in::SignIns),
    /// Sends forms with known and unknown addresses or IDs in turn, and prints how long each took
    Pairs(pairs::Pairs),
    /// Opens many connections that send next to nothing
    Slow(slow::Slow),
    /// Makes requests until the server is gone, and counts those that were not answered
    UntilStopped(stopping::UntilStopped),
    /// Takes e-mail by SMTP and writes down what came, when
    Sink(sink::Sink),
}

/// Where to send requests: this machine alone.
fn here(text: &str) -> std::result::Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "must be an address and port".to_owned())?;
    if address.ip().is_loopback() { Ok(address) } else { Err("must be on this machine".to_owned()) }
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Get(pages) => pages.run().await,
        Command::Post(posts) => posts.run().await,
        Command::SignUp(sign_ups) => sign_ups.run().await,
        Command::SignIn(sign_ins) => sign_ins.run().await,
        Command::Pairs(pairs) => pairs.run().await,
        Command::Slow(slow) => slow.run().await,
        Command::UntilStopped(requests) => requests.run().await,
        Command::Sink(sink) => sink.run().await,
    }
}
