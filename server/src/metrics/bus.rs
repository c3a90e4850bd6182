//! What operators watch of the bus between nodes.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use super::ReasonLabel;

/// What the server lacks now.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct WhatLabel {
    /// A word from a closed set: `redis`.
    pub what: &'static str,
}

const REDIS: WhatLabel = WhatLabel { what: "redis" };

/// Why a frame of this node or for it was dropped. It is a hint: what it was about is in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// The bus was down.
    Down,
    /// Too much waited to go out.
    QueueFull,
    /// Too much waited to be handled.
    InboxFull,
}

impl Dropped {
    const fn label(self) -> ReasonLabel {
        ReasonLabel {
            reason: match self {
                Self::Down => "down",
                Self::QueueFull => "queue_full",
                Self::InboxFull => "inbox_full",
            },
        }
    }
}

/// A cheap handle.
#[derive(Debug, Clone, Default)]
pub struct BusMetrics {
    degraded: Family<WhatLabel, Gauge>,
    /// Frames sent.
    pub published: Counter,
    /// Frames of other nodes.
    pub heard: Counter,
    /// Topics that this node listens to.
    pub topics: Gauge,
    dropped: Family<ReasonLabel, Counter>,
    refused: Family<ReasonLabel, Counter>,
}

impl BusMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("degraded", "What the server lacks now: 1", self.degraded.clone());
        registry.register("bus_published", "Frames sent to other nodes", self.published.clone());
        registry.register("bus_heard", "Frames of other nodes", self.heard.clone());
        registry.register("bus_topics", "Topics that this node listens to", self.topics.clone());
        registry.register("bus_dropped", "Frames dropped, to be made good from the database", self.dropped.clone());
        registry.register("bus_refused", "Frames that are not from a node of ours", self.refused.clone());
    }

    /// Says whether Redis is missing.
    pub fn set_degraded(&self, degraded: bool) {
        self.degraded.get_or_create(&REDIS).set(i64::from(degraded));
    }

    /// What is missing now, by name; nothing is where nothing is asked for.
    #[must_use]
    pub fn degraded(&self) -> Vec<&'static str> {
        let missing = self.degraded.get(&REDIS).is_some_and(|gauge| gauge.get() != 0);
        missing.then_some(REDIS.what).into_iter().collect()
    }

    /// Counts frames that were dropped.
    pub fn count_dropped(&self, why: Dropped, count: usize) {
        self.dropped.get_or_create(&why.label()).inc_by(count as u64);
    }

    /// How many frames were dropped for this.
    #[must_use]
    pub fn dropped(&self, why: Dropped) -> u64 {
        self.dropped.get_or_create(&why.label()).get()
    }

    /// Counts a frame that was not taken.
    pub fn count_refused(&self, reason: &'static str) {
        self.refused.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// How many frames were not taken for this.
    #[must_use]
    pub fn refused(&self, reason: &'static str) -> u64 {
        self.refused.get_or_create(&ReasonLabel { reason }).get()
    }
}
