//! Blocking.

use serde_json::json;

use crate::support::{create, fence, people, public_room};

#[tokio::test]
async fn who_is_blocked_cannot_bring_the_blocker_in() {
    let (server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    create(&bob, "trap", "private").await;
    alice.ok("block-user", json!({ "userId": "bob" })).await;
    let direct = json!({ "roomId": "two", "name": "Two", "visibility": "direct", "members": ["alice"] });
    assert_eq!(bob.refused("create-room", direct.clone()).await, "forbidden");
    let add = json!({ "roomId": "trap", "userIds": ["alice"] });
    assert_eq!(bob.refused("add-members", add.clone()).await, "forbidden");
    // Rooms that both are in go on; who is blocked is known on every device.
    fence(&bob, &alice, "general").await;
    assert_eq!(server.client("alice").await.initial_state().await["blocked"], json!(["bob"]));
    assert!(server.client("bob").await.initial_state().await.get("blocked").is_none());
    alice.ok("unblock-user", json!({ "userId": "bob" })).await;
    bob.ok("add-members", add).await;
    bob.ok("create-room", direct).await;
}

#[tokio::test]
async fn only_others_who_are_known_are_blocked() {
    let (_server, [alice]) = people(["alice"]).await;
    assert_eq!(alice.refused("block-user", json!({ "userId": "alice" })).await, "bad_request");
    assert_eq!(alice.refused("block-user", json!({ "userId": "nobody" })).await, "not_found");
    alice.ok("unblock-user", json!({ "userId": "nobody" })).await;
}
