//! Bans and mutes.

use roomcast_tests::SOON;
use serde_json::{Value, json};

use crate::support::{create, fence, people, post, public_room, text};

fn against(user: &str) -> Value {
    json!({ "roomId": "general", "userId": user, "reason": "spam" })
}

#[tokio::test]
async fn who_is_banned_is_out_and_stays_out() {
    let (server, [alice, bob, carol]) = people(["alice", "bob", "carol"]).await;
    public_room(&alice, "general", &[&bob, &carol]).await;
    create(&bob, "elsewhere", "public").await;
    let ack = alice.ok("ban-member", against("bob")).await;
    assert_eq!(bob.next_event("removed-from-room", SOON).await, json!({ "roomId": "general", "reason": "banned" }));
    let left = carol.next_event("user-left", SOON).await;
    assert_eq!(left, json!({ "roomId": "general", "userId": "bob", "rev": ack["rev"] }));
    for (event, payload) in [
        ("join-room", json!({ "roomId": "general" })),
        ("send-message", text("general", "hello?")),
        ("get-messages", json!({ "roomId": "general" })),
    ] {
        assert_eq!(bob.refused(event, payload).await, "not_found", "{event}");
    }
    let add = json!({ "roomId": "general", "userIds": ["bob"] });
    assert_eq!(carol.refused("add-members", add.clone()).await, "forbidden");
    assert_eq!(server.client("bob").await.initial_state().await["rooms"][0]["id"], "elsewhere");
    // Nothing of the room reaches them any more.
    post(&alice, "general", "secret").await;
    assert_eq!(bob.refused("get-messages", json!({ "roomId": "general" })).await, "not_found");
    assert_eq!(bob.take_events("new-message"), Vec::<Value>::new());
    alice.ok("unban-member", against("bob")).await;
    bob.ok("join-room", json!({ "roomId": "general" })).await;
    fence(&alice, &bob, "general").await;
}

#[tokio::test]
async fn a_ban_has_an_end_where_it_is_given_one() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let over = json!({ "roomId": "general", "userId": "bob", "untilMs": 1 });
    assert_eq!(alice.refused("ban-member", over).await, "bad_request");
    let now = post(&alice, "general", "now").await["createdAt"].as_u64().expect("a time");
    alice.ok("ban-member", json!({ "roomId": "general", "userId": "bob", "untilMs": now + 1_500 })).await;
    let mut refused = 0;
    while bob.call("join-room", json!({ "roomId": "general" })).await["success"] != true {
        refused += 1;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(refused > 0, "it was no ban");
}

#[tokio::test]
async fn who_is_muted_reads_and_is_told_until_when() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let message = post(&bob, "general", "hi").await;
    let now = message["createdAt"].as_u64().expect("a time");
    let mut mute = against("bob");
    mute["untilMs"] = json!(now + 60_000);
    let ack = alice.ok("mute-member", mute.clone()).await;
    let told = bob.next_event("member-updated", SOON).await;
    assert_eq!((&told["rev"], &told["member"]["mutedUntil"]), (&ack["rev"], &json!(now + 60_000)));
    for (event, payload) in [
        ("send-message", text("general", "let me")),
        ("edit-message", json!({ "messageId": message["id"], "content": "let me" })),
        ("add-reaction", json!({ "messageId": message["id"], "emoji": "👍" })),
    ] {
        let ack = bob.call(event, payload).await;
        assert_eq!(ack["error"]["code"], "forbidden", "{event}");
        assert_eq!(ack["error"]["details"]["until"], now + 60_000, "{event}");
    }
    bob.ok("get-messages", json!({ "roomId": "general" })).await;
    assert!(alice.ok("mute-member", mute).await.get("rev").is_none(), "it is so already");
    alice.ok("unmute-member", against("bob")).await;
    assert!(bob.next_event("member-updated", SOON).await["member"].get("mutedUntil").is_none());
    post(&bob, "general", "thank you").await;
}

#[tokio::test]
async fn sanctions_are_for_those_who_keep_order() {
    let (_server, [alice, bob, carol]) = people(["alice", "bob", "carol"]).await;
    public_room(&alice, "general", &[&bob, &carol]).await;
    for event in ["ban-member", "mute-member", "unban-member", "unmute-member"] {
        assert_eq!(bob.refused(event, against("carol")).await, "forbidden", "{event}");
    }
    alice.ok("set-role", json!({ "roomId": "general", "userId": "bob", "role": "moderator" })).await;
    assert_eq!(bob.refused("ban-member", against("alice")).await, "forbidden");
    assert_eq!(alice.refused("mute-member", against("alice")).await, "bad_request");
    assert_eq!(bob.refused("mute-member", against("nobody")).await, "not_found");
    assert_eq!(bob.refused("ban-member", against("nobody")).await, "not_found");
    bob.ok("ban-member", against("carol")).await;
}
