//! Rooms that change and end, and who has a say in them.

use roomcast_tests::SOON;
use serde_json::{Value, json};

use crate::support::{create, fence, keys, people, post, public_room, text};

#[tokio::test]
async fn settings_are_a_change_that_all_are_told_of() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let rev = post(&alice, "general", "before").await["rev"].as_u64().expect("rev");
    let update = json!({ "roomId": "general", "name": "General", "topic": "All of it", "policy": { "whoMayPost": "moderator" } });
    assert_eq!(bob.refused("update-room", update.clone()).await, "forbidden");
    let ack = alice.ok("update-room", update.clone()).await;
    assert_eq!((keys(&ack), &ack["rev"]), (vec!["rev", "room", "success"], &json!(rev + 1)));
    let told = bob.next_event("room-updated", SOON).await;
    assert_eq!((&told["room"], &told["rev"]), (&ack["room"], &ack["rev"]));
    assert_eq!((&told["room"]["name"], &told["room"]["topic"]), (&json!("General"), &json!("All of it")));
    assert_eq!(bob.refused("send-message", text("general", "no more")).await, "forbidden");
    // The same again changes nothing; an empty topic takes it away.
    assert!(alice.ok("update-room", update).await.get("rev").is_none());
    let cleared = alice.ok("update-room", json!({ "roomId": "general", "topic": "" })).await;
    assert!(cleared["room"].get("topic").is_none(), "{cleared}");
    assert_eq!(bob.next_event("room-updated", SOON).await["rev"], rev + 2);
}

#[tokio::test]
async fn a_role_takes_effect_at_once_and_is_told_to_all() {
    let (server, [alice, bob, carol]) = people(["alice", "bob", "carol"]).await;
    public_room(&alice, "general", &[&bob, &carol]).await;
    let message = post(&carol, "general", "hi").await;
    let role = |user: &str, role: &str| json!({ "roomId": "general", "userId": user, "role": role });
    assert_eq!(bob.refused("set-role", role("carol", "moderator")).await, "forbidden");
    assert_eq!(bob.refused("delete-message", json!({ "messageId": message["id"] })).await, "forbidden");
    let ack = alice.ok("set-role", role("bob", "moderator")).await;
    for device in [&alice, &bob, &carol] {
        let told = device.next_event("member-updated", SOON).await;
        assert_eq!((&told["member"]["userId"], &told["member"]["role"]), (&json!("bob"), &json!("moderator")));
        assert_eq!((&told["rev"], &told["member"]["rev"]), (&ack["rev"], &ack["rev"]));
    }
    bob.ok("delete-message", json!({ "messageId": message["id"] })).await;
    assert!(alice.ok("set-role", role("bob", "moderator")).await.get("rev").is_none());
    assert_eq!(alice.refused("set-role", role("nobody", "member")).await, "not_found");
    let users = carol.ok("get-room-users", json!({ "roomId": "general" })).await["users"].clone();
    let seen = users.as_array().expect("users").iter().find(|user| user["userId"] == "bob").expect("bob").clone();
    assert_eq!(seen["role"], "moderator");
    // G-10: who got a role is caught up with, and not begun anew.
    let epoch = server.client("bob").await.initial_state().await["epoch"].clone();
    let query = json!({ "epoch": epoch, "rooms": { "general": message["rev"] } });
    let delta = bob.ok("sync", query).await["rooms"][0].clone();
    assert_eq!((&delta["kind"], &delta["members"][0]["role"]), (&json!("delta"), &json!("moderator")));
}

#[tokio::test]
async fn a_deleted_room_is_gone_for_everybody() {
    let (server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    create(&alice, "other", "public").await;
    let message = post(&bob, "general", "hi").await;
    assert_eq!(bob.refused("delete-room", json!({ "roomId": "general" })).await, "forbidden");
    let ack = alice.ok("delete-room", json!({ "roomId": "general" })).await;
    let told = bob.next_event("room-deleted", SOON).await;
    assert_eq!(told, json!({ "roomId": "general", "rev": ack["rev"] }));
    for (event, payload) in [
        ("send-message", text("general", "late")),
        ("get-messages", json!({ "roomId": "general" })),
        ("join-room", json!({ "roomId": "general" })),
        ("typing-start", json!("general")),
        ("edit-message", json!({ "messageId": message["id"], "content": "late" })),
        ("delete-room", json!({ "roomId": "general" })),
    ] {
        assert_eq!(bob.refused(event, payload.clone()).await, "not_found", "{event}");
    }
    let taken = json!({ "roomId": "general", "name": "general", "visibility": "public" });
    assert_eq!(bob.refused("create-room", taken).await, "conflict");
    for (device, left) in [(&alice, 1), (&bob, 0)] {
        let mine = device.ok("list-rooms", json!({ "scope": "mine" })).await;
        assert_eq!(mine["rooms"].as_array().map(Vec::len), Some(left));
    }
    let again = server.client("bob").await.initial_state().await;
    assert_eq!(again["rooms"], json!([]));
    let query = json!({ "epoch": again["epoch"], "rooms": { "general": message["rev"] } });
    assert_eq!(bob.ok("sync", query).await["rooms"][0]["kind"], "gone");
    assert_eq!(bob.take_events("removed-from-room"), Vec::<Value>::new());
}

#[tokio::test]
async fn a_deleted_room_says_nothing_more() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    public_room(&alice, "other", &[&bob]).await;
    alice.ok("delete-room", json!({ "roomId": "general" })).await;
    bob.next_event("room-deleted", SOON).await;
    alice.refused("send-message", text("general", "late")).await;
    fence(&alice, &bob, "other").await;
    assert_eq!(bob.take_events("new-message"), Vec::<Value>::new());
}
