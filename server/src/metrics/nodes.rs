//! What operators watch of several nodes.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

/// What nodes say to each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct KindLabel {
    /// A word from a closed set.
    pub kind: &'static str,
}

/// What this node and the others tell each other. Cloned, it counts the same.
#[derive(Debug, Clone, Default)]
pub struct NodeMetrics {
    /// What was said to others.
    pub said: Family<KindLabel, Counter>,
    /// What the bus did not take.
    pub unsaid: Family<KindLabel, Counter>,
    /// What others said.
    pub heard: Family<KindLabel, Counter>,
    /// Rooms whose news was waited for.
    pub hole_waits: Counter,
    /// Rooms whose news was read from the database.
    pub fills: Counter,
    /// Users who are on other nodes only.
    pub remote_users: Gauge,
}

impl NodeMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("node_said", "What was said to other nodes", self.said.clone());
        registry.register("node_unsaid", "What the bus did not take", self.unsaid.clone());
        registry.register("node_heard", "What other nodes said", self.heard.clone());
        registry.register("node_hole_waits", "Rooms whose news was waited for", self.hole_waits.clone());
        registry.register("node_fills", "Rooms whose news was read from the database", self.fills.clone());
        registry.register("node_remote_users", "Users who are on other nodes only", self.remote_users.clone());
    }
}
