//! What only `roomcast dev` serves: tokens for whoever asks, the web chat, and a page that says how to begin.

use std::time::{Duration, SystemTime};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    response::Html,
    routing::get,
};
use serde::{Deserialize, Serialize};

use super::web_chat;
use crate::auth::{Claims, Key, mint};

const TTL: Duration = Duration::from_secs(3_600);

pub(super) fn routes(key: Key) -> Router {
    let dev = Router::new().route("/dev", get(start_page)).route("/dev/token", get(token)).with_state(key);
    if web_chat::is_built_in() { dev.merge(web_chat::routes()) } else { dev.route("/", get(start_page)) }
}

#[derive(Deserialize)]
struct Wanted {
    user: String,
    #[serde(default)]
    name: Option<String>,
    /// Seconds, for trying out what happens when tokens run out.
    #[serde(default)]
    ttl: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Minted {
    token: String,
    expires_at: u64,
}

async fn token(State(key): State<Key>, Query(wanted): Query<Wanted>) -> Result<Json<Minted>, (StatusCode, String)> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let exp = now.as_secs() + wanted.ttl.unwrap_or(TTL.as_secs()).clamp(1, 86_400);
    let name = Some(wanted.name.unwrap_or_else(|| wanted.user.clone()));
    let claims = Claims { name, ..Claims::new(wanted.user, exp).issued(now) };
    match mint(&key, &claims) {
        Ok(token) => Ok(Json(Minted { token, expires_at: exp * 1_000 })),
        Err(error) => Err((StatusCode::INTERNAL_SERVER_ERROR, error.to_string())),
    }
}

async fn start_page() -> Html<&'static str> {
    Html(include_str!("start.html"))
}
