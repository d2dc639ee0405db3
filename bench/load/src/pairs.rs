//! POSTs sign-ups of known and unknown addresses in turn, in a random order within each pair.

use std::{
    hash::{BuildHasher, RandomState},
    net::SocketAddr,
    time::{Duration, Instant},
};

use clap::Args;
use tokio::task::JoinSet;

use crate::{
    Result,
    connection::Connection,
    forms::{Form, Pair, send},
    here,
    measure::wait_for_start,
};

#[derive(Args, Clone)]
pub struct Pairs {
    #[arg(value_parser = here)]
    address: SocketAddr,
    #[arg(long)]
    count: usize,
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// What the known addresses begin with
    #[arg(long)]
    known: String,
    /// What the unknown addresses begin with
    #[arg(long)]
    unknown: String,
}

/// The two forms of a pair: known and unknown.
struct Two([Form; 2]);

impl Pairs {
    /// Prints one line a pair: microseconds of the known address, and of the unknown one.
    pub async fn run(self) -> Result<()> {
        let mut preparing = JoinSet::new();
        for lane in 0..self.connections {
            preparing.spawn(self.clone().prepare(lane));
        }
        let mut lanes = Vec::new();
        while let Some(lane) = preparing.join_next().await {
            lanes.push(lane??);
        }
        wait_for_start().await?;
        let mut asking = JoinSet::new();
        for (connection, pair, twos) in lanes {
            asking.spawn(ask_all(self.address, connection, pair, twos));
        }
        while let Some(done) = asking.join_next().await {
            for [known, unknown] in done?? {
                println!("{} {}", known.as_micros(), unknown.as_micros());
            }
        }
        Ok(())
    }

    async fn prepare(self, lane: usize) -> Result<(Connection, Pair, Vec<Two>)> {
        let mut connection = Connection::open(self.address).await?;
        let pair = Pair::get(&mut connection).await?;
        let mut twos = Vec::new();
        for number in (lane..self.count).step_by(self.connections) {
            let known = format!("{}-{number}@tech.gov.sg", self.known);
            let unknown = format!("{}-{number}@tech.gov.sg", self.unknown);
            twos.push(Two([
                pair.fill_in(&mut connection, known, true).await?,
                pair.fill_in(&mut connection, unknown, true).await?,
            ]));
        }
        Ok((connection, pair, twos))
    }
}

async fn ask_all(
    address: SocketAddr,
    mut connection: Connection,
    pair: Pair,
    twos: Vec<Two>,
) -> Result<Vec<[Duration; 2]>> {
    let mut took = Vec::new();
    for (number, Two(forms)) in twos.iter().enumerate() {
        let mut times = [Duration::ZERO; 2];
        let first = usize::from(RandomState::new().hash_one(number) % 2 == 0);
        for which in [first, 1 - first] {
            let started = Instant::now();
            if !send(&mut connection, address, &pair, &forms[which]).await? {
                return Err("the portal said that it cannot right now".into());
            }
            times[which] = started.elapsed();
        }
        took.push(times);
    }
    Ok(took)
}
