//! What operators watch, in Prometheus' text format.

mod bus;
mod nodes;

pub use bus::{BusMetrics, Dropped, WhatLabel};
pub use nodes::{KindLabel, NodeMetrics};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use roomcast_protocol::ErrorCode;

/// Why a connection ended or was refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ReasonLabel {
    /// A word from a closed set.
    pub reason: &'static str,
}

/// An error code.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CodeLabel {
    /// As on the wire.
    pub code: &'static str,
    /// The command that it answered.
    pub event: &'static str,
}

/// What was left out under load.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct FeatureLabel {
    /// `typing`, `presence` or `receipts`.
    pub feature: &'static str,
}

/// All of them.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Connections now.
    pub connections: Gauge,
    /// Handshakes taken.
    pub connects: Counter,
    /// Handshakes that resumed from earlier state.
    pub reconnects: Counter,
    /// Handshakes refused.
    pub refusals: Family<ReasonLabel, Counter>,
    /// Connections ended.
    pub disconnects: Family<ReasonLabel, Counter>,
    /// Messages stored.
    pub messages: Counter,
    /// Durable events of rooms, times the room's members who are here.
    pub deliveries: Counter,
    /// Commands refused.
    pub errors: Family<CodeLabel, Counter>,
    /// From a command's arrival to its ack.
    pub ack_seconds: Histogram,
    /// Changes of one transaction.
    pub batch_changes: Histogram,
    /// Time of one transaction.
    pub batch_seconds: Histogram,
    /// Transactions that failed.
    pub batch_failures: Counter,
    /// Changes that wait for the writer.
    pub writer_queue: Gauge,
    /// Events left out under load.
    pub sheds: Family<FeatureLabel, Counter>,
    /// What this node and the others tell each other.
    pub nodes: NodeMetrics,
    /// The bus between nodes.
    pub bus: BusMetrics,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("roomcast");
        let seconds = || Histogram::new(exponential_buckets(0.000_5, 2.0, 16));
        let metrics = Self {
            connections: Gauge::default(),
            connects: Counter::default(),
            reconnects: Counter::default(),
            refusals: Family::default(),
            disconnects: Family::default(),
            messages: Counter::default(),
            deliveries: Counter::default(),
            errors: Family::default(),
            ack_seconds: seconds(),
            batch_changes: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            batch_seconds: seconds(),
            batch_failures: Counter::default(),
            writer_queue: Gauge::default(),
            sheds: Family::default(),
            nodes: NodeMetrics::default(),
            bus: BusMetrics::default(),
            registry: Registry::default(),
        };
        registry.register("connections", "Connections now", metrics.connections.clone());
        registry.register("connects", "Handshakes taken", metrics.connects.clone());
        registry.register("reconnects", "Handshakes that resumed from earlier state", metrics.reconnects.clone());
        registry.register("refusals", "Handshakes refused", metrics.refusals.clone());
        registry.register("disconnects", "Connections ended", metrics.disconnects.clone());
        registry.register("messages", "Messages stored", metrics.messages.clone());
        registry.register(
            "deliveries",
            "Durable events of rooms, times the members who are here",
            metrics.deliveries.clone(),
        );
        registry.register("errors", "Commands refused", metrics.errors.clone());
        let unit = || Unit::Seconds;
        registry.register_with_unit("ack_latency", "From arrival to ack", unit(), metrics.ack_seconds.clone());
        registry.register("batch_changes", "Changes of one transaction", metrics.batch_changes.clone());
        registry.register_with_unit("batch", "Time of one transaction", unit(), metrics.batch_seconds.clone());
        registry.register("batch_failures", "Transactions that failed", metrics.batch_failures.clone());
        registry.register("writer_queue", "Changes that wait for the writer", metrics.writer_queue.clone());
        registry.register("sheds", "Events left out under load", metrics.sheds.clone());
        metrics.nodes.register(&mut registry);
        metrics.bus.register(&mut registry);
        Self { registry, ..metrics }
    }
}

impl Metrics {
    /// Counts a refused command.
    pub fn count_error(&self, code: ErrorCode, event: &'static str) {
        self.errors.get_or_create(&CodeLabel { code: code.as_str(), event }).inc();
    }

    /// The page that a scraper reads.
    #[must_use]
    pub fn page(&self) -> String {
        let mut page = String::new();
        encode(&mut page, &self.registry).expect("writing to a string does not fail");
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_what_was_counted() {
        let metrics = Metrics::default();
        metrics.connects.inc();
        metrics.count_error(ErrorCode::NotMember, "send-message");
        let page = metrics.page();
        assert!(page.contains("roomcast_connects_total 1"), "{page}");
        assert!(page.contains(r#"roomcast_errors_total{code="not_member",event="send-message"} 1"#), "{page}");
    }
}
