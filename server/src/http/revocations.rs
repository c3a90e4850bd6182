//! Revoking a user's tokens (G-16), for operators and for the application that signs them.

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use roomcast_protocol::{ErrorCode, UserId};
use serde::{Deserialize, Serialize};

use super::Node;
use crate::auth::not_before;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Asked {
    sub: String,
    not_before: Option<u64>,
}

/// What holds now.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Revoked {
    sub: UserId,
    /// Seconds since the Unix epoch, as tokens say it.
    not_before: u64,
}

#[derive(Serialize)]
pub(super) struct Refused {
    error: Reason,
}

#[derive(Serialize)]
struct Reason {
    code: ErrorCode,
    message: String,
}

type Refusal = (StatusCode, Json<Refused>);

fn refusal(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Refusal {
    (status, Json(Refused { error: Reason { code, message: message.into() } }))
}

fn bad(message: impl Into<String>) -> Refusal {
    refusal(StatusCode::BAD_REQUEST, ErrorCode::BadRequest, message)
}

pub(super) async fn revoke(
    State(node): State<Node>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Revoked>, Refusal> {
    // A page in an operator's browser can post anything but JSON to any address without asking.
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        let why = "unable to read the request; its content-type is not application/json";
        return Err(refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::Unsupported, why));
    }
    let asked: Asked =
        serde_json::from_slice(&body).map_err(|error| bad(format!("unable to read the request; {error}")))?;
    let user =
        UserId::parse(&asked.sub).map_err(|error| bad(format!("unable to revoke; sub is no user id: {error}")))?;
    let from = not_before(asked.not_before, node.service.env().now()).map_err(|error| bad(error.to_string()))?;
    let held = node.service.revoke(&user, from).await.map_err(|error| {
        tracing::error!(%error, "unable to revoke a user's tokens");
        let told = error.told();
        let status = match told.code {
            ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        refusal(status, told.code, told.message)
    })?;
    Ok(Json(Revoked { sub: held.user, not_before: held.not_before.value() / 1_000 }))
}
