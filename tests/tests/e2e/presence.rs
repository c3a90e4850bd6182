//! Who is there (G-13).

use std::time::{Duration, Instant};

use roomcast_tests::{RawClient, SOON, Server, eventually};
use serde_json::{Value, json};

use crate::support::{connections, fence, people, public_room};

const GRACE: Duration = Duration::from_secs(10);

async fn three_in_a_room() -> (Server, [RawClient; 3]) {
    let (server, [alice, bob, carol]) = people(["alice", "bob", "carol"]).await;
    public_room(&alice, "general", &[&bob, &carol]).await;
    fence(&carol, &alice, "general").await;
    for client in [&alice, &bob, &carol] {
        drop(client.take_events("user-online"));
        drop(client.take_events("user-offline"));
    }
    (server, [alice, bob, carol])
}

#[tokio::test]
async fn g13_a_disconnect_that_was_asked_for_counts_at_once() {
    let (server, [alice, bob, _carol]) = three_in_a_room().await;
    let began = Instant::now();
    bob.disconnect().await;
    let offline = alice.next_event("user-offline", SOON).await;
    assert!(began.elapsed() < Duration::from_secs(2), "it took {:?}", began.elapsed());
    assert_eq!(offline["userId"], "bob");
    assert!(offline["lastSeenAt"].is_u64(), "{offline}");

    let _bob = server.client("bob").await;
    assert_eq!(alice.next_event("user-online", SOON).await, json!({ "userId": "bob" }));
}

#[tokio::test]
async fn g13_a_lost_transport_has_grace() {
    let (_server, [alice, bob, _carol]) = three_in_a_room().await;
    let began = Instant::now();
    bob.vanish();
    alice.next_event("user-offline", GRACE + SOON).await;
    let after = began.elapsed();
    assert!(after > GRACE - Duration::from_secs(1), "it took only {after:?}");
}

#[tokio::test]
async fn g13_a_reconnect_within_grace_makes_no_flap() {
    let (server, [alice, bob, carol]) = three_in_a_room().await;
    bob.vanish();
    assert!(eventually(SOON, || async { connections(&server).await == Some(2) }).await, "he is not missed");
    let _bob = server.client("bob").await;
    // Her grace is over after his would have been.
    carol.vanish();
    let offline = alice.next_event("user-offline", GRACE + SOON).await;
    assert_eq!(offline["userId"], "carol");
    assert_eq!(alice.take_events("user-online"), Vec::<Value>::new());
}

#[tokio::test]
async fn g13_one_device_of_two_is_enough() {
    let (server, [alice, bob, carol]) = three_in_a_room().await;
    let phone = server.client("bob").await;
    phone.initial_state().await;
    bob.disconnect().await;
    fence(&carol, &alice, "general").await;
    assert_eq!(alice.take_events("user-offline"), Vec::<Value>::new());
    assert_eq!(alice.take_events("user-online"), Vec::<Value>::new());
    phone.disconnect().await;
    alice.next_event("user-offline", SOON).await;
}

#[tokio::test]
async fn presence_is_nobody_elses_business() {
    let (_server, [_alice, bob, carol]) = three_in_a_room().await;
    let stranger = _server.client("stranger").await;
    stranger.initial_state().await;
    bob.disconnect().await;
    carol.next_event("user-offline", SOON).await;
    stranger.ok("list-rooms", json!({ "scope": "mine" })).await;
    assert_eq!(stranger.take_events("user-offline"), Vec::<Value>::new());
}

#[tokio::test]
async fn one_chooses_how_one_is_seen() {
    let (_server, [alice, bob, carol]) = three_in_a_room().await;
    bob.ok("update-presence", json!({ "status": "away", "text": "lunch" })).await;
    let wanted = json!({ "userId": "bob", "status": "away", "text": "lunch" });
    assert_eq!(alice.next_event("presence-changed", SOON).await, wanted);
    bob.ok("update-presence", json!({ "status": "busy" })).await;
    assert_eq!(alice.next_event("presence-changed", SOON).await["status"], "busy");

    bob.ok("update-presence", json!({ "status": "invisible" })).await;
    assert_eq!(alice.next_event("user-offline", SOON).await["userId"], "bob");
    let users = carol.ok("get-room-users", json!({ "roomId": "general" })).await["users"].clone();
    let seen = users.as_array().expect("users").iter().any(|user| user["userId"] == "bob");
    assert!(!seen, "an invisible user is listed: {users}");

    bob.ok("update-presence", json!({ "status": "online" })).await;
    assert_eq!(alice.next_event("user-online", SOON).await, json!({ "userId": "bob" }));
}

#[tokio::test]
async fn g13_a_new_member_is_seen_at_once() {
    let (server, [alice, _bob, _carol]) = three_in_a_room().await;
    let [dan, eve] = [server.client("dan").await, server.client("eve").await];
    dan.ok("join-room", json!({ "roomId": "general" })).await;
    assert_eq!(alice.next_event("user-online", SOON).await, json!({ "userId": "dan" }));

    eve.ok("update-presence", json!({ "status": "busy", "text": "writing" })).await;
    alice.ok("add-members", json!({ "roomId": "general", "userIds": ["eve"] })).await;
    let wanted = json!({ "userId": "eve", "status": "busy", "text": "writing" });
    assert_eq!(alice.next_event("presence-changed", SOON).await, wanted);
    assert_eq!(dan.take_events("user-online"), Vec::<Value>::new(), "one is not told of oneself");
}

#[tokio::test]
async fn who_is_there_is_known_from_the_start() {
    let (server, [_alice, bob, carol]) = three_in_a_room().await;
    bob.ok("update-presence", json!({ "status": "away" })).await;
    let phone = server.client("carol").await;
    let presence = phone.initial_state().await["presence"].clone();
    let status = |user: &str| {
        let found = presence.as_array().expect("presence").iter().find(|entry| entry["userId"] == user);
        found.map(|entry| entry["status"].clone())
    };
    assert_eq!((status("alice"), status("bob")), (Some(json!("online")), Some(json!("away"))), "{presence}");
    drop(carol);
}
