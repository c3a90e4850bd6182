//! Plain HTTP beside the sockets.

mod dev;
mod draining;
mod health;
mod node;
mod revocations;
mod web_chat;

use axum::{
    Router,
    http::HeaderValue,
    routing::{get, post},
};
use tower_http::cors::{AllowOrigin, CorsLayer};

pub(crate) use draining::turn_away;
pub use health::Health;
pub(crate) use node::Node;

use crate::{auth::Key, config::Origins, metrics::Metrics};

/// What clients and balancers are served.
pub fn public(health: Health, dev: Option<Key>) -> Router {
    let router =
        Router::new().route("/livez", get(|| async { "ok\n" })).route("/readyz", get(health::ready)).with_state(health);
    match dev {
        Some(key) => router.merge(dev::routes(key)),
        None => router,
    }
}

/// What operators are served.
pub(crate) fn admin(metrics: std::sync::Arc<Metrics>, node: Node) -> Router {
    const TYPE: HeaderValue = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    let page = move || {
        let page = metrics.page();
        async move { ([(axum::http::header::CONTENT_TYPE, TYPE)], page) }
    };
    Router::new()
        .route("/metrics", get(page))
        .route("/node", get(node::node))
        .route("/revocations", post(revocations::revoke))
        .with_state(node)
}

/// Which pages may read what is served here.
pub fn cors(origins: &Origins) -> CorsLayer {
    let allowed = match origins {
        Origins::Any => AllowOrigin::mirror_request(),
        Origins::These(origins) => AllowOrigin::list(origins.iter().cloned()),
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_credentials(true)
        .allow_methods([axum::http::Method::GET, axum::http::Method::POST])
        .allow_headers([axum::http::header::CONTENT_TYPE])
}
