//! One `clientId`, one message, for ever (G-4).

use roomcast_tests::SOON;
use serde_json::{Value, json};

use crate::support::{fence, history, people, post, public_room};

const CONNECTIONS: usize = 5;
const SENDS: usize = 10;

fn send(content: &str) -> Value {
    json!({ "roomId": "general", "content": content, "type": "text", "clientId": "0190-once" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g4_redelivery_is_one_message() {
    let (server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let mut devices = Vec::new();
    for _ in 0..CONNECTIONS {
        devices.push(server.client("alice").await);
    }
    let mut asked = Vec::new();
    for device in &devices {
        asked.push((device, device.pipeline("send-message", (0..SENDS).map(|_| send("hello"))).await));
    }
    let mut messages = Vec::new();
    for (device, ids) in asked {
        for id in ids {
            let ack = device.ack(id).await;
            assert_eq!(ack["success"], true, "{ack}");
            messages.push(ack["message"].clone());
        }
    }
    assert_eq!(messages.len(), CONNECTIONS * SENDS);
    messages.dedup();
    assert_eq!(messages.len(), 1, "{messages:?}");

    let heard = bob.next_event("new-message", SOON).await;
    assert_eq!(heard["message"], messages[0]);
    fence(&alice, &bob, "general").await;
    assert_eq!(bob.take_events("new-message"), Vec::<Value>::new(), "it was told more than once");
    assert_eq!(history(&bob, "general").await.len(), 2);
}

#[tokio::test]
async fn g4_other_content_is_a_conflict() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    alice.ok("send-message", send("hello")).await;
    assert_eq!(alice.refused("send-message", send("goodbye")).await, "conflict");
    bob.ok("send-message", send("another's id is another id")).await;
    assert_eq!(history(&alice, "general").await.len(), 2);
}

#[tokio::test]
async fn g4_holds_across_a_restart_and_a_deletion() {
    let (mut server, [alice]) = people(["alice"]).await;
    public_room(&alice, "general", &[]).await;
    let first = alice.ok("send-message", send("hello")).await["message"].clone();
    server.kill9();
    server.restart().await;
    let alice = server.client("alice").await;
    let again = alice.ok("send-message", send("hello")).await["message"].clone();
    assert_eq!(first, again);

    alice.ok("delete-message", json!({ "messageId": first["id"] })).await;
    let tombstone = alice.ok("send-message", send("hello")).await["message"].clone();
    assert_eq!((&tombstone["id"], &tombstone["content"]), (&first["id"], &json!("")));
    assert_eq!(post(&alice, "general", "next").await["seq"], 2);
}
