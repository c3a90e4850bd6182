//! Read cursors (G-12).

use roomcast_tests::SOON;
use serde_json::{Value, json};

use crate::support::{fence, people, post, public_room};

#[tokio::test]
async fn read_receipts() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let first = post(&alice, "general", "one").await;
    let second = post(&alice, "general", "two").await;
    bob.ok("mark-read", json!([first["id"], second["id"]])).await;
    let read = alice.next_event("messages-read", SOON).await;
    assert_eq!((&read["userId"], &read["roomId"], &read["readSeq"]), (&json!("bob"), &json!("general"), &json!(2)));
    let ids = read["messageIds"].as_array().expect("messageIds");
    assert!(ids.contains(&second["id"]), "{read}");
    let receipts = alice.ok("get-receipts", json!({ "roomId": "general" })).await["receipts"].clone();
    let bobs = json!({ "userId": "bob", "readSeq": 2 });
    assert!(receipts.as_array().is_some_and(|receipts| receipts.contains(&bobs)), "{receipts}");
}

#[tokio::test]
async fn reading_up_to_a_place_is_the_same() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    for n in 0..5 {
        post(&alice, "general", &n.to_string()).await;
    }
    bob.ok("mark-read", json!({ "roomId": "general", "upToSeq": 3 })).await;
    assert_eq!(alice.next_event("messages-read", SOON).await["readSeq"], 3);
}

#[tokio::test]
async fn g12_cursors_only_move_forward() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let first = post(&alice, "general", "one").await;
    let second = post(&alice, "general", "two").await;
    bob.ok("mark-read", json!([second["id"]])).await;
    alice.next_event("messages-read", SOON).await;
    bob.ok("mark-read", json!([first["id"]])).await;
    bob.ok("mark-read", json!({ "roomId": "general", "upToSeq": 1 })).await;
    fence(&bob, &alice, "general").await;
    let late = alice.take_events("messages-read");
    assert!(late.iter().all(|event| event["readSeq"].as_u64() >= Some(2)), "a cursor went back: {late:?}");
    let room = bob.ok("join-room", json!({ "roomId": "general" })).await["room"].clone();
    assert!(room["readSeq"].as_u64() >= Some(2), "{room}");
}

#[tokio::test]
async fn g12_a_cursor_does_not_pass_the_newest_message() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    post(&alice, "general", "one").await;
    bob.call("mark-read", json!({ "roomId": "general", "upToSeq": 1_000 })).await;
    post(&alice, "general", "two").await;
    let room = bob.ok("join-room", json!({ "roomId": "general" })).await["room"].clone();
    assert_eq!(room["unread"], 1, "a message that did not exist was marked as read: {room}");
}

#[tokio::test]
async fn g12_unread_counts_what_others_said_after_the_cursor() {
    let (server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let unread = async |user: &str| {
        let client = server.client(user).await;
        let state = client.initial_state().await;
        state["rooms"].as_array().expect("rooms")[0].clone()
    };
    let first = post(&alice, "general", "one").await;
    let mention = json!({ "roomId": "general", "content": "bob?", "type": "text", "mentions": ["bob"] });
    alice.ok("send-message", mention).await;
    let seen = unread("bob").await;
    assert_eq!((&seen["unread"], &seen["mentions"]), (&json!(2), &json!(1)));
    assert_eq!(unread("alice").await["unread"], 0, "one's own messages are not unread");

    bob.ok("mark-read", json!([first["id"]])).await;
    assert_eq!(unread("bob").await["unread"], 1);
}

#[tokio::test]
async fn marks_of_messages_that_one_may_not_see_say_nothing() {
    let (_server, [alice, bob, mallory]) = people(["alice", "bob", "mallory"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let message = post(&alice, "general", "one").await;
    mallory.call("mark-read", json!([message["id"], "0190aaaa-0000-7000-8000-000000000000"])).await;
    fence(&bob, &alice, "general").await;
    assert_eq!(alice.take_events("messages-read"), Vec::<Value>::new());
}
