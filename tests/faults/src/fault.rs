//! What breaks in the house, and how it is mended.

use std::{
    process::{Child, Stdio},
    time::Duration,
};

use roomcast_tests::{
    Dice,
    faulty::{Passing, Way, Weather},
};
use tokio::task::block_in_place;

use crate::{
    broker::Broker,
    house::{CONNECTIONS, DATABASE, House},
};

/// A fault of a node or of what it stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Fault {
    /// A node is killed, and started again.
    NodeKilled,
    /// A node stops in its tracks.
    NodeFrozen,
    /// One node after the other is asked to stop and started again.
    NodesRolled,
    /// A node's wall clock is ten minutes off.
    ClockStepped,
    /// Redis is killed, and started again.
    RedisKilled,
    /// Redis stops in its tracks.
    RedisFrozen,
    /// Redis forgets everything, and lets everybody go.
    RedisFlushed,
    /// A master of Redis is killed, and its replica takes over.
    RedisFailedOver,
    /// A node hears nothing from Redis and is not heard.
    RedisCutOff,
    /// Nobody listens where a node looks for Redis.
    RedisRefused,
    /// What one node tells Redis is lost, and what Redis tells it is not.
    RedisMuffled,
    /// Redis is far away.
    RedisFar,
    /// Postgres crashes, and is started again.
    PostgresKilled,
    /// Postgres stops in its tracks.
    PostgresFrozen,
    /// Postgres's back ends are ended.
    BackendsEnded,
    /// Every query waits for a lock that somebody else holds: the pools run dry.
    PoolsDry,
    /// Others take all of Postgres's connections.
    PostgresCrowded,
    /// A node hears nothing from Postgres and is not heard.
    PostgresCutOff,
    /// A node's connections to Postgres end after a few bytes.
    PostgresTorn,
    /// Postgres is far away.
    PostgresFar,
}

/// How long faults last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Many in a few minutes.
    Brisk,
    /// As long as the promises speak of.
    Full,
}

/// What must be undone.
#[derive(Debug)]
pub struct Broken {
    /// What it is.
    pub fault: Fault,
    /// The node that it is about, of those that are about one.
    pub node: usize,
    statements: Vec<Child>,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::NodeKilled,
        Self::NodeFrozen,
        Self::NodesRolled,
        Self::ClockStepped,
        Self::RedisKilled,
        Self::RedisFrozen,
        Self::RedisFlushed,
        Self::RedisFailedOver,
        Self::RedisCutOff,
        Self::RedisRefused,
        Self::RedisMuffled,
        Self::RedisFar,
        Self::PostgresKilled,
        Self::PostgresFrozen,
        Self::BackendsEnded,
        Self::PoolsDry,
        Self::PostgresCrowded,
        Self::PostgresCutOff,
        Self::PostgresTorn,
        Self::PostgresFar,
    ];

    /// How long it lasts.
    #[must_use]
    pub const fn lasts(self, pace: Pace) -> Duration {
        let seconds = match (self, pace) {
            (Self::NodeFrozen, Pace::Full) => 30,
            (Self::RedisFrozen, Pace::Full) => 20,
            (Self::NodeKilled | Self::RedisKilled | Self::PostgresFrozen, Pace::Full) => 10,
            (Self::NodeFrozen, Pace::Brisk) => 9,
            (Self::RedisFlushed | Self::BackendsEnded, _) => 1,
            (Self::NodesRolled, _) => 0,
            (Self::PostgresKilled, Pace::Brisk) => 2,
            (_, Pace::Full) => 8,
            (_, Pace::Brisk) => 5,
        };
        Duration::from_secs(seconds)
    }

    /// Whether it can be had here.
    #[must_use]
    pub const fn is_possible(self, house: &House) -> bool {
        match self {
            Self::ClockStepped => house.clock.is_some(),
            Self::RedisFailedOver => !matches!(house.redis, Broker::Single(_)),
            Self::RedisCutOff | Self::RedisRefused | Self::RedisMuffled | Self::RedisFar => {
                matches!(house.redis, Broker::Single(_))
            }
            _ => true,
        }
    }

    /// Breaks it.
    ///
    /// # Panics
    /// If a node does not stop when it is asked to, or does not come back.
    pub async fn strike(self, house: &mut House, dice: &mut Dice) -> Broken {
        let node = usize::try_from(dice.below(house.nodes.len() as u64)).expect("a few");
        let mut statements = Vec::new();
        let cut_off = Weather::both(Way::passing(Passing::Frozen));
        let far = Weather::both(Way::late(Duration::from_millis(100), Duration::from_millis(150)));
        match self {
            Self::NodeKilled => house.nodes[node].server.kill9(),
            Self::NodeFrozen => house.nodes[node].server.freeze(),
            Self::NodesRolled => {
                for node in &mut house.nodes {
                    let status = node.server.sigterm().await;
                    assert!(status.success(), "a node that was asked to stop ended with {status}");
                    node.server.restart().await;
                }
            }
            Self::ClockStepped => {
                let seconds = if dice.below(2) == 0 { 600 } else { -600 };
                house.clock.as_ref().expect("it is possible").step(seconds);
            }
            Self::RedisKilled => block_in_place(|| house.redis.kill()),
            Self::RedisFrozen => house.redis.freeze(),
            Self::RedisFlushed => block_in_place(|| house.redis.flush()),
            Self::RedisFailedOver => block_in_place(|| house.redis.fail_over()),
            Self::RedisCutOff => house.nodes[node].bus().set(cut_off),
            Self::RedisRefused => {
                house.nodes[node].bus().set(Weather::refused());
                house.nodes[node].bus().reset();
            }
            Self::RedisMuffled => house.nodes[node].bus().set(Weather::up(Way::passing(Passing::Swallowed))),
            Self::RedisFar => house.nodes.iter().for_each(|node| node.bus().set(far)),
            Self::PostgresKilled => block_in_place(|| house.postgres.kill()),
            Self::PostgresFrozen => house.postgres.freeze(),
            Self::BackendsEnded => {
                let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'roomcast'";
                house.sql(end);
            }
            Self::PoolsDry => {
                statements.push(background(
                    house,
                    "BEGIN; LOCK TABLE rooms, meta IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(7)",
                ));
            }
            Self::PostgresCrowded => {
                statements.extend((0..CONNECTIONS).map(|_| background(house, "SELECT pg_sleep(7)")));
                house.nodes.iter().for_each(|node| node.postgres.reset());
            }
            Self::PostgresCutOff => house.nodes[node].postgres.set(cut_off),
            Self::PostgresTorn => {
                // A statement or an answer ends anywhere, that to COMMIT too.
                let (up, down) = (dice.below(20_000), dice.below(4_000));
                let way = |bytes| Way::passing(Passing::CutAfter(1_000 + bytes));
                house.nodes[node].postgres.set(Weather { up: way(up), down: way(down), ..Weather::default() });
            }
            Self::PostgresFar => house.nodes.iter().for_each(|node| node.postgres.set(far)),
        }
        Broken { fault: self, node, statements }
    }
}

