//! What operators set and see.

use roomcast_tests::{SOON, Server, eventually};
use serde_json::json;

use crate::support::{keys, public_room};

#[tokio::test]
async fn debug_events_come_only_where_they_are_allowed() {
    let open = Server::builder().set("ROOMCAST_DEBUG_EVENTS", "1").start().await;
    let alice = open.client("alice").await;
    let debug = alice.next_event("debug", SOON).await;
    assert_eq!(keys(&debug), ["expiresAt", "rooms", "socketId", "transport", "userId"]);
    assert_eq!((&debug["userId"], &debug["transport"]), (&json!("alice"), &json!("websocket")));

    let closed = Server::start().await;
    let alice = closed.client("alice").await;
    alice.initial_state().await;
    // What would have come comes before the answer to anything asked later.
    alice.ok("list-rooms", json!({ "scope": "mine" })).await;
    assert!(alice.take_events("debug").is_empty());
}

#[tokio::test]
async fn when_somebody_was_last_seen_is_remembered_across_a_restart() {
    let mut server = Server::start().await;
    let alice = server.client("alice").await;
    let bob = server.client("bob").await;
    public_room(&alice, "general", &[&bob]).await;
    bob.disconnect().await;
    alice.next_event("user-offline", SOON).await;
    let last_seen = |users: &serde_json::Value| {
        let users = users["users"].as_array().expect("users").clone();
        users.into_iter().find(|user| user["userId"] == "bob").expect("bob is a member")["lastSeenAt"].clone()
    };
    let all = json!({ "roomId": "general", "all": true });
    let written = || async { last_seen(&alice.ok("get-room-users", all.clone()).await).is_u64() };
    assert!(eventually(SOON, written).await, "it was never written");
    let before = last_seen(&alice.ok("get-room-users", all.clone()).await);
    server.restart().await;
    let alice = server.client("alice").await;
    assert_eq!(last_seen(&alice.ok("get-room-users", all).await), before);
}
