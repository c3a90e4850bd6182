//! Roomcast in an axum application that already has routes of its own.
//!
//! `ROOMCAST_JWT_SECRET=$(openssl rand -hex 32) cargo run -p embed`

use axum::{Router, routing::get};
use roomcast_server::{App, Config, RawConfig};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // The settings of `roomcast serve`, from the environment.
    let config = RawConfig::from_env().validate()?;
    let address = config.listen.clients;
    let (chat, router) = application(&config).await?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let ending = async move {
        let _ = tokio::signal::ctrl_c().await;
        chat.shutdown().await;
    };
    axum::serve(listener, router).with_graceful_shutdown(ending).await?;
    Ok(())
}

/// The application's routes with the chat's beside them.
async fn application(config: &Config) -> anyhow::Result<(App, Router)> {
    let chat = App::start(config).await?;
    let router = Router::new().route("/hello", get(|| async { "hello from the application\n" })).merge(chat.router());
    Ok((chat, router))
}

#[cfg(test)]
mod tests {
    use roomcast_client::Client;
    use roomcast_protocol::model::Visibility;
    use roomcast_server::auth::{Claims, mint};

    use super::*;

    #[tokio::test]
    async fn a_client_talks_to_an_application_that_mounts_the_chat() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut raw = RawConfig::from_env();
        raw.jwt_secret = Some("0123456789abcdef0123456789abcdef".to_owned());
        raw.database_url = format!("sqlite://{}?mode=rwc", folder.path().join("chat.db").display());
        let config = raw.validate().expect("good settings");
        let (chat, router) = application(&config).await.expect("started");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        tokio::spawn(axum::serve(listener, router).into_future());

        let claims = Claims::new("alice", 4_000_000_000);
        let token = mint(config.key.as_ref().expect("a secret"), &claims).expect("signed");
        let client = Client::builder(url).token(token).connect().await.expect("connected");
        let room = client.create_room("Room", Visibility::Public).await.expect("created");
        assert_eq!(room.send("hi").await.expect("acknowledged").seq.value(), 1);
        client.close().await;
        chat.shutdown().await;
    }
}
