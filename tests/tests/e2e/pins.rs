//! Pins: messages that a room keeps in sight.

use roomcast_tests::SOON;
use serde_json::{Value, json};

use crate::support::{fence, people, post, public_room};

fn this(message: &Value) -> Value {
    json!({ "messageId": message["id"] })
}

#[tokio::test]
async fn a_pin_is_a_change_that_all_are_told_of_once() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let message = post(&bob, "general", "read me").await;
    let first = alice.ok("pin-message", this(&message)).await;
    assert_eq!(alice.ok("pin-message", this(&message)).await, first);
    let told = bob.next_event("message-updated", SOON).await;
    assert!(told["message"]["pinnedAt"].is_u64() && told.get("by").is_none(), "{told}");
    assert_eq!((&told["rev"], &told["message"]), (&first["rev"], &first["message"]));
    fence(&alice, &bob, "general").await;
    assert_eq!(bob.take_events("message-updated"), Vec::<Value>::new());
    alice.ok("unpin-message", this(&message)).await;
    assert!(bob.next_event("message-updated", SOON).await["message"].get("pinnedAt").is_none());
}

#[tokio::test]
async fn pinned_messages_are_read_by_themselves() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let mut pinned = Vec::new();
    for n in 0..4 {
        post(&alice, "general", "between").await;
        let message = post(&alice, "general", &n.to_string()).await;
        pinned.push(alice.ok("pin-message", this(&message)).await["message"].clone());
    }
    alice.ok("delete-message", this(&pinned.remove(1))).await;
    let page = bob.ok("get-messages", json!({ "roomId": "general", "pinned": true })).await;
    assert_eq!(page["messages"], json!(pinned));
    let both = json!({ "roomId": "general", "pinned": true, "threadId": pinned[0]["id"] });
    assert_eq!(bob.refused("get-messages", both).await, "bad_request");
}

#[tokio::test]
async fn who_may_pin_is_the_rooms_to_say() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let message = post(&bob, "general", "read me").await;
    assert_eq!(bob.refused("pin-message", this(&message)).await, "forbidden");
    let open = json!({ "roomId": "open", "name": "Open", "visibility": "public", "policy": { "whoMayPin": "member" } });
    let direct = json!({ "roomId": "two", "name": "Two", "visibility": "direct", "members": ["bob"] });
    for room in [open, direct] {
        alice.ok("create-room", room.clone()).await;
        bob.ok("join-room", json!({ "roomId": room["roomId"] })).await;
        let message = post(&alice, room["roomId"].as_str().expect("an id"), "read me").await;
        bob.ok("pin-message", this(&message)).await;
        alice.ok("delete-message", this(&message)).await;
        assert_eq!(bob.refused("pin-message", this(&message)).await, "gone");
    }
}
