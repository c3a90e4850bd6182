//! Whose words these are: whatever brings messages names those who wrote them.

use std::time::Duration;

use roomcast_client::Client;
use roomcast_protocol::UserId;
use roomcast_tests::{Server, Token, eventually};
use serde_json::{Value, json};

use crate::support::{create, people, post, public_room};

fn named(id: &str, name: &str) -> String {
    Token::of(id).claim("name", json!(name)).sign()
}

/// A room of alice's in which bob, who is called Bob and is not there any more, has written after alice.
async fn bob_was_here() -> (Server, roomcast_tests::RawClient, Value) {
    let (server, [alice]) = people(["alice"]).await;
    create(&alice, "r", "public").await;
    let first = post(&alice, "r", "mine").await;
    let bob = server.client_with(json!({ "token": named("bob", "Bob") })).await;
    bob.ok("join-room", json!({ "roomId": "r" })).await;
    post(&bob, "r", "one").await;
    post(&bob, "r", "two").await;
    bob.ok("leave-room", json!({ "roomId": "r" })).await;
    bob.disconnect().await;
    (server, alice, first)
}

#[tokio::test]
async fn history_names_its_authors() {
    let (_server, alice, _) = bob_was_here().await;
    let authors = json!([{ "id": "alice", "name": "alice" }, { "id": "bob", "name": "Bob" }]);
    let page = alice.ok("get-messages", json!({ "roomId": "r" })).await;
    assert_eq!(page["authors"], authors);
    let page = alice.ok("get-messages", json!({ "roomId": "r", "limit": 1 })).await;
    assert_eq!(page["authors"], json!([{ "id": "bob", "name": "Bob" }]), "those of this page only");
    let page = alice.ok("get-messages", json!({ "roomId": "r", "before": 1 })).await;
    assert!(page.get("authors").is_none(), "nothing to name: {page}");
}

#[tokio::test]
async fn a_resume_names_authors_and_counts_members() {
    let (server, [alice]) = people(["alice"]).await;
    let epoch = {
        let other = server.client("alice").await;
        other.initial_state().await["epoch"].clone()
    };
    create(&alice, "r", "public").await;
    let bob = server.client_with(json!({ "token": named("bob", "Bob") })).await;
    public_room(&alice, "s", &[]).await;
    let before = post(&alice, "r", "before").await["rev"].clone();
    bob.ok("join-room", json!({ "roomId": "r" })).await;
    post(&bob, "r", "hi").await;
    let synced = alice.ok("sync", json!({ "epoch": epoch, "rooms": { "r": before } })).await;
    let delta = &synced["rooms"][0];
    assert_eq!(delta["authors"], json!([{ "id": "bob", "name": "Bob" }]));
    assert_eq!((&delta["members"][0]["userId"], &delta["memberCount"]), (&json!("bob"), &json!(2)));
    let auth = json!({ "token": named("alice", "alice"), "resume": { "epoch": epoch, "rooms": { "r": before } } });
    let state = server.client_with(auth).await.initial_state().await;
    assert_eq!(state["deltas"][0]["authors"], delta["authors"]);

    // Without members there is no count, and whoever enters is told who wrote the last message.
    let join = alice.ok("join-room", json!({ "roomId": "r" })).await;
    assert_eq!(join["room"]["authors"], json!([{ "id": "bob", "name": "Bob" }]));
    let rev = join["room"]["rev"].as_u64().expect("rev");
    let synced = alice.ok("sync", json!({ "epoch": epoch, "rooms": { "r": rev - 1 } })).await;
    assert!(synced["rooms"][0].get("memberCount").is_none(), "{synced}");
}

#[tokio::test]
async fn a_native_client_shows_names_of_those_who_left() {
    let (server, _alice, _) = bob_was_here().await;
    let carol = Client::builder(server.url()).token(named("carol", "Carol")).connect().await.expect("connected");
    let room = carol.join("r").await.expect("joined");
    let bob = UserId::parse("bob").expect("a good id");
    assert_eq!(carol.view().people.name(&bob), "Bob", "of the last message");
    room.load_older(50).await.expect("loaded");
    let alice = UserId::parse("alice").expect("a good id");
    let known = || async { carol.view().people.name(&alice) == "alice" };
    assert!(eventually(Duration::from_secs(5), known).await);
    assert_eq!(carol.view().people.len(), 3);
    carol.close().await;
}
