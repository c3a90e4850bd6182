//! Who is typing (G-14).

use std::time::{Duration, Instant};

use roomcast_tests::{RawClient, SOON};
use serde_json::{Value, json};

use crate::support::{fence, people, post, public_room};

/// A room of two who both hear it by now: a join is acknowledged when it is durable (G-3), and typing that comes before
/// its news is not told to the newcomer.
async fn general(alice: &RawClient, bob: &RawClient) {
    public_room(alice, "general", &[bob]).await;
    fence(alice, bob, "general").await;
}

#[tokio::test]
async fn typing_indicators() {
    let (server, [alice, bob]) = people(["alice", "bob"]).await;
    let phone = server.client("alice").await;
    general(&alice, &bob).await;
    alice.emit("typing-start", json!("general")).await;
    let typing = json!({ "roomId": "general", "userId": "alice", "username": "alice" });
    assert_eq!(bob.next_event("user-typing", SOON).await, typing);
    assert_eq!(phone.next_event("user-typing", SOON).await, typing);
    alice.emit("typing-stop", json!("general")).await;
    let stopped = json!({ "roomId": "general", "userId": "alice" });
    assert_eq!(bob.next_event("user-stopped-typing", SOON).await, stopped);
    assert_eq!(phone.next_event("user-stopped-typing", SOON).await, stopped);
    fence(&bob, &alice, "general").await;
    assert_eq!(alice.take_events("user-typing"), Vec::<Value>::new());
    assert_eq!(alice.take_events("user-stopped-typing"), Vec::<Value>::new());
}

#[tokio::test]
async fn g14_typing_expires_three_seconds_after_the_last_start() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    general(&alice, &bob).await;
    alice.emit("typing-start", json!("general")).await;
    bob.next_event("user-typing", SOON).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let last_start = Instant::now();
    alice.emit("typing-start", json!("general")).await;
    bob.next_event("user-stopped-typing", SOON).await;
    let after = last_start.elapsed();
    assert!(after > Duration::from_millis(2_500) && after < Duration::from_secs(5), "it expired after {after:?}");
}

#[tokio::test]
async fn g14_a_message_clears_its_authors_typing() {
    let (_server, [alice, bob, carol]) = people(["alice", "bob", "carol"]).await;
    general(&alice, &bob).await;
    alice.emit("typing-start", json!("general")).await;
    bob.next_event("user-typing", SOON).await;
    let during = carol.ok("join-room", json!({ "roomId": "general" })).await["room"]["typing"].clone();
    assert_eq!(during, json!([{ "userId": "alice", "username": "alice" }]));
    post(&alice, "general", "done").await;
    let after = bob.ok("join-room", json!({ "roomId": "general" })).await["room"]["typing"].clone();
    assert_eq!(after, json!([]));
}

#[tokio::test]
async fn g14_one_who_goes_stops_typing() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    general(&alice, &bob).await;
    alice.emit("typing-start", json!("general")).await;
    bob.next_event("user-typing", SOON).await;
    alice.disconnect().await;
    bob.next_event("user-stopped-typing", SOON).await;
}

#[tokio::test]
async fn typing_may_be_acknowledged() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    general(&alice, &bob).await;
    alice.ok("typing-start", json!("general")).await;
    alice.ok("typing-stop", json!("general")).await;
}
