//! A node on its way down begins nothing new: a balancer takes a handshake that was answered 503 to another node, and
//! a client without one comes again by itself.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

pub(crate) async fn turn_away(State(draining): State<Arc<AtomicBool>>, request: Request, next: Next) -> Response {
    if draining.load(Ordering::Relaxed) && begins(&request) {
        const SOON: HeaderValue = HeaderValue::from_static("1");
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, SOON)], "draining\n").into_response();
    }
    next.run(request).await
}

/// A request of the engine that belongs to no session yet.
fn begins(request: &Request) -> bool {
    let has_session = |query: &str| query.split('&').any(|pair| pair.starts_with("sid="));
    request.uri().path().starts_with("/socket.io") && !request.uri().query().is_some_and(has_session)
}
