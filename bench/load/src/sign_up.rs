//! POSTs sign-ups, each with a proof of work that was made beforehand.

use std::{
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
    measure::{Seen, wait_for_start},
};

#[derive(Args, Clone)]
pub struct SignUps {
    #[arg(value_parser = here)]
    address: SocketAddr,
    #[arg(long)]
    count: usize,
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// What the addresses begin with
    #[arg(long, default_value = "load")]
    prefix: String,
    /// Rest between two requests of a connection
    #[arg(long, default_value_t = 0)]
    rest_ms: u64,
    /// Sends a form that was not answered again until it is, and prints each address that was answered
    #[arg(long)]
    persist: bool,
}

/// What one connection has to send.
struct Stack {
    connection: Option<Connection>,
    pair: Pair,
    forms: Vec<Form>,
}

impl SignUps {
    pub async fn run(self) -> Result<()> {
        let stacks = self.prepare().await?;
        wait_for_start().await?;
        let started = Instant::now();
        let mut tasks = JoinSet::new();
        for stack in stacks {
            tasks.spawn(self.clone().send_all(stack));
        }
        let mut seen = Seen::default();
        while let Some(done) = tasks.join_next().await {
            seen.add(done?);
        }
        println!("{}", seen.report(started.elapsed().as_secs_f64()));
        Ok(())
    }

    async fn prepare(&self) -> Result<Vec<Stack>> {
        let mut tasks = JoinSet::new();
        for lane in 0..self.connections {
            let this = self.clone();
            tasks.spawn(async move {
                let mut connection = Connection::open(this.address).await?;
                let pair = Pair::get(&mut connection).await?;
                let mut forms = Vec::new();
                for number in (lane..this.count).step_by(this.connections) {
                    let email = format!("{}-{number}@tech.gov.sg", this.prefix);
                    forms.push(pair.fill_in(&mut connection, email, true).await?);
                }
                Result::Ok(Stack { connection: Some(connection), pair, forms })
            });
        }
        let mut stacks = Vec::new();
        while let Some(stack) = tasks.join_next().await {
            stacks.push(stack??);
        }
        Ok(stacks)
    }

    async fn send_all(self, mut stack: Stack) -> Seen {
        let mut seen = Seen::default();
        for form in std::mem::take(&mut stack.forms) {
            let started = Instant::now();
            loop {
                match self.send_once(&mut stack, &form).await {
                    Ok(true) => {
                        seen.took.push(started.elapsed());
                        if self.persist {
                            println!("answered {}", form.email);
                        }
                        break;
                    }
                    Ok(false) => seen.note_error(&"not now"),
                    Err(error) => {
                        stack.connection = None;
                        seen.note_error(&error);
                    }
                }
                // Three minutes are longer than anything should be gone.
                if !self.persist || started.elapsed() > Duration::from_secs(180) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            if self.rest_ms > 0 {
                tokio::time::sleep(Duration::from_millis(self.rest_ms)).await;
            }
        }
        seen
    }

    async fn send_once(&self, stack: &mut Stack, form: &Form) -> Result<bool> {
        let mut connection = match stack.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.address).await?,
        };
        let sending = send(&mut connection, self.address, &stack.pair, form);
        let taken = tokio::time::timeout(Duration::from_secs(30), sending).await??;
        stack.connection = Some(connection);
        Ok(taken)
    }
}
