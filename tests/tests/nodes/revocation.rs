//! A revocation reaches every node, Redis or not (G-16).

use std::{
    process::Command,
    time::{Duration, Instant},
};

use roomcast_tests::{RawClient, SOON, http, server::binary};
use serde_json::json;

use crate::stage::Stage;

/// Tells each of these that it is revoked; gives how long the last took.
async fn ended(clients: &[RawClient], since: Instant) -> Duration {
    for client in clients {
        client.next_event("token-revoked", SOON).await;
        client.closed(SOON).await;
    }
    since.elapsed()
}

async fn on_each(stage: &Stage, user: &str) -> Vec<RawClient> {
    let mut clients = Vec::new();
    for node in &stage.nodes {
        clients.push(node.client(user).await);
    }
    clients
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g16_a_revocation_reaches_every_node_with_redis_and_without() {
    let stage = Stage::set().await;
    let body = |user: &str| json!({ "sub": user }).to_string();
    let (alice, eve) = (on_each(&stage, "alice").await, on_each(&stage, "eve").await);
    let since = Instant::now();
    let (status, _) = http::post(stage.nodes[0].admin(), "/revocations", &body("alice")).await.expect("it answers");
    assert_eq!(status, 200);
    println!("with Redis: all nodes after {:.1?}", ended(&alice, since).await);

    stage.redis.freeze();
    let bob = on_each(&stage, "bob").await;
    let since = Instant::now();
    let (status, _) = http::post(stage.nodes[0].admin(), "/revocations", &body("bob")).await.expect("it answers");
    assert_eq!(status, 200);
    println!("without Redis: all nodes after {:.1?}", ended(&bob, since).await);

    let carol = on_each(&stage, "carol").await;
    let since = Instant::now();
    let mut command = Command::new(binary());
    command.args(["revoke", "--user", "carol", "--database-url", &stage.database]);
    assert!(command.status().expect("it can be started").success());
    println!("from the command line, without Redis: all nodes after {:.1?}", ended(&carol, since).await);
    for node in &stage.nodes {
        let refused = RawClient::connect(&node.url(), &roomcast_tests::Token::of("carol").sign()).await;
        assert_eq!(refused.expect_err("revoked").0, "Access revoked");
    }
    assert!(eve.iter().all(RawClient::is_open));
}
