//! A Redis Cluster.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{Redis, port};

const SLOTS: usize = 16_384;
/// How long the nodes may take to agree on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Masters that share the slots evenly, and a replica of the first.
#[derive(Debug)]
pub struct RedisCluster {
    masters: Vec<Redis>,
    replica: Redis,
}

impl RedisCluster {
    /// Starts one of three masters.
    ///
    /// # Panics
    /// If Redis is not installed or the nodes do not agree.
    #[must_use]
    pub fn start() -> Self {
        const MASTERS: usize = 3;
        let cluster = Self { masters: (0..MASTERS).map(|_| node()).collect(), replica: node() };
        for (n, master) in cluster.masters.iter().enumerate() {
            let range = [SLOTS * n / MASTERS, SLOTS * (n + 1) / MASTERS - 1].map(|slot| slot.to_string());
            assert_eq!(master.cli(&["CLUSTER", "ADDSLOTSRANGE", &range[0], &range[1]]), "OK");
        }
        let first = &cluster.masters[0];
        for other in cluster.masters[1..].iter().chain([&cluster.replica]) {
            let (port, bus) = (other.port().to_string(), bus_port(other));
            assert_eq!(first.cli(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]), "OK");
        }
        let id = first.cli(&["CLUSTER", "MYID"]);
        eventually("the replica follows", || cluster.replica.cli(&["CLUSTER", "REPLICATE", &id]) == "OK");
        // Before that it does not take over.
        eventually("the replica has what its master has", || {
            cluster.replica.cli(&["INFO", "replication"]).contains("master_link_status:up")
        });
        cluster.wait_until_agreed();
        cluster
    }

    /// Its URL, as roomcast wants it.
    #[must_use]
    pub fn url(&self) -> String {
        let hosts: Vec<String> = self.masters.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        format!("redis+cluster://{}", hosts.join(","))
    }

    /// The masters, as they were at the start.
    #[must_use]
    pub fn masters(&mut self) -> &mut [Redis] {
        &mut self.masters
    }

    /// Kills all of it.
    pub fn kill(&mut self) {
        self.nodes().for_each(Redis::kill);
    }

    /// Starts again what was killed, and waits until all of it serves.
    ///
    /// # Panics
    /// If the nodes do not agree.
    pub fn restart(&mut self) {
        self.nodes().filter(|node| !node.is_running()).for_each(Redis::restart);
        self.wait_until_agreed();
        eventually("each has a part to play", || {
            [&self.masters[0], &self.replica].iter().filter(|node| node.is_master()).count() == 1
        });
    }

    /// All of its nodes.
    pub fn nodes(&mut self) -> impl Iterator<Item = &mut Redis> {
        self.masters.iter_mut().chain([&mut self.replica])
    }

    /// The one of two that leads the first third of the slots; all must run.
    pub fn leader(&mut self) -> &mut Redis {
        if self.replica.is_master() { &mut self.replica } else { &mut self.masters[0] }
    }

    /// Kills the leader of the first third and waits until its replica has taken over.
    ///
    /// # Panics
    /// If it does not.
    pub fn fail_over(&mut self) {
        self.leader().kill();
        let left = if self.replica.is_running() { &self.replica } else { &self.masters[0] };
        eventually("the replica takes over", || left.is_master());
    }

    /// Moves the slot of a channel from one master to another.
    ///
    /// # Panics
    /// If the nodes refuse, or the first master is not the one that has it.
    pub fn move_slot(&self, channel: &str, from: usize, to: usize) {
        let (from, to) = (&self.masters[from], &self.masters[to]);
        let slot = from.cli(&["CLUSTER", "KEYSLOT", channel]);
        let (source, target) = (from.cli(&["CLUSTER", "MYID"]), to.cli(&["CLUSTER", "MYID"]));
        assert_eq!(to.cli(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source]), "OK");
        assert_eq!(from.cli(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target]), "OK");
        for node in [to, from] {
            assert_eq!(node.cli(&["CLUSTER", "SETSLOT", &slot, "NODE", &target]), "OK");
        }
    }

    /// Which master has a channel.
    ///
    /// # Panics
    /// If none has.
    #[must_use]
    pub fn master_of(&self, channel: &str) -> usize {
        let serves = |node: &Redis| node.cli(&["SPUBLISH", channel, "x"]).parse::<u32>().is_ok();
        self.masters.iter().position(serves).expect("somebody has it")
    }

    fn wait_until_agreed(&self) {
        let agreed = |node: &Redis| {
            let info = node.cli(&["CLUSTER", "INFO"]);
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:4")
        };
        eventually("the nodes agree", || self.masters.iter().chain([&self.replica]).all(agreed));
    }
}

fn node() -> Redis {
    let bus = port::free().to_string();
    // What a node knows about the others is kept over a restart.
    let soon = ["--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0"];
    Redis::start_with(&[&["--cluster-enabled", "yes", "--cluster-port", &bus][..], &soon].concat())
}

fn bus_port(node: &Redis) -> String {
    let setting = node.cli(&["CONFIG", "GET", "cluster-port"]);
    setting.lines().nth(1).expect("a name and a value").to_owned()
}

pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "not within {} s: {what}", PATIENCE.as_secs());
        thread::sleep(Duration::from_millis(20));
    }
}
