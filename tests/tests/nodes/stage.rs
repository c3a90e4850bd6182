//! Nodes, what they stand on, and what stands in front of them.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, LazyLock},
    time::Duration,
};

use roomcast_test_services::{Nginx, Postgres, Redis, port};
use roomcast_tests::Server;
use tokio::{runtime::Runtime, task::spawn_blocking};

/// How long nginx may take a node for dead after it answers again.
pub(crate) const NGINX_TRIES: Duration = Duration::from_secs(40);

/// Three nodes.
pub(crate) struct Stage {
    // Before what they stand on, so that they are gone first.
    pub(crate) nginx: Nginx,
    pub(crate) nodes: Vec<Server>,
    pub(crate) redis: Redis,
    pub(crate) postgres: Postgres,
    /// Where the nodes keep what they know.
    pub(crate) database: String,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let services = spawn_blocking(|| {
            let postgres = Postgres::start();
            let database = postgres.database();
            (postgres, database, Redis::start())
        });
        let (postgres, database, redis) = services.await.expect("they start");
        let node =
            |n: usize| Server::node(n, &database, &redis.url()).set("ROOMCAST_TRUSTED_PROXIES", "127.0.0.1").start();
        let (one, two, three) = tokio::join!(node(1), node(2), node(3));
        let nodes = vec![one, two, three];
        let addresses = std::array::from_fn(|n| nodes[n].address());
        let balancer = SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()));
        let nginx = spawn_blocking(move || Nginx::start(balancer, addresses)).await.expect("it starts");
        Self { nginx, nodes, redis, postgres, database }
    }

    /// One for all tests of this process that break nothing: starting it is most of the work.
    pub(crate) async fn shared() -> Arc<Self> {
        static SHARED: tokio::sync::Mutex<std::sync::Weak<Stage>> =
            tokio::sync::Mutex::const_new(std::sync::Weak::new());
        let mut shared = SHARED.lock().await;
        if let Some(stage) = shared.upgrade() {
            return stage;
        }
        // A server goes when the thread does that started it, so that is none of a single test's.
        static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime can be made"));
        let stage = Arc::new(RUNTIME.spawn(Self::set()).await.expect("it is set"));
        *shared = Arc::downgrade(&stage);
        stage
    }

    /// A value of `affinity` that nginx takes to this node, as soon as it tries it.
    pub(crate) async fn affinity(&self, node: usize) -> String {
        let leads = async || self.find(node).await.is_some();
        assert!(roomcast_tests::eventually(NGINX_TRIES, leads).await, "no key leads to node {node}");
        self.find(node).await.expect("one led there a moment ago")
    }

    async fn find(&self, node: usize) -> Option<String> {
        for n in 0..100 {
            let key = format!("key-{n}");
            if self.leads(&key, node).await {
                return Some(key);
            }
        }
        None
    }

    /// Whether nginx takes this value of `affinity` to this node.
    pub(crate) async fn leads(&self, key: &str, node: usize) -> bool {
        let path = format!("/livez?affinity={key}");
        let head = roomcast_tests::http::head(self.nginx.address(), &path).await.expect("nginx answers");
        let wanted = format!("X-Node: {}", self.nodes[node].address());
        head.lines().any(|line| line == wanted)
    }
}
