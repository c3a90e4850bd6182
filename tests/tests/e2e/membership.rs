//! Who is in a room, and what those outside may not do.

use roomcast_tests::SOON;
use serde_json::json;

use crate::support::{create, people, post, text};

#[tokio::test]
async fn prevents_non_member_from_sending() {
    let (_server, [alice, mallory]) = people(["alice", "mallory"]).await;
    create(&alice, "open", "public").await;
    create(&alice, "closed", "private").await;
    for (room, code) in [("open", "not_member"), ("closed", "not_found"), ("nowhere", "not_found")] {
        assert_eq!(mallory.refused("send-message", text(room, "let me in")).await, code, "send to {room}");
        assert_eq!(mallory.refused("typing-start", json!(room)).await, code, "type in {room}");
        let read = json!({ "roomId": room, "upToSeq": 1 });
        assert_eq!(mallory.refused("mark-read", read).await, code, "read in {room}");
    }
    let history = alice.ok("get-messages", json!({ "roomId": "open" })).await;
    assert_eq!(history["messages"], json!([]));
}

#[tokio::test]
async fn a_private_room_does_not_exist_for_others() {
    let (_server, [alice, mallory]) = people(["alice", "mallory"]).await;
    create(&alice, "closed", "private").await;
    for name in ["join-room", "leave-room", "get-room-users", "get-messages", "get-receipts"] {
        let seen = mallory.call(name, json!({ "roomId": "closed" })).await;
        let nowhere = mallory.call(name, json!({ "roomId": "nowhere" })).await;
        assert_eq!(seen["error"]["code"], "not_found", "{name}");
        assert_eq!(seen["error"]["message"], nowhere["error"]["message"], "{name} tells the two apart");
    }
    let intrusion = json!({ "roomId": "closed", "userIds": ["mallory"] });
    assert_eq!(mallory.refused("add-members", intrusion).await, "not_found");
}

#[tokio::test]
async fn members_are_added_on_all_their_devices() {
    let (server, [alice, bob]) = people(["alice", "bob"]).await;
    let phone = server.client("bob").await;
    phone.initial_state().await;
    create(&alice, "closed", "private").await;
    post(&alice, "closed", "welcome").await;
    let ack = alice.ok("add-members", json!({ "roomId": "closed", "userIds": ["bob"] })).await;
    for device in [&bob, &phone] {
        let added = device.next_event("added-to-room", SOON).await;
        assert_eq!((&added["room"]["id"], &added["room"]["role"]), (&json!("closed"), &json!("member")));
        assert_eq!(added["room"]["lastMessage"]["content"], "welcome");
    }
    assert!(ack["rev"].is_u64(), "an ack of a durable change carries its rev: {ack}");

    post(&alice, "closed", "and hello").await;
    for device in [&bob, &phone] {
        let heard = device.next_event("new-message", SOON).await;
        assert_eq!(heard["message"]["content"], "and hello");
    }
    post(&bob, "closed", "thank you").await;
    assert_eq!(alice.next_event("new-message", SOON).await["user"]["id"], "bob");
}

#[tokio::test]
async fn a_removed_member_hears_nothing_more() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    create(&alice, "closed", "private").await;
    alice.ok("add-members", json!({ "roomId": "closed", "userIds": ["bob"] })).await;
    bob.next_event("added-to-room", SOON).await;
    let outranked = json!({ "roomId": "closed", "userId": "alice" });
    assert_eq!(bob.refused("remove-member", outranked).await, "forbidden");

    let ack = alice.ok("remove-member", json!({ "roomId": "closed", "userId": "bob" })).await;
    let removed = bob.next_event("removed-from-room", SOON).await;
    assert_eq!(removed, json!({ "roomId": "closed", "reason": "removed" }));
    assert!(ack["rev"].is_u64(), "an ack of a durable change carries its rev: {ack}");
    assert_eq!(bob.refused("get-messages", json!({ "roomId": "closed" })).await, "not_found");

    post(&alice, "closed", "bob must not hear this").await;
    create(&alice, "open", "public").await;
    bob.ok("join-room", json!({ "roomId": "open" })).await;
    post(&alice, "open", "bob hears this").await;
    let heard = bob.next_event("new-message", SOON).await;
    assert_eq!(heard["message"]["content"], "bob hears this");
}

#[tokio::test]
async fn membership_is_there_after_a_reconnect() {
    let (server, [alice]) = people(["alice"]).await;
    create(&alice, "general", "public").await;
    post(&alice, "general", "hello").await;
    alice.disconnect().await;
    let alice = server.client("alice").await;
    let state = alice.initial_state().await;
    let rooms = state["rooms"].as_array().expect("rooms");
    assert_eq!(rooms.len(), 1);
    assert_eq!((&rooms[0]["id"], &rooms[0]["lastMessage"]["content"]), (&json!("general"), &json!("hello")));
}
