//! Which node this is and who is on it, for its operators.

use axum::{Json, extract::State};
use serde::Serialize;

use crate::service::{Here, Service};

/// What is told about.
#[derive(Clone)]
pub(crate) struct Node {
    /// Its name.
    pub(crate) name: String,
    /// Who is on it.
    pub(crate) service: Service,
}

#[derive(Serialize)]
pub(super) struct Answer {
    node: String,
    users: Vec<Here>,
}

pub(super) async fn node(State(node): State<Node>) -> Json<Answer> {
    Json(Answer { users: node.service.who(), node: node.name })
}
