//! The bus over Redis: pub/sub and nothing else, so that Redis holds nothing that could be lost (ADR 9).
//!
//! A `Life` task owns the connections. It is either up, with a connection to each master, or it is down and
//! tries again; callers see only queues, so nothing that a caller does waits for Redis (G-6). One connection a master
//! carries everything: what is published, what is subscribed to, what is heard, and a ping that notices a Redis that
//! is frozen or cut off.

mod channel;
mod frame;
mod inbox;
mod key;
mod layout;
mod life;
mod outbox;
mod session;
mod slot;
mod target;
mod wanted;

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use channel::{Prefix, PrefixError};
pub use key::BusKey;
pub use target::{Target, TargetError};

use self::{inbox::Inbox, life::Life, outbox::Outbox, wanted::Wanted};
use super::{Bus, Link, NodeId, Topic};
use crate::metrics::BusMetrics;

/// What was heard and waits for the services, beyond what waits in the inbox.
const HEARD_QUEUE: usize = 1_024;

/// How to reach the other nodes.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// Where Redis is.
    pub target: Target,
    /// What authenticates frames; the same on every node.
    pub key: BusKey,
    /// What channel names begin with; the same on every node.
    pub prefix: Prefix,
}

/// Starts a node's place on the bus. Until the first [`Heard::Up`](super::Heard::Up) it is down. It ends when the
/// receiving side of the link is dropped. Must run inside a tokio runtime.
#[must_use]
pub fn start(settings: RedisSettings, node: NodeId, metrics: BusMetrics) -> Link {
    if settings.target.is_tls() {
        // An application around us, or its other libraries, may have chosen another before, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    metrics.set_degraded(true);
    let (queue, outgoing) = Outbox::new(metrics.clone());
    let wanted = Arc::new(Wanted::default());
    let inbox = Arc::new(Inbox::new(metrics.clone()));
    let (sender, heard) = mpsc::channel(HEARD_QUEUE);
    let codec = frame::Codec::new(settings.key, node.clone(), settings.prefix);
    let over = CancellationToken::new();
    let delivery = inbox::deliver(inbox.clone(), codec.clone(), wanted.clone(), metrics.clone(), sender);
    let guard = over.clone().drop_guard();
    tokio::spawn(async move {
        delivery.await;
        drop(guard);
    });
    let life = Life { target: settings.target, codec, queue: queue.clone(), wanted: wanted.clone(), inbox, metrics };
    tokio::spawn(async move { over.run_until_cancelled(life.run(outgoing)).await });
    Link { node, bus: Arc::new(RedisBus { queue, wanted }), heard }
}

struct RedisBus {
    queue: Outbox,
    wanted: Arc<Wanted>,
}

impl Bus for RedisBus {
    fn publish(&self, topic: &Topic, payload: Arc<[u8]>) -> bool {
        self.queue.offer(topic, payload)
    }

    fn subscribe(&self, topic: Topic) {
        self.wanted.add(topic);
    }

    fn unsubscribe(&self, topic: &Topic) {
        self.wanted.remove(topic);
    }
}
