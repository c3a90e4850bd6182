//! Going down without anybody noticing more than a reconnect.

use std::{sync::atomic::Ordering, time::Duration};

use roomcast_protocol::{Event, event::ServerDraining};

use super::Gateway;
use crate::{
    domain::ConnId,
    hub::{CloseReason, Packet, Transport as _},
    service::Service,
};

/// The whole drain takes no longer.
const DEADLINE_MS: u64 = 20_000;
/// Connections are closed over so long each, so that those who come back do not come all at once.
const SPREAD_MS_PER_CONNECTION: u64 = 5;
const SPREAD_MAX_MS: u64 = 8_000;

impl Gateway {
    /// Refuses new clients, tells those who are here when to leave, closes those who stay, and returns when all
    /// that was accepted is durable or the deadline has passed.
    pub async fn drain(&self, service: &Service) {
        self.draining.store(true, Ordering::Relaxed);
        let env = service.env();
        let started_ms = env.mono_ms();
        let mut leaving: Vec<(u64, ConnId)> = Vec::new();
        let connections = self.engine.connections();
        let spread_ms = (connections.len() as u64 * SPREAD_MS_PER_CONNECTION).clamp(200, SPREAD_MAX_MS);
        tracing::info!(connections = connections.len(), spread_ms, "draining");
        for conn in connections {
            let reconnect_in_ms = env.random() % spread_ms;
            let deadline = env.now().plus_ms(spread_ms + 1_000);
            let event = Event::ServerDraining(Box::new(ServerDraining { reconnect_in_ms, deadline }));
            self.engine.emit(conn, &Packet::from(&event));
            leaving.push((reconnect_in_ms, conn));
        }
        leaving.sort_unstable();
        for (leaves_ms, conn) in leaving {
            // Half a second past the time that it was given: who follows the advice goes by itself.
            let due_ms = started_ms + leaves_ms + 500;
            env.sleep_ms(due_ms.saturating_sub(env.mono_ms())).await;
            self.engine.close(conn, CloseReason::Draining);
        }
        while service.writer_depth() > 0 && env.mono_ms() < started_ms + DEADLINE_MS {
            env.sleep_ms(10).await;
        }
        // Acks of the last commits are on their way to sockets that are still open.
        let closed = tokio::time::timeout(Duration::from_secs(2), self.io.close()).await;
        tracing::info!(in_time = closed.is_ok(), ms = env.mono_ms() - started_ms, "drained");
    }
}
