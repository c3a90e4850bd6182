//! A Redis server that keeps nothing.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::Command,
    time::Duration,
};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{
    certificate::Certificate,
    port,
    process::{Process, wrapped},
};

/// A Redis server on a port of its own.
#[derive(Debug)]
pub struct Redis {
    process: Option<Process>,
    port: u16,
    settings: Vec<String>,
    tls: Option<(u16, Certificate)>,
    dir: TempDir,
}

impl Redis {
    /// Starts one.
    ///
    /// # Panics
    /// If Redis is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with settings of its own, such as `["--cluster-enabled", "yes"]`.
    ///
    /// # Panics
    /// If Redis is not installed or does not start.
    #[must_use]
    pub fn start_with(settings: &[&str]) -> Self {
        Self::launch(settings.iter().map(|setting| (*setting).to_owned()).collect(), None)
    }

    /// Starts one that speaks TLS, with a certificate of an authority of its own.
    ///
    /// # Panics
    /// If Redis or openssl is not installed or Redis does not start.
    #[must_use]
    pub fn start_with_tls() -> Self {
        Self::launch(Vec::new(), Some((port::free(), Certificate::for_loopback())))
    }

    /// One that does not run yet, for whoever runs [`server`](Self::server) by himself.
    ///
    /// # Panics
    /// If there is no room for a directory.
    #[must_use]
    pub fn prepare() -> Self {
        Self::arrange(Vec::new(), None)
    }

    fn launch(settings: Vec<String>, tls: Option<(u16, Certificate)>) -> Self {
        let mut redis = Self::arrange(settings, tls);
        redis.restart();
        redis
    }

    fn arrange(settings: Vec<String>, tls: Option<(u16, Certificate)>) -> Self {
        let dir = TempDir::with_prefix("roomcast-redis-").expect("a directory can be made");
        Self { process: None, port: port::free(), settings, tls, dir }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.tls {
            Some((port, _)) => format!("rediss://127.0.0.1:{port}"),
            None => format!("redis://127.0.0.1:{}", self.port),
        }
    }

    /// Who signed its certificate, if it has one.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.tls.as_ref().map(|(_, certificate)| certificate)
    }

    /// Where it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether it was started and not killed since.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// Whether it takes itself for a master. It must run.
    #[must_use]
    pub fn is_master(&self) -> bool {
        self.cli(&["ROLE"]).starts_with("master")
    }

    /// Kills it; what it held is gone.
    ///
    /// # Panics
    /// If it does not run.
    pub fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.signal(Signal::KILL);
        process.ended();
    }

    /// Stops it in its tracks, until [`thaw`](Self::thaw).
    ///
    /// # Panics
    /// If it does not run.
    pub fn freeze(&self) {
        self.process.as_ref().expect("it runs").signal(Signal::STOP);
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// If it does not run.
    pub fn thaw(&self) {
        self.process.as_ref().expect("it runs").signal(Signal::CONT);
    }

    /// Starts it on the same port, empty; a running one is killed before.
    ///
    /// # Panics
    /// If it does not start.
    pub fn restart(&mut self) {
        if self.process.is_some() {
            self.kill();
        }
        let log = self.dir.path().join("redis.log");
        self.process = Some(Process::start(self.server(&[]), log, || self.answers()));
    }

    /// The command that runs it, behind words of a wrapper's that becomes what it is given, such as `setpriv … --`.
    #[must_use]
    pub fn server(&self, wrapper: &[&str]) -> Command {
        let mut server = wrapped(wrapper, "redis-server".as_ref());
        server.args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--save", "", "--appendonly", "no"]);
        server.arg("--dir").arg(self.dir.path()).args(&self.settings);
        if let Some((port, certificate)) = &self.tls {
            server.args(["--tls-port", &port.to_string(), "--tls-auth-clients", "no"]);
            server.arg("--tls-cert-file").arg(certificate.own());
            server.arg("--tls-key-file").arg(certificate.key());
            server.arg("--tls-ca-cert-file").arg(certificate.authority());
        }
        server
    }

    /// Whether it answers.
    #[must_use]
    pub fn answers(&self) -> bool {
        self.command("PING").is_ok_and(|answer| answer == "+PONG")
    }

    /// Says one inline command and gives back the first line of the answer.
    ///
    /// # Errors
    /// Where it does not answer within two seconds.
    pub fn command(&self, line: &str) -> std::io::Result<String> {
        command(self.port, line)
    }

    /// Runs a command and gives back all that it answers, as redis-cli shows it to programs.
    ///
    /// # Panics
    /// If redis-cli cannot be run.
    #[must_use]
    pub fn cli(&self, args: &[&str]) -> String {
        cli(self.port, args)
    }
}

pub(crate) fn cli(port: u16, args: &[&str]) -> String {
    let mut command = Command::new("redis-cli");
    let output = command.args(["-p", &port.to_string()]).args(args).output().expect("redis-cli can be run");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

pub(crate) fn command(port: u16, line: &str) -> std::io::Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    write!(stream, "{line}\r\n")?;
    let mut answer = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte)? == 1 && byte != *b"\n" {
        answer.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&answer).trim_end().to_owned())
}
