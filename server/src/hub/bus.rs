//! The way between nodes. It may lose, double, delay and reorder, and nothing ever waits for it: what became durable
//! is in the database, and whoever misses a frame finds out by itself (G-8).

use std::{fmt, sync::Arc};

use roomcast_protocol::{RoomId, UserId};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// One life of one process: a node that starts again is another node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(String);

impl NodeId {
    /// A node of this name, which must be unique among all lives of all nodes.
    #[must_use]
    pub const fn new(name: String) -> Self {
        Self(name)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who hears a frame: the nodes that subscribed to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Nodes with members of a room.
    Room(RoomId),
    /// Nodes with connections of a user.
    User(UserId),
    /// All nodes.
    Nodes,
    /// One node.
    Node(NodeId),
}

/// What comes from the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Another node published this; never what this node published itself.
    Frame {
        /// Who.
        from: NodeId,
        /// To whom.
        topic: Topic,
        /// What.
        payload: Arc<[u8]>,
    },
    /// From now on the topic's frames come, since it was asked for or since the bus came back.
    Subscribed(Topic),
    /// The bus works, with its subscriptions; each will be told as [`Heard::Subscribed`].
    Up,
    /// The bus does not work: nothing comes until it is up again.
    Down,
}

/// The sending side of a bus. No call blocks, none fails.
pub trait Bus: Send + Sync + 'static {
    /// Sends to the topic's other subscribers. False where it was dropped, because the bus is down or its queue is
    /// full; true does not say that it arrives.
    fn publish(&self, topic: &Topic, payload: Arc<[u8]>) -> bool;

    /// Asks for a topic's frames; a second time does nothing.
    fn subscribe(&self, topic: Topic);

    /// Asks for them no more.
    fn unsubscribe(&self, topic: &Topic);
}

/// A node's place on a bus.
pub struct Link {
    /// The node.
    pub node: NodeId,
    /// The sending side.
    pub bus: Arc<dyn Bus>,
    /// The receiving side. Its queue is bounded: frames that find it full are dropped, the rest waits.
    pub heard: mpsc::Receiver<Heard>,
}