impl Broken {
    /// Mends it.
    ///
    /// # Panics
    /// If something does not come back.
    pub async fn mend(mut self, house: &mut House) {
        let node = self.node;
        match self.fault {
            Fault::NodeKilled => house.nodes[node].server.restart().await,
            Fault::NodeFrozen => house.nodes[node].server.thaw(),
            Fault::ClockStepped => house.clock.as_ref().expect("it was possible").step(0),
            Fault::RedisKilled | Fault::RedisFailedOver => block_in_place(|| house.redis.restart()),
            Fault::RedisFrozen => house.redis.thaw(),
            Fault::PostgresKilled => block_in_place(|| house.postgres.restart()),
            Fault::PostgresFrozen => house.postgres.thaw(),
            Fault::RedisCutOff | Fault::RedisRefused => house.nodes[node].bus().set(Weather::default()),
            Fault::RedisMuffled => {
                // What was swallowed is gone, and its connections with it.
                house.nodes[node].bus().set(Weather::default());
                house.nodes[node].bus().reset();
            }
            Fault::RedisFar => house.nodes.iter().for_each(|node| node.bus().set(Weather::default())),
            Fault::PostgresCutOff | Fault::PostgresTorn => house.nodes[node].postgres.set(Weather::default()),
            Fault::PostgresFar => house.nodes.iter().for_each(|node| node.postgres.set(Weather::default())),
            Fault::NodesRolled
            | Fault::RedisFlushed
            | Fault::BackendsEnded
            | Fault::PoolsDry
            | Fault::PostgresCrowded => {}
        }
        for statement in &mut self.statements {
            // They end by themselves: one that came too late for a place has already.
            block_in_place(|| statement.wait()).expect("a child can be waited for");
        }
        for node in &mut house.nodes {
            assert!(node.server.is_running(), "a node ended by itself");
        }
    }
}

fn background(house: &House, statement: &str) -> Child {
    let mut psql = house.postgres.psql(DATABASE);
    psql.arg("-c").arg(statement).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    psql.spawn().expect("psql can be run")
}
