//! A real `roomcast` process on a port and a database of its own.

use std::{
    env,
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::{RawClient, Token, http, port, token::SECRET, wait::eventually};

const START: Duration = Duration::from_secs(20);
/// What a server promises after SIGTERM, and a little for a loaded machine.
const STOP: Duration = Duration::from_secs(27);

/// A running server. It is killed when this is dropped; its log is printed if the test fails, and a panic in it
/// fails the test.
#[derive(Debug)]
pub struct Server {
    child: Option<Child>,
    address: SocketAddr,
    admin: SocketAddr,
    settings: Vec<(String, String)>,
    dir: TempDir,
    looked_after: bool,
}

/// A server about to be started.
#[derive(Debug, Default)]
pub struct Builder {
    settings: Vec<(String, String)>,
}

impl Builder {
    /// With this setting, an environment variable.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it, and waits until it is ready.
    ///
    /// # Panics
    /// If it does not get ready; its log is printed.
    pub async fn start(self) -> Server {
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut server = Server {
            child: None,
            address: local(port::free()),
            admin: local(port::free()),
            settings: self.settings,
            dir: TempDir::with_prefix("roomcast-").expect("a directory can be made"),
            looked_after: false,
        };
        server.launch().await;
        server
    }
}

impl Server {
    /// A server without rate limits, with a fresh database.
    ///
    /// # Panics
    /// If it does not get ready; its log is printed.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// One of several servers on one Postgres and one Redis.
    #[must_use]
    pub fn node(n: usize, database: &str, redis: &str) -> Builder {
        let name = format!("node-{n}");
        let settings = [("DATABASE_URL", database), ("REDIS_URL", redis), ("NODE_NAME", &name)];
        settings.iter().fold(Self::builder(), |node, (setting, value)| node.set(&format!("ROOMCAST_{setting}"), value))
    }

    /// A server with other settings.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// `http://…`, as clients want it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it shows its metrics.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// The database that it has unless it was set otherwise.
    #[must_use]
    pub fn database(&self) -> String {
        format!("sqlite://{}?mode=rwc", self.dir.path().join("roomcast.db").display())
    }

    /// A connected client of this user.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn client(&self, user: &str) -> RawClient {
        self.client_with(serde_json::json!({ "token": Token::of(user).sign() })).await
    }

    /// A connected client that says this in its `auth`.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn client_with(&self, auth: Value) -> RawClient {
        RawClient::connect_with(&self.url(), auth).await.expect("the server takes a good token")
    }

    /// Ends it as a crash would.
    ///
    /// # Panics
    /// If it was not running.
    pub fn kill9(&mut self) {
        let mut child = self.child.take().expect("the server runs");
        child.kill().expect("a child can be killed");
        child.wait().expect("a child can be waited for");
    }

    /// Asks it to stop, and leaves it to that.
    ///
    /// # Panics
    /// If it was not running.
    pub fn ask_to_stop(&self) {
        self.signal(Signal::TERM);
    }

    /// Does what Ctrl-C does, and leaves it to that.
    ///
    /// # Panics
    /// If it was not running.
    pub fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// Stops it in its tracks, until [`thaw`](Self::thaw).
    ///
    /// # Panics
    /// If it was not running.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// If it was not running.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Whether it has not been ended and has not ended by itself.
    ///
    /// # Panics
    /// Never: a child can be waited for.
    pub fn is_running(&mut self) -> bool {
        let ended = self.child.as_mut().map(|child| child.try_wait().expect("a child can be waited for"));
        matches!(ended, Some(None))
    }

    /// Its process id.
    ///
    /// # Panics
    /// If it was not running.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the server runs").id()
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.as_ref().expect("the server runs").id();
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a child has a process id");
        kill_process(pid, signal).expect("a child can be signalled");
    }

    /// Waits for it to end by itself.
    ///
    /// # Panics
    /// If it takes longer than a server promises.
    pub async fn stopped(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("the server runs");
        let end = Instant::now() + STOP;
        loop {
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                return status;
            }
            if Instant::now() > end {
                self.child = Some(child);
                panic!("the server was asked to stop {} s ago and still runs", STOP.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Panics
    /// If it takes longer than a server promises.
    pub async fn sigterm(&mut self) -> ExitStatus {
        self.ask_to_stop();
        self.stopped().await
    }

    /// Starts it again, on the same port and database; a running one is killed before.
    ///
    /// # Panics
    /// If it does not get ready.
    pub async fn restart(&mut self) {
        if self.child.is_some() {
            self.kill9();
        }
        self.launch().await;
    }

    /// Everything that it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Everything that it has logged, for somebody who looks after panics: this forgets them.
    #[must_use]
    pub fn take_log(&mut self) -> String {
        self.looked_after = true;
        self.log()
    }

    async fn launch(&mut self) {
        let log = File::options().create(true).append(true).open(self.log_path()).expect("the log can be written");
        let mut command = bound_to_us(&binary());
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ROOMCAST_")) {
            command.env_remove(name);
        }
        command
            .arg("serve")
            .env("ROOMCAST_LISTEN", self.address.to_string())
            .env("ROOMCAST_ADMIN_LISTEN", self.admin.to_string())
            .env("ROOMCAST_DATABASE_URL", self.database())
            .env("ROOMCAST_JWT_SECRET", SECRET)
            .env("ROOMCAST_LIMITS", "off")
            .env("RUST_LOG", "info")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file can be shared"))
            .stderr(log);
        self.child = Some(command.spawn().expect("the server can be started"));
        let address = self.address;
        let end = Instant::now() + START;
        loop {
            let ended = self.child.as_mut().expect("it was started").try_wait().expect("a child can be waited for");
            assert!(ended.is_none(), "the server ended at its start: {ended:?}");
            let asked = eventually(Duration::from_millis(200), || async {
                matches!(http::get(address, "/readyz").await, Ok((200, _)))
            });
            if asked.await {
                return;
            }
            assert!(Instant::now() < end, "the server was not ready after {} s", START.as_secs());
        }
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("roomcast.log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if self.looked_after {
            return;
        }
        let log = self.log();
        if thread::panicking() {
            eprintln!("--- the server's log ---\n{log}--- end of the server's log ---");
        } else {
            assert!(!log.contains("panicked at"), "the server panicked:\n{log}");
        }
    }
}

/// `ROOMCAST_BIN`, or what cargo built last beside this test.
pub fn binary() -> PathBuf {
    if let Some(path) = env::var_os("ROOMCAST_BIN") {
        return PathBuf::from(path);
    }
    let test = env::current_exe().expect("a test knows where it lies");
    // A test lies in target/…/deps, a program beside the server.
    let path = test.ancestors().skip(1).take(2).map(|folder| folder.join("roomcast")).find(|path| path.exists());
    path.unwrap_or_else(|| panic!("no server beside {}; build it: cargo build -p roomcast-server", test.display()))
}

/// The kernel stops the server should the test be killed. (`setpriv` sets that up and becomes the server.)
fn bound_to_us(program: &Path) -> Command {
    let probe = Command::new("setpriv").args(["--pdeathsig", "KILL", "true"]).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}
