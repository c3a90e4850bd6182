//! Where tokens come from: the server in development mode gives one to whoever asks.

use std::time::Duration;

use roomcast_client::BoxError;

/// Longest wait for a token.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Asks `roomcast dev` for a token, without blocking the runtime.
pub(crate) async fn from_dev_server(url: String, user: String, name: Option<String>) -> Result<String, BoxError> {
    tokio::task::spawn_blocking(move || fetch(&url, &user, name.as_deref())).await?
}

fn fetch(url: &str, user: &str, name: Option<&str>) -> Result<String, BoxError> {
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).build().into();
    let address = format!("{}/dev/token", url.trim_end_matches('/'));
    let request = agent.get(address).query("user", user).query_pairs(name.map(|name| ("name", name)));
    let body =
        request.call().map_err(|error| format!("unable to get a token; {error}"))?.body_mut().read_to_string()?;
    let answer: serde_json::Value = serde_json::from_str(&body)?;
    let token = answer["token"].as_str().ok_or("unable to get a token; the answer holds none")?;
    Ok(token.to_owned())
}
