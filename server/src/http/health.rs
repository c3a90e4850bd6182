//! Whether this node lives and whether it should get clients.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;

use crate::{metrics::BusMetrics, store::Store};

/// How long the database may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(1);

/// What readiness depends on.
#[derive(Clone)]
pub struct Health {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Whether the node is on its way down.
    pub draining: Arc<AtomicBool>,
    /// The bus, without which a node is slower to hear of the others and as ready as ever.
    pub bus: BusMetrics,
}

#[derive(Serialize)]
pub(super) struct Readiness {
    ready: bool,
    database: &'static str,
    draining: bool,
    degraded: Vec<&'static str>,
}

pub(super) async fn ready(State(health): State<Health>) -> (StatusCode, Json<Readiness>) {
    let answered = matches!(tokio::time::timeout(PATIENCE, health.store.ping()).await, Ok(Ok(())));
    let draining = health.draining.load(Ordering::Relaxed);
    let ready = answered && !draining;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let database = if answered { "up" } else { "down" };
    (status, Json(Readiness { ready, database, draining, degraded: health.bus.degraded() }))
}
