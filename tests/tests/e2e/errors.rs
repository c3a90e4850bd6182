//! Commands that are well formed and still refused.

use serde_json::json;

use crate::support::{create, people, typed_refusal};

#[tokio::test]
async fn refusals_are_typed() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    create(&alice, "open", "public").await;
    let message = json!("0190aaaa-0000-7000-8000-000000000000");
    let cases = [
        ("join-room", json!({ "roomId": "nowhere" }), "not_found"),
        ("edit-message", json!({ "messageId": message, "content": "x" }), "not_found"),
        ("delete-message", json!({ "messageId": message }), "not_found"),
        ("remove-member", json!({ "roomId": "nowhere", "userId": "bob" }), "not_found"),
    ];
    for (name, payload, wanted) in cases {
        let ack = bob.call(name, payload).await;
        let code = typed_refusal(&ack).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(code.as_str(), wanted, "{name}: {ack}");
        assert_eq!(ack["error"]["retryable"], false, "{name}: {ack}");
    }
}

#[tokio::test]
async fn requests_are_told_apart() {
    let (_server, [alice]) = people(["alice"]).await;
    let mut ids = Vec::new();
    for _ in 0..10 {
        let ack = alice.call("join-room", json!({ "roomId": "nowhere" })).await;
        ids.push(ack["error"]["requestId"].as_str().expect("requestId").to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 10, "request ids repeat");
}
