//! Sends forms with something known and something unknown in turn, in a random order within each pair.

use std::{
    hash::{BuildHasher, RandomState},
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use clap::{Args, ValueEnum};
use hyper::StatusCode;
use tokio::task::JoinSet;

use crate::{
    Result,
    connection::{Connection, post},
    forms::{Form, Pair, send},
    here,
    measure::wait_for_start,
    sign_in::PasswordForm,
};

#[derive(Args, Clone)]
pub struct Pairs {
    #[arg(value_parser = here)]
    address: SocketAddr,
    /// What is sent
    #[arg(long, value_enum, default_value = "sign-up")]
    what: What,
    #[arg(long)]
    count: usize,
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// What the known addresses or IDs begin with
    #[arg(long)]
    known: String,
    /// What the unknown ones begin with
    #[arg(long)]
    unknown: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// A sign-up, with a proof of work
    SignUp,
    /// A wrong password of an ID
    Password,
    /// That the password of an ID is forgotten
    Forgotten,
}

/// Something that is ready to be sent.
enum Ready {
    SignUp(Pair, Form),
    Password(PasswordForm),
    Forgotten(Pair, Bytes),
}

impl Ready {
    async fn make(what: What, connection: &mut Connection, pair: &Pair, whose: String) -> Result<Self> {
        Ok(match what {
            What::SignUp => {
                let form = pair.fill_in(connection, format!("{whose}@tech.gov.sg"), true).await?;
                Self::SignUp(pair.clone(), form)
            }
            What::Password => Self::Password(PasswordForm::of(connection, pair, &whose, "not+this+one").await?),
            What::Forgotten => Self::Forgotten(pair.clone(), format!("techpass_id={whose}&csrf={}", pair.field).into()),
        })
    }

    async fn send(&self, connection: &mut Connection) -> Result<()> {
        let address = connection.address();
        let is_as_expected = match self {
            Self::SignUp(pair, form) => send(connection, address, pair, form).await?,
            Self::Password(form) => form.send(connection).await? == StatusCode::UNPROCESSABLE_ENTITY,
            Self::Forgotten(pair, body) => {
                connection.ask(post(address, "/sign-in/forgotten", &pair.cookie, body)).await?.status == StatusCode::OK
            }
        };
        is_as_expected.then_some(()).ok_or_else(|| "the portal did not answer as it should".into())
    }
}

impl Pairs {
    /// Prints one line a pair: microseconds of the known one, and of the unknown one.
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
        for (connection, twos) in lanes {
            asking.spawn(ask_all(connection, twos));
        }
        while let Some(done) = asking.join_next().await {
            for [known, unknown] in done?? {
                println!("{} {}", known.as_micros(), unknown.as_micros());
            }
        }
        Ok(())
    }

    async fn prepare(self, lane: usize) -> Result<(Connection, Vec<[Ready; 2]>)> {
        let mut connection = Connection::open(self.address).await?;
        let pair = Pair::get(&mut connection).await?;
        let mut twos = Vec::new();
        for number in (lane..self.count).step_by(self.connections) {
            let known = format!("{}-{number}", self.known);
            let unknown = format!("{}-{number}", self.unknown);
            twos.push([
                Ready::make(self.what, &mut connection, &pair, known).await?,
                Ready::make(self.what, &mut connection, &pair, unknown).await?,
            ]);
        }
        Ok((connection, twos))
    }
}

async fn ask_all(mut connection: Connection, twos: Vec<[Ready; 2]>) -> Result<Vec<[Duration; 2]>> {
    let mut took = Vec::new();
    for (number, two) in twos.iter().enumerate() {
        let mut times = [Duration::ZERO; 2];
        let first = usize::from(RandomState::new().hash_one(number) % 2 == 0);
        for which in [first, 1 - first] {
            let started = Instant::now();
            two[which].send(&mut connection).await?;
            times[which] = started.elapsed();
        }
        took.push(times);
    }
    Ok(took)
}
