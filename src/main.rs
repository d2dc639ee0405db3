//! The command line: serve | work | migrate.

use std::{io::IsTerminal, process::ExitCode, sync::Arc, time::Duration};

use axum::Router;
use clap::{Parser, Subcommand};
use portal::{
    app::{self, App},
    chance::SystemChance,
    clock::SystemClock,
    config::{Config, Log},
    jobs, journeys,
    store::{directory, pool},
    web::serve,
};
use sqlx::PgPool;
use tokio::{net::TcpListener, signal::unix::SignalKind};
use tokio_util::sync::CancellationToken;

/// The onboarding portal for TechPass and SEED. Settings come from PORTAL_* variables or the file that PORTAL_CONFIG names.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Web server and worker in one process
    Serve {
        /// The web server alone
        #[arg(long)]
        no_worker: bool,
    },
    /// The worker alone: sends messages and cleans up
    Work,
    /// Brings the database up to date
    Migrate,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("portal: {error}");
            ExitCode::FAILURE
        }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn run(command: Command) -> Result<(), Failure> {
    let config = Config::from_environment()?;
    start_logging(&config.log)?;
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a part of the program broke off")));
    for name in &config.ignored {
        tracing::warn!(name, "this variable is not a setting; is it misspelt?");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Serve { no_worker } => serve(config, !no_worker).await,
            Command::Work => work(config).await,
            Command::Migrate => migrate(config).await,
        }
    })
}

fn start_logging(log: &Log) -> Result<(), Failure> {
    let filter = log.filter.parse::<tracing_subscriber::EnvFilter>()?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(std::io::stdout().is_terminal());
    if log.json {
        subscriber.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    } else {
        subscriber.try_init()
    }
}

async fn migrate(config: Config) -> Result<(), Failure> {
    pool::migrate(&pool::prepare(&config.database_url)?).await?;
    tracing::info!("the database is up to date");
    Ok(())
}

async fn serve(config: Config, with_worker: bool) -> Result<(), Failure> {
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", config.listen))?;
    let metrics = match config.metrics_listen {
        Some(address) => {
            Some(TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))?)
        }
        None => None,
    };
    let app = open(config).await?;
    tracing::info!(address = %listener.local_addr()?, base_url = %app.config.base_url, "serving");
    let stop = stop_on_signal()?;
    let attending = tokio::spawn(jobs::attend(app.clone(), stop.clone()));
    let metrics = metrics.map(|listener| {
        let router = journeys::metrics_router(app.clone());
        tokio::spawn(serve::serve(listener, router, stop.clone()))
    });
    let worker = with_worker.then(|| tokio::spawn(jobs::work(app.clone(), stop.clone())));
    let router: Router = app::router(app);
    serve::serve(listener, router, stop).await;
    attending.await?;
    for task in [metrics, worker].into_iter().flatten() {
        task.await?;
    }
    tracing::info!("stopped");
    Ok(())
}

async fn work(config: Config) -> Result<(), Failure> {
    let app = open(config).await?;
    tracing::info!("working");
    let stop = stop_on_signal()?;
    let attending = tokio::spawn(jobs::attend(app.clone(), stop.clone()));
    jobs::work(app, stop).await;
    attending.await?;
    tracing::info!("stopped");
    Ok(())
}

/// Opens the database, which must be up to date, and puts the portal together.
async fn open(config: Config) -> Result<App, Failure> {
    let pool = pool::prepare(&config.database_url)?;
    let missing = missing_migrations(&pool).await?;
    if missing > 0 {
        return Err(format!("the database lacks {missing} migrations: run `portal migrate`").into());
    }
    let reference = directory::load(&pool).await?;
    Ok(App::new(config, pool, reference, Arc::new(SystemClock), Arc::new(SystemChance))?)
}

/// Waits a while for a database that is only just starting, as after a power cut.
async fn missing_migrations(pool: &PgPool) -> Result<usize, Failure> {
    const TRIES: u32 = 10;
    for _ in 1..TRIES {
        match pool::missing_migrations(pool).await {
            Err(error) if error.is_unavailable() => {
                tracing::warn!(%error, "waiting for the database");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            other => return Ok(other?),
        }
    }
    Ok(pool::missing_migrations(pool).await?)
}

/// Cancelled when the process is asked to stop.
fn stop_on_signal() -> Result<CancellationToken, Failure> {
    let stop = CancellationToken::new();
    let mut terminate = tokio::signal::unix::signal(SignalKind::terminate())?;
    let mut interrupt = tokio::signal::unix::signal(SignalKind::interrupt())?;
    let told = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        told.cancel();
    });
    Ok(stop)
}
