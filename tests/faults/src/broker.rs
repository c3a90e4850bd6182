//! The Redis that the nodes meet at: one server, a Cluster, or a master under the eyes of Sentinels.

use roomcast_test_services::{Redis, RedisCluster, RedisSentinel};

/// How Redis is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Kind {
    /// One server.
    #[default]
    Single,
    /// Three masters, one of them with a replica.
    Cluster,
    /// A master, its replica and three Sentinels.
    Sentinel,
}

/// Redis, however it is set up.
#[derive(Debug)]
pub enum Broker {
    /// One server.
    Single(Redis),
    /// A Cluster.
    Cluster(RedisCluster),
    /// A master and its replica.
    Sentinel(RedisSentinel),
}

impl Broker {
    /// Starts it.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start(kind: Kind) -> Self {
        match kind {
            Kind::Single => Self::Single(Redis::start()),
            Kind::Cluster => Self::Cluster(RedisCluster::start()),
            Kind::Sentinel => Self::Sentinel(RedisSentinel::start()),
        }
    }

    /// Its URL, as roomcast wants it.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::Single(redis) => redis.url(),
            Self::Cluster(cluster) => cluster.url(),
            Self::Sentinel(sentinel) => sentinel.url(),
        }
    }

    /// Kills all of it.
    pub fn kill(&mut self) {
        match self {
            Self::Single(redis) => redis.kill(),
            Self::Cluster(cluster) => cluster.kill(),
            Self::Sentinel(sentinel) => sentinel.servers().iter_mut().for_each(Redis::kill),
        }
    }

    /// Starts what was killed, and waits until it serves.
    ///
    /// # Panics
    /// If it does not.
    pub fn restart(&mut self) {
        match self {
            Self::Single(redis) => redis.restart(),
            Self::Cluster(cluster) => cluster.restart(),
            Self::Sentinel(sentinel) => {
                sentinel.servers().iter_mut().filter(|server| !server.is_running()).for_each(Redis::restart);
            }
        }
    }

    /// Stops it in its tracks; all of it, since a part would be replaced.
    pub fn freeze(&mut self) {
        match self {
            Self::Single(redis) => redis.freeze(),
            Self::Cluster(cluster) => cluster.nodes().for_each(|node| node.freeze()),
            Self::Sentinel(sentinel) => sentinel.servers().iter().for_each(Redis::freeze),
        }
    }

    /// Lets it go on.
    pub fn thaw(&mut self) {
        match self {
            Self::Single(redis) => redis.thaw(),
            Self::Cluster(cluster) => cluster.nodes().for_each(|node| node.thaw()),
            Self::Sentinel(sentinel) => sentinel.servers().iter().for_each(Redis::thaw),
        }
    }

    /// Has it forget everything, and let everybody go.
    ///
    /// # Panics
    /// If Redis does not answer.
    pub fn flush(&mut self) {
        let flush = |redis: &Redis| {
            for line in ["FLUSHALL", "CLIENT KILL TYPE pubsub"] {
                redis.command(line).expect("Redis answers");
            }
        };
        match self {
            Self::Single(redis) => flush(redis),
            Self::Cluster(cluster) => cluster.nodes().for_each(|node| flush(node)),
            Self::Sentinel(sentinel) => sentinel.servers().iter().for_each(flush),
        }
    }

    /// Kills a master and waits until its replica has taken over. Nothing where there is no replica.
    ///
    /// # Panics
    /// If it does not.
    pub fn fail_over(&mut self) {
        match self {
            Self::Single(_) => {}
            Self::Cluster(cluster) => cluster.fail_over(),
            Self::Sentinel(sentinel) => sentinel.fail_over(),
        }
    }
}
