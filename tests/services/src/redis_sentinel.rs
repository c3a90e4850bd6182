//! A master and its replica under the eyes of Sentinels.

use std::{fs, process::Command};

use tempfile::TempDir;

use crate::{
    Redis, port,
    process::Process,
    redis::{cli, command},
    redis_cluster::eventually,
};

const NAME: &str = "chat";
const SENTINELS: usize = 3;

/// Three Sentinels, one master, one replica.
#[derive(Debug)]
pub struct RedisSentinel {
    sentinels: Vec<Sentinel>,
    servers: [Redis; 2],
}

#[derive(Debug)]
struct Sentinel {
    port: u16,
    _process: Process,
    _dir: TempDir,
}

impl RedisSentinel {
    /// Starts them.
    ///
    /// # Panics
    /// If Redis is not installed or they do not find each other.
    #[must_use]
    pub fn start() -> Self {
        let master = Redis::start();
        let replica = Redis::start_with(&["--replicaof", &format!("127.0.0.1 {}", master.port())]);
        let sentinels: Vec<Sentinel> = (0..SENTINELS).map(|_| Sentinel::watching(master.port())).collect();
        eventually("the Sentinels know each other and the replica", || {
            sentinels.iter().all(|sentinel| {
                let known = cli(sentinel.port, &["INFO", "sentinel"]);
                known.contains(&format!("slaves=1,sentinels={SENTINELS}")) && known.contains("status=ok")
            })
        });
        Self { sentinels, servers: [master, replica] }
    }

    /// Its URL, as roomcast wants it.
    #[must_use]
    pub fn url(&self) -> String {
        let hosts: Vec<String> = self.sentinels.iter().map(|sentinel| format!("127.0.0.1:{}", sentinel.port)).collect();
        format!("redis+sentinel://{}/{NAME}", hosts.join(","))
    }

    /// The master of the start.
    #[must_use]
    pub fn first(&mut self) -> &mut Redis {
        &mut self.servers[0]
    }

    /// The replica of the start.
    #[must_use]
    pub fn second(&mut self) -> &mut Redis {
        &mut self.servers[1]
    }

    /// The server that the Sentinels hold for the master, and the other.
    ///
    /// # Panics
    /// If it is neither.
    pub fn leader(&mut self) -> [&mut Redis; 2] {
        let port = self.master_port().expect("the Sentinels know a master");
        let [first, second] = &mut self.servers;
        if first.port() == port { [first, second] } else { [second, first] }
    }

    /// Both servers.
    pub const fn servers(&mut self) -> &mut [Redis; 2] {
        &mut self.servers
    }

    /// Kills the master and waits until the other has taken over.
    ///
    /// # Panics
    /// If it does not.
    pub fn fail_over(&mut self) {
        let [leader, other] = self.leader();
        leader.kill();
        let port = other.port();
        self.wait_until_master_is(port);
    }

    /// Where a Sentinel says that the master is.
    #[must_use]
    pub fn master_port(&self) -> Option<u16> {
        let found = cli(self.sentinels[0].port, &["SENTINEL", "get-master-addr-by-name", NAME]);
        found.lines().nth(1)?.parse().ok()
    }

    /// Waits until all Sentinels say that it is this port.
    ///
    /// # Panics
    /// If they do not.
    pub fn wait_until_master_is(&self, port: u16) {
        eventually("the Sentinels agree on the master", || {
            self.sentinels.iter().all(|sentinel| {
                let found = cli(sentinel.port, &["SENTINEL", "get-master-addr-by-name", NAME]);
                found.lines().nth(1) == Some(&port.to_string())
            })
        });
    }
}

impl Sentinel {
    fn watching(master: u16) -> Self {
        let dir = TempDir::with_prefix("roomcast-sentinel-").expect("a directory can be made");
        let (port, file) = (port::free(), dir.path().join("sentinel.conf"));
        let settings = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor {NAME} 127.0.0.1 {master} 2\n\
             sentinel down-after-milliseconds {NAME} 1000\nsentinel failover-timeout {NAME} 3000\n",
        );
        fs::write(&file, settings).expect("a file can be written");
        let mut sentinel = Command::new("redis-server");
        sentinel.arg(&file).arg("--sentinel").current_dir(dir.path());
        let ready = || command(port, "PING").is_ok_and(|answer| answer == "+PONG");
        let process = Process::start(sentinel, dir.path().join("sentinel.log"), ready);
        Self { port, _process: process, _dir: dir }
    }
}
