//! The command line: serve | work | migrate | account | audit | demo.

use std::{io::IsTerminal, net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use clap::{Parser, Subcommand};
use portal::{
    app::{self, App},
    chance::SystemChance,
    clock::SystemClock,
    commands::{account, audit, demo},
    config::{Config, Log},
    domain::person::Role,
    jobs, journeys,
    store::{directory, pool},
    web::serve,
};
use sqlx::PgPool;
use tokio::{net::TcpListener, signal::unix::SignalKind, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// How long stopping may take in all. Requests under way have a little less ([`serve::serve`]).
const STOPPING: Duration = Duration::from_millis(9_700);

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
    /// Gives roles to active public officers, takes them away, and shows an account
    Account {
        #[command(subcommand)]
        what: AccountCommand,
    },
    /// The audit trail
    Audit {
        #[command(subcommand)]
        what: AuditCommand,
    },
    /// Makes people to try the portal out as (development only)
    Demo,
}

#[derive(Subcommand)]
enum AccountCommand {
    /// Gives a role
    Grant {
        /// The officer's address
        email: String,
        /// agent, approver or admin
        #[arg(value_parser = role)]
        role: Role,
    },
    /// Takes a role away
    Revoke {
        /// The officer's address
        email: String,
        /// agent, approver or admin
        #[arg(value_parser = role)]
        role: Role,
    },
    /// Says how an account stands
    Show {
        /// The e-mail address or the TechPass ID
        account: String,
    },
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Says whether the trail is whole, else names the first broken place
    Verify {
        /// A hash that the log or an earlier run named: is it still there?
        #[arg(long, value_parser = audit::parse_hash)]
        expect: Option<[u8; 32]>,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "a role is agent, approver or admin".to_owned())
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
            Command::Account { what } => change_account(config, what).await,
            Command::Audit { what: AuditCommand::Verify { expect } } => {
                println!("{}", audit::verify(&open(config).await?, expect).await?);
                Ok(())
            }
            Command::Demo => Ok(demo::make(&open(config).await?).await?),
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
    pool::migrate(&pool::prepare_for_owner(&config.database_url)?).await?;
    tracing::info!("the database is up to date");
    Ok(())
}

async fn change_account(config: Config, what: AccountCommand) -> Result<(), Failure> {
    let app = open(config).await?;
    let told = match what {
        AccountCommand::Grant { email, role } if account::grant(&app, &email, role).await? => {
            format!("{email} now has the role {}", role.as_str())
        }
        AccountCommand::Grant { email, role } => format!("{email} has the role {} already", role.as_str()),
        AccountCommand::Revoke { email, role } if account::revoke(&app, &email, role).await? => {
            format!("{email} no longer has the role {}", role.as_str())
        }
        AccountCommand::Revoke { email, role } => format!("{email} does not have the role {}", role.as_str()),
        AccountCommand::Show { account } => account::show(&app, &account).await?,
    };
    println!("{told}");
    Ok(())
}

async fn serve(config: Config, with_worker: bool) -> Result<(), Failure> {
    // Every connection is an open file; where this may not be raised, the limit that is there holds.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let listener = bind(config.listen).await?;
    let metrics = bind_metrics(&config).await?;
    let app = open(config).await?;
    tracing::info!(address = %listener.local_addr()?, base_url = %app.config.base_url, "serving");
    let stop = stop_on_signal()?;
    let mut tasks = attend(&app, metrics, &stop);
    if with_worker {
        tasks.spawn(jobs::work(app.clone(), stop.clone()));
    }
    tasks.spawn(serve::serve(listener, app::router(app), stop.clone()));
    run_until_stopped(tasks, stop).await
}

async fn work(config: Config) -> Result<(), Failure> {
    let metrics = bind_metrics(&config).await?;
    let app = open(config).await?;
    tracing::info!("working");
    let stop = stop_on_signal()?;
    let mut tasks = attend(&app, metrics, &stop);
    tasks.spawn(jobs::work(app, stop.clone()));
    run_until_stopped(tasks, stop).await
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    Ok(TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))?)
}

async fn bind_metrics(config: &Config) -> Result<Option<TcpListener>, Failure> {
    match config.metrics_listen {
        Some(address) => Ok(Some(bind(address).await?)),
        None => Ok(None),
    }
}

/// What every copy runs besides its own work: the jobs of all copies, and its figures where an address is set for them.
fn attend(app: &App, metrics: Option<TcpListener>, stop: &CancellationToken) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(jobs::attend(app.clone(), stop.clone()));
    if let Some(listener) = metrics {
        if let Ok(address) = listener.local_addr() {
            tracing::info!(metrics = %address, "serving the figures");
        }
        tasks.spawn(serve::serve(listener, journeys::metrics_router(app.clone()), stop.clone()));
    }
    tasks
}

/// Waits for all tasks to end, which they do when asked to stop; not for ever, for what is not done by then is taken over by
/// another copy when its lease ends.
async fn run_until_stopped(mut tasks: JoinSet<()>, stop: CancellationToken) -> Result<(), Failure> {
    let too_late = async {
        stop.cancelled().await;
        tokio::time::sleep(STOPPING).await;
    };
    tokio::select! {
        ended = async {
            while let Some(ended) = tasks.join_next().await {
                ended?;
            }
            Ok::<(), Failure>(())
        } => ended?,
        () = too_late => tracing::warn!("stopped before everything was done"),
    }
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
    if pool::could_change_the_trail(&pool).await? {
        tracing::warn!(
            "the portal could change the audit trail: it is not on the role portal_app (README, \"The database's role\")"
        );
    } else if !config.is_development() && pool::could_take_the_role_off(&pool).await? {
        tracing::warn!(
            "the portal could take the role portal_app off and change the audit trail: its database user owns the tables (README, \"The database's role\")"
        );
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
