//! Nodes on one Postgres and one Redis, each of their links on its own.

use std::net::{Ipv4Addr, SocketAddr};

use roomcast_test_services::Postgres;
use roomcast_tests::{Server, faulty::Link};
use tokio::task::block_in_place;

use crate::{
    balancer::Balancer,
    broker::{Broker, Kind},
    clock::Clock,
};

/// The only database.
pub const DATABASE: &str = "d0";

/// Most connections that Postgres takes.
pub const CONNECTIONS: usize = 60;

/// A node and what links it to the rest.
#[derive(Debug)]
pub struct Node {
    /// The process.
    pub server: Server,
    /// Its way to Postgres.
    pub postgres: Link,
    /// Its way to Redis, where that is one server: others say themselves where they are.
    pub redis: Option<Link>,
}

impl Node {
    /// Its way to Redis.
    ///
    /// # Panics
    /// If Redis is not one server.
    #[must_use]
    pub const fn bus(&self) -> &Link {
        self.redis.as_ref().expect("Redis is one server")
    }
}

/// The whole installation.
#[derive(Debug)]
pub struct House {
    // Before what they stand on, so that they are gone first.
    /// Leads clients to nodes.
    pub balancer: Balancer,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The wall clock of the last node, if it can be stepped.
    pub clock: Option<Clock>,
    /// The bus.
    pub redis: Broker,
    /// The database.
    pub postgres: Postgres,
}

impl House {
    /// Starts everything. Must run on a runtime of several threads.
    ///
    /// # Panics
    /// If something does not start.
    pub async fn start(nodes: usize, settings: &[(&str, &str)], seed: u64) -> Self {
        Self::start_on(Kind::Single, nodes, settings, seed).await
    }

    /// Starts everything, with Redis set up in some way.
    ///
    /// # Panics
    /// If something does not start.
    pub async fn start_on(kind: Kind, nodes: usize, settings: &[(&str, &str)], seed: u64) -> Self {
        let (postgres, redis) = block_in_place(|| {
            let postgres = Postgres::start_with(&[&format!("max_connections={CONNECTIONS}")]);
            let _ = postgres.database();
            (postgres, Broker::start(kind))
        });
        let clock = Clock::new();
        let mut started = Vec::new();
        for n in 0..nodes {
            let place = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let to_postgres = Link::to(place(postgres.port()), seed ^ (2 * n as u64)).await;
            let to_redis = match &redis {
                Broker::Single(redis) => Some(Link::to(place(redis.port()), seed ^ (2 * n as u64 + 1)).await),
                Broker::Cluster(_) | Broker::Sentinel(_) => None,
            };
            let bus = to_redis.as_ref().map_or_else(|| redis.url(), |link| format!("redis://{}", link.address()));
            let database = format!("postgres://roomcast@{}/{DATABASE}", to_postgres.address());
            let mut builder = Server::node(n, &database, &bus);
            for (name, value) in settings {
                builder = builder.set(name, value);
            }
            for (name, value) in clock.iter().filter(|_| n + 1 == nodes).flat_map(Clock::settings) {
                builder = builder.set(name, &value);
            }
            started.push(Node { server: builder.start().await, postgres: to_postgres, redis: to_redis });
        }
        let addresses: Vec<SocketAddr> = started.iter().map(|node| node.server.address()).collect();
        Self { balancer: Balancer::start(&addresses), nodes: started, clock, redis, postgres }
    }

    /// Runs a statement.
    ///
    /// # Panics
    /// If it fails.
    pub fn sql(&self, statement: &str) -> String {
        block_in_place(|| self.postgres.sql(DATABASE, statement))
    }
}
