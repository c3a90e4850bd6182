//! The bus of a node that has no others.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Bus, Link, NodeId, Topic};

struct Nobody;

impl Bus for Nobody {
    fn publish(&self, _: &Topic, _: Arc<[u8]>) -> bool {
        true
    }

    fn subscribe(&self, _: Topic) {}

    fn unsubscribe(&self, _: &Topic) {}
}

/// The link of a node that is the only one: what it says reaches all others, and its receiving side has ended.
#[must_use]
pub fn alone() -> Link {
    let (_, heard) = mpsc::channel(1);
    Link { node: NodeId::new("alone".to_owned()), bus: Arc::new(Nobody), heard }
}

impl Link {
    /// Whether there are no other nodes, for as long as the process lives.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.heard.is_closed()
    }
}
