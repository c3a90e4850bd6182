//! Finding messages.

use serde_json::{Value, json};

use crate::support::{create, people, post, public_room};

fn contents(found: &Value) -> Vec<&str> {
    found["messages"].as_array().expect("messages").iter().filter_map(|message| message["content"].as_str()).collect()
}

#[tokio::test]
async fn what_was_said_is_found_newest_first_in_ones_own_rooms_only() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    create(&alice, "secret", "private").await;
    post(&alice, "general", "The meeting is at noon").await;
    let secret = post(&alice, "secret", "The meeting is a trap").await;
    post(&bob, "general", "Which meeting?").await;
    let found = alice.ok("search-messages", json!({ "query": "meet" })).await;
    assert_eq!(contents(&found), ["Which meeting?", "The meeting is a trap", "The meeting is at noon"]);
    assert_eq!(found["authors"].as_array().map(Vec::len), Some(2));
    let found = bob.ok("search-messages", json!({ "query": "MEETING" })).await;
    assert_eq!(contents(&found), ["Which meeting?", "The meeting is at noon"]);
    assert_eq!(bob.refused("search-messages", json!({ "query": "trap", "roomId": "secret" })).await, "not_found");
    let found = alice.ok("search-messages", json!({ "query": "meeting", "roomId": "secret" })).await;
    assert_eq!(found["messages"], json!([secret]));
    // A member no more.
    alice.ok("remove-member", json!({ "roomId": "general", "userId": "bob" })).await;
    assert_eq!(bob.ok("search-messages", json!({ "query": "meeting" })).await["messages"], json!([]));
}

#[tokio::test]
async fn findings_come_in_pages_and_follow_their_message() {
    let (_server, [alice]) = people(["alice"]).await;
    create(&alice, "general", "public").await;
    let mut messages = Vec::new();
    for n in 0..5 {
        messages.push(post(&alice, "general", &format!("needle {n}")).await);
    }
    alice.ok("delete-message", json!({ "messageId": messages[3]["id"] })).await;
    alice.ok("edit-message", json!({ "messageId": messages[1]["id"], "content": "hay" })).await;
    let mut query = json!({ "query": "needle", "roomId": "general", "limit": 2 });
    let first = alice.ok("search-messages", query.clone()).await;
    assert_eq!(contents(&first), ["needle 4", "needle 2"]);
    query["cursor"] = first["next"].clone();
    let second = alice.ok("search-messages", query.clone()).await;
    assert_eq!(contents(&second), ["needle 0"]);
    assert!(second.get("next").is_none(), "{second}");
    query["cursor"] = json!("nonsense");
    assert_eq!(alice.refused("search-messages", query).await, "bad_request");
    assert_eq!(alice.refused("search-messages", json!({ "query": "  " })).await, "bad_request");
    assert_eq!(alice.ok("search-messages", json!({ "query": "!!!" })).await["messages"], json!([]));
}
