//! Reactions, as a client of any make sees them.

use roomcast_tests::SOON;
use serde_json::{Value, json};

use crate::support::{fence, history, people, post, public_room, text};

fn react(message: &Value, emoji: &str) -> Value {
    json!({ "messageId": message["id"], "emoji": emoji })
}

#[tokio::test]
async fn a_reaction_is_a_change_that_all_are_told_of_and_each_reads_as_their_own() {
    let (server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let message = post(&alice, "general", "hi").await;
    let phone = server.client("bob").await;
    phone.initial_state().await;

    let ack = bob.ok("add-reaction", react(&message, "👍")).await;
    let rev = message["rev"].as_u64().expect("rev") + 1;
    assert_eq!(ack["rev"], rev);
    assert_eq!(ack["message"]["reactions"], json!([{ "emoji": "👍", "count": 1, "mine": true }]));
    for device in [&alice, &phone] {
        let told = device.next_event("message-updated", SOON).await;
        assert_eq!(told["by"], json!({ "userId": "bob", "emoji": "👍", "added": true }));
        assert_eq!((&told["rev"], &told["message"]["rev"]), (&json!(rev), &json!(rev)));
        assert_eq!(told["message"]["reactions"], json!([{ "emoji": "👍", "count": 1, "mine": false }]));
    }
    let second = alice.ok("add-reaction", react(&message, "👍")).await;
    assert_eq!(second["message"]["reactions"], json!([{ "emoji": "👍", "count": 2, "mine": true }]));
    assert_eq!(history(&bob, "general").await[0]["reactions"][0], json!({ "emoji": "👍", "count": 2, "mine": true }));

    alice.ok("remove-reaction", react(&message, "👍")).await;
    assert_eq!(
        history(&alice, "general").await[0]["reactions"][0],
        json!({ "emoji": "👍", "count": 1, "mine": false })
    );
    let gone = bob.ok("remove-reaction", react(&message, "👍")).await;
    assert!(gone["message"].get("reactions").is_none(), "{gone}");
}

#[tokio::test]
async fn g4_reacting_twice_is_once() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let message = post(&alice, "general", "hi").await;
    for (event, last) in [("add-reaction", 1), ("remove-reaction", 2)] {
        let first = bob.ok(event, react(&message, "🎉")).await;
        let again = bob.ok(event, react(&message, "🎉")).await;
        assert_eq!(first, again, "{event}");
        assert_eq!(first["rev"].as_u64(), message["rev"].as_u64().map(|rev| rev + last));
    }
    fence(&bob, &alice, "general").await;
    assert_eq!(alice.take_events("message-updated").len(), 2);
}

#[tokio::test]
async fn g10_a_resume_tells_of_reactions_and_whose_they_are() {
    let (server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let message = post(&alice, "general", "hi").await;
    let since = message["rev"].clone();
    bob.ok("add-reaction", react(&message, ":party-parrot:")).await;
    let epoch = server.client("bob").await.initial_state().await["epoch"].clone();
    for (reader, mine) in [(&alice, false), (&bob, true)] {
        let query = json!({ "epoch": epoch, "rooms": { "general": since } });
        let delta = reader.ok("sync", query).await["rooms"][0].clone();
        assert_eq!(delta["kind"], "delta");
        let reactions = &delta["messages"][0]["reactions"];
        assert_eq!(*reactions, json!([{ "emoji": ":party-parrot:", "count": 1, "mine": mine }]));
    }
    // The last message of a room's state, too.
    let state = server.client("bob").await.initial_state().await;
    assert_eq!(state["rooms"][0]["lastMessage"]["reactions"][0]["mine"], true);
}

#[tokio::test]
async fn reactions_are_refused_where_they_cannot_be() {
    let (_server, [alice, bob, eve]) = people(["alice", "bob", "eve"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let message = post(&alice, "general", "hi").await;
    assert_eq!(bob.refused("add-reaction", react(&message, "great")).await, "bad_request");
    assert_eq!(bob.refused("add-reaction", react(&message, "👍👍")).await, "bad_request");
    assert_eq!(eve.refused("add-reaction", react(&message, "👍")).await, "not_found");
    for n in 0..20 {
        bob.ok("add-reaction", react(&message, &format!(":n{n}:"))).await;
    }
    assert_eq!(bob.refused("add-reaction", react(&message, ":n20:")).await, "quota_exceeded");
    alice.ok("add-reaction", react(&message, ":n7:")).await;
    let deleted = alice.ok("delete-message", json!({ "messageId": message["id"] })).await;
    assert!(deleted["message"].get("reactions").is_none());
    assert_eq!(bob.refused("add-reaction", react(&message, "👍")).await, "gone");
    // Taking back what went with the message is done already.
    bob.ok("remove-reaction", react(&message, ":n7:")).await;
    alice.ok("send-message", text("general", "still here")).await;
}
