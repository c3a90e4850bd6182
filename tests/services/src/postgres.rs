//! A Postgres cluster.

use std::{
    env, fs,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use rustix::process::{Signal, geteuid};
use tempfile::TempDir;

use crate::{
    port,
    process::{Process, wrapped},
};

const USER: &str = "roomcast";

/// A cluster on a port of its own, with everything that makes a commit durable switched on.
#[derive(Debug)]
pub struct Postgres {
    process: Option<Process>,
    port: u16,
    dir: TempDir,
    databases: AtomicU32,
    settings: Vec<String>,
}

impl Postgres {
    /// Makes a cluster and starts it.
    ///
    /// # Panics
    /// If Postgres is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with settings of its own, such as `max_connections=20`.
    ///
    /// # Panics
    /// If Postgres is not installed or does not start.
    #[must_use]
    pub fn start_with(settings: &[&str]) -> Self {
        let mut cluster = Self::prepare(settings);
        cluster.restart();
        cluster
    }

    /// Makes a cluster that does not run yet, for whoever runs [`server`](Self::server) by himself.
    ///
    /// # Panics
    /// If Postgres is not installed.
    #[must_use]
    pub fn prepare(settings: &[&str]) -> Self {
        let dir = TempDir::with_prefix("roomcast-pg-").expect("a directory can be made");
        let data = dir.path().join("data");
        fs::create_dir(&data).expect("a directory can be made");
        if let Some((uid, gid)) = servant() {
            for path in [dir.path(), &data] {
                chown(path, Some(uid), Some(gid)).expect("root may give a directory away");
            }
        }
        let mut init = command("initdb");
        init.args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username", USER, "-D"]).arg(&data);
        let output =
            init.current_dir(dir.path()).output().unwrap_or_else(|error| panic!("unable to run initdb; {error}"));
        assert!(output.status.success(), "initdb failed: {}", String::from_utf8_lossy(&output.stderr));
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        Self { process: None, port: port::free(), dir, databases: AtomicU32::new(0), settings }
    }

    /// Makes a new database and gives back its URL.
    ///
    /// # Panics
    /// If the cluster does not answer.
    #[must_use]
    pub fn database(&self) -> String {
        let name = format!("d{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// The URL of one of its databases.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Where it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Runs a statement and gives back what it prints, bare.
    ///
    /// # Panics
    /// If it fails.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        let output = self.psql(database).arg("-c").arg(statement).output().expect("psql can be run");
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Ends it in the middle of whatever it does, as a crash would.
    ///
    /// # Panics
    /// If it does not run.
    pub fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        // Its back ends must not outlive it, or they keep the port and the data; that is what SIGQUIT sees to.
        process.signal(Signal::QUIT);
        process.ended();
    }

    /// Stops it in its tracks: connections stay open and nothing is answered, until [`thaw`](Self::thaw).
    ///
    /// # Panics
    /// If it does not run.
    pub fn freeze(&self) {
        self.everyone(Signal::STOP);
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// If it does not run.
    pub fn thaw(&self) {
        self.everyone(Signal::CONT);
    }

    /// Starts it, on the same port and data; a running one is killed before.
    ///
    /// # Panics
    /// If it does not start.
    pub fn restart(&mut self) {
        if self.process.is_some() {
            self.kill();
        }
        let log = self.dir.path().join("postgres.log");
        self.process = Some(Process::start(self.server(&[]), log, || self.answers()));
    }

    /// The command that runs it, behind words of a wrapper's that becomes what it is given, such as `setpriv … --`.
    #[must_use]
    pub fn server(&self, wrapper: &[&str]) -> Command {
        let mut server = as_servant(wrapped(wrapper, &bin().join("postgres")));
        server.arg("-D").arg(self.dir.path().join("data")).arg("-k").arg(self.dir.path());
        server.args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        for setting in &self.settings {
            server.args(["-c", setting]);
        }
        server.current_dir(self.dir.path());
        server
    }

    /// Whether it takes a statement.
    #[must_use]
    pub fn answers(&self) -> bool {
        let mut ask = self.psql("postgres");
        ask.args(["-c", "SELECT 1"]).env("PGCONNECT_TIMEOUT", "2").stdout(Stdio::null()).stderr(Stdio::null());
        ask.status().is_ok_and(|status| status.success())
    }

    /// Its command line on one of its databases: answers come bare.
    #[must_use]
    pub fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(bin().join("psql"));
        psql.args(["-h", "127.0.0.1", "-U", USER, "-p", &self.port.to_string(), "-d", database, "-Atq"]);
        psql
    }

    fn everyone(&self, signal: Signal) {
        let process = self.process.as_ref().expect("it runs");
        process.signal_children(signal);
        process.signal(signal);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.signal_children(Signal::CONT);
            process.signal(Signal::CONT);
            process.signal(Signal::QUIT);
            process.ended();
        }
    }
}

/// Where Postgres's programs are: `ROOMCAST_PG_BIN`, or the newest of Debian's.
fn bin() -> PathBuf {
    if let Some(path) = env::var_os("ROOMCAST_PG_BIN") {
        return PathBuf::from(path);
    }
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut versions: Vec<PathBuf> = versions.map(|path| path.join("bin")).filter(|path| path.exists()).collect();
    versions.sort();
    versions.pop().expect("Postgres is not installed: apt-get install postgresql")
}

/// A program of Postgres, which refuses to run as root.
fn command(name: &str) -> Command {
    as_servant(Command::new(bin().join(name)))
}

fn as_servant(mut command: Command) -> Command {
    if let Some((uid, gid)) = servant() {
        command.uid(uid).gid(gid);
    }
    command
}

/// The user `postgres`, where this is root.
fn servant() -> Option<(u32, u32)> {
    if !geteuid().is_root() {
        return None;
    }
    let passwd = fs::read_to_string(Path::new("/etc/passwd")).expect("every system has it");
    let line = passwd.lines().find(|line| line.starts_with("postgres:")).expect("Debian's Postgres makes its user");
    let mut fields = line.split(':').skip(2).map(|field| field.parse().expect("ids are numbers"));
    Some((fields.next()?, fields.next()?))
}
