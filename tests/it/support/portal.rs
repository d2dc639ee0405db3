//! The portal, whole and in this process, behind a real socket, with a clock that the test moves.

use std::{net::SocketAddr, sync::Arc};

use portal::{
    app::{self, App},
    chance::SeededChance,
    clock::{Clock, SettableClock},
    config::{Config, Source},
    jobs::{deliver, seal},
    store::{directory, pool},
    web::serve,
};
use sqlx::{ConnectOptions, PgPool};
use time::{Duration, OffsetDateTime, macros::datetime};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{leftovers, provider::Provider, smtp::Sink, visitor::Visitor};

/// When every test begins: a Sunday evening in Singapore (22 Nov 2026, 7:07 pm).
pub const BEGINNING: OffsetDateTime = datetime!(2026-11-22 11:07 UTC);

/// The secret key of the tests.
pub const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// A portal that runs.
pub struct Portal {
    /// What its handlers see.
    pub app: App,
    /// Its time.
    pub clock: SettableClock,
    /// Its mail server.
    pub mail: Arc<Sink>,
    /// The identity provider of its agencies.
    pub provider: Provider,
    /// The test's own way to the database.
    pub database: PgPool,
    address: SocketAddr,
    stop: CancellationToken,
    is_copy: bool,
    may_leave: leftovers::Allowed,
}

impl Portal {
    /// A portal with the settings of development and a real mail server.
    pub async fn on(database: &PgPool) -> Self {
        Self::with(database, &[]).await
    }

    /// A portal with some settings of its own (`("BASE_URL", "https://…")`).
    pub async fn with(database: &PgPool, settings: &[(&str, &str)]) -> Self {
        Self::tuned(database, settings, |_| {}).await
    }

    /// A portal with settings, and what is no setting changed afterwards.
    pub async fn tuned(database: &PgPool, settings: &[(&str, &str)], tune: impl FnOnce(&mut Config)) -> Self {
        let clock = SettableClock::at(BEGINNING);
        let mail = Arc::new(Sink::start().await);
        let provider = Provider::start(BEGINNING).await;
        Self::open(database, settings, tune, clock, mail, provider, 1).await
    }

    /// Another copy on the same database, with the same mail server and clock.
    pub async fn copy(&self, number: u64, settings: &[(&str, &str)]) -> Self {
        let (clock, mail) = (self.clock.clone(), Arc::clone(&self.mail));
        let provider = self.provider.clone();
        let mut copy = Self::open(&self.database, settings, |_| {}, clock, mail, provider, 1 + number).await;
        copy.is_copy = true;
        copy
    }

    async fn open(
        database: &PgPool,
        settings: &[(&str, &str)],
        tune: impl FnOnce(&mut Config),
        clock: SettableClock,
        mail: Arc<Sink>,
        provider: Provider,
        seed: u64,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the port");
        let (listen, mail_url) = (address.to_string(), mail.url());
        // By a name, since passkeys belong to one.
        let base_url = format!("http://localhost:{}", address.port());
        let ours = [
            ("DATABASE_URL", "postgres://given.by.the.test/portal"),
            ("SECRET_KEY", KEY),
            ("LISTEN", listen.as_str()),
            ("BASE_URL", base_url.as_str()),
            ("MAIL__URL", mail_url.as_str()),
            ("MAIL__FROM", "TechPass <no-reply@techpass.example>"),
            ("CAPTCHA__MAX_NUMBER", "2"),
        ];
        let theirs = provider.settings();
        let theirs = theirs.iter().map(|(key, value)| (*key, value.as_str()));
        let pairs = ours.into_iter().chain(theirs).chain(settings.iter().copied());
        let mut config = Config::read(Source::from_pairs(pairs)).expect("settings that can be used");
        tune(&mut config);
        // What a power cut would lose is tested with real processes; here nobody waits for the disk.
        let options = database.connect_options().as_ref().clone().application_name("portal under test");
        let options = options.options([("synchronous_commit", "off")]);
        let pool = pool::pool_options().connect_lazy_with(options);
        let reference = directory::load(&pool).await.expect("the directory");
        let chance = Arc::new(SeededChance::new(seed));
        let app = App::new(config, pool, reference, Arc::new(clock.clone()), chance).expect("usable settings");
        let stop = CancellationToken::new();
        tokio::spawn(serve::serve(listener, app::router(app.clone()), stop.clone()));
        let (database, may_leave) = (database.clone(), leftovers::Allowed::default());
        Self { app, clock, mail, provider, database, address, stop, is_copy: false, may_leave }
    }

    /// Somebody who has not been here before.
    pub fn visitor(&self) -> Visitor {
        Visitor::of(&self.origin())
    }

    /// How people reach it, by its name: links in mails begin with it.
    pub fn base_url(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    /// How visitors reach it: `http://127.0.0.1:…`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The present moment, as the portal has it.
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Lets time pass.
    pub fn waits(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// Lets time pass for what measures it without the clock: how old something is that was learned from outside. Nobody waits.
    pub async fn lets_real_time_pass(&self, time: Duration) {
        tokio::time::pause();
        tokio::time::advance(time.unsigned_abs()).await;
        tokio::time::resume();
    }

    /// Sends what is due, until nothing is; says how many messages it tried to send.
    pub async fn delivers(&self) -> usize {
        let mut tried = 0;
        loop {
            match deliver::deliver_due(&self.app, &CancellationToken::new()).await.expect("the outbox") {
                0 => return tried,
                claimed => tried += claimed,
            }
        }
    }

    /// Seals the audit trail, as the job does.
    pub async fn seals(&self) {
        seal::seal_due(&self.app).await.expect("a trail that can be sealed");
    }

    /// Reads directory and terms anew, as a copy does that heard of a change.
    pub async fn learns_what_changed(&self) {
        self.app.reference.store(Arc::new(directory::load(&self.app.pool).await.expect("the directory")));
    }

    /// Runs what every copy runs besides answering: hears that the directory changed, passes the bell on.
    pub fn attends(&self) {
        tokio::spawn(portal::jobs::attend(self.app.clone(), self.stop.clone()));
    }

    /// Tells the harness that mails stay unread on purpose.
    pub fn leaves_mail_unread(&self) {
        self.may_leave.unread_mail();
    }

    /// Tells the harness that messages stay in the outbox on purpose.
    pub fn leaves_messages_unsent(&self) {
        self.may_leave.unsent_messages();
    }
}

/// Whatever the test forgot to look at fails it; then the database's connections are closed, so that it can be dropped.
impl Drop for Portal {
    fn drop(&mut self) {
        self.stop.cancel();
        if self.is_copy {
            return;
        }
        let unread = self.mail.unread();
        let url = self.database.connect_options().to_url_lossy();
        let unsent = leftovers::close(url);
        if !std::thread::panicking() {
            self.may_leave.check(&unread, &unsent);
        }
    }
}
