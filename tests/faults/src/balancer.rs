//! What stands between clients and nodes: knows which nodes are ready, and leads each client to one of them.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use roomcast_tests::http;
use tokio::{task::JoinSet, time::timeout};

/// How often nodes are asked.
const ASK: Duration = Duration::from_millis(300);
/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// The nodes and how they are. It stops asking with the value.
#[derive(Debug)]
pub struct Balancer {
    nodes: Arc<[Place]>,
    _asking: JoinSet<()>,
}

#[derive(Debug)]
struct Place {
    address: SocketAddr,
    ready: AtomicBool,
}

impl Balancer {
    /// Before these nodes.
    #[must_use]
    pub fn start(addresses: &[SocketAddr]) -> Self {
        let place = |address: &SocketAddr| Place { address: *address, ready: AtomicBool::new(true) };
        let nodes: Arc<[Place]> = addresses.iter().map(place).collect();
        let mut asking = JoinSet::new();
        for n in 0..nodes.len() {
            let nodes = Arc::clone(&nodes);
            asking.spawn(async move {
                loop {
                    let answer = timeout(PATIENCE, http::get(nodes[n].address, "/readyz")).await;
                    nodes[n].ready.store(matches!(answer, Ok(Ok((200, _)))), Ordering::Relaxed);
                    tokio::time::sleep(ASK).await;
                }
            });
        }
        Self { nodes, _asking: asking }
    }

    /// Leads whoever has this key: always to the same node while that is ready, to the next one while it is not. While
    /// none is, they are tried as if all were: they may still talk to those who are there.
    pub fn route(&self) -> impl Fn(usize) -> (usize, SocketAddr) + Send + Sync + use<> {
        let nodes = Arc::clone(&self.nodes);
        move |key| {
            let order = || (0..nodes.len()).map(|step| (key + step) % nodes.len());
            let ready = order().find(|n| nodes[*n].ready.load(Ordering::Relaxed));
            let n = ready.unwrap_or(key % nodes.len());
            (n, nodes[n].address)
        }
    }
}
