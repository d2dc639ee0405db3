//! POSTs passwords of accounts that have given their ID already.

use std::{net::SocketAddr, time::Instant};

use bytes::Bytes;
use clap::Args;
use hyper::{StatusCode, header};
use tokio::task::JoinSet;

use crate::{
    Result,
    connection::{Connection, post},
    forms::Pair,
    here,
    measure::{Seen, wait_for_start},
};

#[derive(Args, Clone)]
pub struct SignIns {
    #[arg(value_parser = here)]
    address: SocketAddr,
    /// How many accounts sign in, each once
    #[arg(long)]
    count: usize,
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// What the usernames begin with; a number follows
    #[arg(long)]
    prefix: String,
    /// The password of all of them
    #[arg(long)]
    password: String,
}

/// A form whose person has said who they are, and now gives a password.
pub struct PasswordForm {
    cookie: String,
    body: Bytes,
}

impl PasswordForm {
    /// Gives the ID, so that only the password is left.
    pub async fn of(connection: &mut Connection, pair: &Pair, username: &str, password: &str) -> Result<Self> {
        let body = format!("techpass_id={username}&csrf={}", pair.field).into();
        let answer = connection.ask(post(connection.address(), "/sign-in", &pair.cookie, &body)).await?;
        let session = answer.headers.get(header::SET_COOKIE).ok_or("no session began")?.to_str()?;
        let session = session.split(';').next().unwrap_or_default();
        let body = format!("password={password}&csrf={}", pair.field).into();
        Ok(Self { cookie: format!("{}; {session}", pair.cookie), body })
    }

    /// Sends it, and says what was answered.
    pub async fn send(&self, connection: &mut Connection) -> Result<StatusCode> {
        let request = post(connection.address(), "/sign-in/password", &self.cookie, &self.body);
        Ok(connection.ask(request).await?.status)
    }
}

impl SignIns {
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
        let started = Instant::now();
        let mut sending = JoinSet::new();
        for (connection, forms) in lanes {
            sending.spawn(send_all(connection, forms));
        }
        let mut seen = Seen::default();
        while let Some(done) = sending.join_next().await {
            seen.add(done?);
        }
        println!("{}", seen.report(started.elapsed().as_secs_f64()));
        Ok(())
    }

    async fn prepare(self, lane: usize) -> Result<(Connection, Vec<PasswordForm>)> {
        let mut connection = Connection::open(self.address).await?;
        let pair = Pair::get(&mut connection).await?;
        let mut forms = Vec::new();
        for number in (lane..self.count).step_by(self.connections) {
            let username = format!("{}-{number}", self.prefix);
            forms.push(PasswordForm::of(&mut connection, &pair, &username, &self.password).await?);
        }
        Ok((connection, forms))
    }
}

async fn send_all(mut connection: Connection, forms: Vec<PasswordForm>) -> Seen {
    let mut seen = Seen::default();
    for form in forms {
        let started = Instant::now();
        match form.send(&mut connection).await {
            Ok(StatusCode::SEE_OTHER) => seen.took.push(started.elapsed()),
            Ok(status) => seen.note_error(&status),
            Err(error) => seen.note_error(&error),
        }
    }
    seen
}
