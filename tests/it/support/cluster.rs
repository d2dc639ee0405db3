//! A PostgreSQL of one test alone, which may be taken down and brought back.

use std::{
    fs::{self, File},
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use sqlx::{Connection, PgConnection};

use super::process::{folder, signal, until};

/// A PostgreSQL that is reached through a socket file in a folder of its own: no port that could be taken.
pub struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    server: Option<Child>,
}

impl Cluster {
    /// Sets one up and starts it.
    pub async fn start() -> Self {
        let (programs, folder) = (programs(), folder());
        let owner = owner();
        if let Some((user, group)) = owner {
            chown(&folder, Some(user), Some(group)).expect("root gives a folder away");
        }
        let mut cluster = Self { programs, folder, server: None };
        let made = cluster
            .command("initdb")
            .args(["-D", "data", "-U", "portal", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])
            .output()
            .expect("initdb");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        cluster.comes_back().await;
        cluster
    }

    /// Its address, as `PORTAL_DATABASE_URL` takes it.
    pub fn url(&self) -> String {
        let folder: String = url::form_urlencoded::byte_serialize(self.folder.as_os_str().as_encoded_bytes()).collect();
        format!("postgres://portal@localhost:5432/postgres?host={folder}")
    }

    /// Takes it down at once, as a crash does.
    pub fn goes_away(&mut self) {
        let mut server = self.server.take().expect("it runs");
        signal("QUIT", server.id());
        server.wait().expect("it has ended");
    }

    /// Starts it again, and waits until it answers.
    pub async fn comes_back(&mut self) {
        let log = File::create(self.folder.join("log")).expect("a log file");
        let server = self
            .command("postgres")
            .args(["-D", "data", "-c", "listen_addresses=", "-c", "port=5432", "-c", "fsync=off"])
            .arg("-c")
            .arg(format!("unix_socket_directories={}", self.folder.display()))
            .stdout(log.try_clone().expect("the log file"))
            .stderr(log)
            .spawn()
            .expect("postgres");
        self.server = Some(server);
        let url = self.url();
        until("PostgreSQL", async || PgConnection::connect(&url).await.ok()).await.close().await.expect("a connection");
    }

    /// A program of PostgreSQL, as the user that it runs as, in its folder.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(&self.folder).stdin(Stdio::null());
        // PGPORT and its like are about the database of the other tests.
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).env("LC_ALL", "C.UTF-8");
        if let Some((user, group)) = owner() {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            signal("QUIT", server.id());
            let _ = server.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where PostgreSQL's programs are: Debian's newest, else beside the `initdb` on the PATH. `script/test` installs them.
fn programs() -> PathBuf {
    let has_server = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let version = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest = debian.max_by_key(|path| version(path)).map(|path| path.join("bin"));
    let on_path =
        std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    newest.into_iter().chain(on_path).find(has_server).expect("PostgreSQL's server: script/test installs it")
}

/// PostgreSQL refuses to run as root; then it runs as somebody who has nothing to lose.
fn owner() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    let is_root = fs::metadata("/proc/self").expect("/proc").uid() == 0;
    let users = fs::read_to_string("/etc/passwd").expect("the users");
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map(str::parse);
        Some((ids.next()?.ok()?, ids.next()?.ok()?))
    };
    if is_root { Some(find("postgres").or_else(|| find("nobody")).expect("a user")) } else { None }
}

/// How soon after PostgreSQL's return all must be well.
pub const WELL_AGAIN_WITHIN: Duration = Duration::from_secs(5);
