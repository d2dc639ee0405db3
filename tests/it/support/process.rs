//! The real binary, as an operator runs it: started, asked, told to stop, killed.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use super::{portal::KEY, visitor::Visitor};

/// How long to wait for what a healthy machine does in a moment.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for the thing itself, by looking again and again; fails the test if it does not come.
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, look).await
}

/// As [`until`], within a time that is part of what the test claims.
pub async fn until_within<T>(time: Duration, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < time, "{what} did not come within {time:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A folder of this test alone.
pub fn folder() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("portal-it-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Sends a signal to a process that the test started.
pub fn signal(name: &str, pid: u32) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().expect("a shell");
    assert!(sent.success(), "kill -{name} {pid}");
}

/// The binary with these settings and no others.
pub fn binary(arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portal"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command.envs(settings.iter().map(|(key, value)| (format!("PORTAL_{key}"), value)));
    command
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it gave.
    pub stdout: String,
    /// What it said to people.
    pub stderr: String,
}

/// Runs a command to its end.
pub fn run(arguments: &[&str], settings: &[(&str, &str)]) -> Ended {
    let output = binary(arguments, settings).output().expect("the binary");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A portal in a process of its own.
pub struct Running {
    child: Child,
    folder: PathBuf,
    origin: String,
}

impl Running {
    /// Starts `portal serve` and waits until it serves.
    pub async fn serve(database_url: &str, settings: &[(&str, &str)]) -> Self {
        Self::start(&["serve"], database_url, settings).at_its_address().await
    }

    /// Starts `portal serve --no-worker` and waits until it serves.
    pub async fn serve_without_worker(database_url: &str, settings: &[(&str, &str)]) -> Self {
        Self::start(&["serve", "--no-worker"], database_url, settings).at_its_address().await
    }

    /// Starts `portal work` and waits until it works.
    pub async fn work(database_url: &str, settings: &[(&str, &str)]) -> Self {
        let working = Self::start(&["work"], database_url, settings);
        until("a worker", async || working.output().contains("working").then_some(())).await;
        working
    }

    fn start(arguments: &[&str], database_url: &str, settings: &[(&str, &str)]) -> Self {
        let ours = [("DATABASE_URL", database_url), ("LISTEN", "127.0.0.1:0"), ("SECRET_KEY", KEY), ("LOG", "debug")];
        let all: Vec<_> = ours.into_iter().chain(settings.iter().copied()).collect();
        let folder = folder();
        let file = |name| File::create(folder.join(name)).expect("a log file");
        let mut command = binary(arguments, &all);
        let child =
            command.current_dir(&folder).stdout(file("stdout")).stderr(file("stderr")).spawn().expect("the binary");
        Self { child, folder, origin: String::new() }
    }

    async fn at_its_address(mut self) -> Self {
        self.origin = until("a portal that serves", async || {
            let log = self.output();
            assert!(self.child.try_wait().expect("the process").is_none(), "it ended: {log}");
            // The address is that of the listening socket: the port was free because the system chose it.
            let address = log.split_once("address=127.0.0.1:")?.1.split_whitespace().next()?.to_owned();
            Some(format!("http://127.0.0.1:{address}"))
        })
        .await;
        self
    }

    /// Somebody who has not been here before.
    pub fn visitor(&self) -> Visitor {
        Visitor::of(&self.origin)
    }

    /// Everything that it has logged and said so far.
    pub fn output(&self) -> String {
        ["stdout", "stderr"].map(|name| fs::read_to_string(self.folder.join(name)).expect("a log file")).concat()
    }

    /// Asks it to stop.
    pub fn asks_to_stop(&self) {
        signal("TERM", self.child.id());
    }

    /// Waits until it has ended, and says how.
    pub async fn ends_within(&mut self, time: Duration) -> ExitStatus {
        until_within(time, "the end of the process", async || self.child.try_wait().expect("the process")).await
    }

    /// Kills it, as a power cut does.
    pub fn dies(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it has ended");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
