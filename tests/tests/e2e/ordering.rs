//! Two events from one connection take effect in the order in which they were sent (G-5).

use roomcast_tests::SOON;
use serde_json::json;

use crate::support::{people, public_room, text};

const RUNS: usize = 20;
const SENDS: usize = 300;

/// Without a queue for each connection this fails: handlers that run as tasks of their own overtake each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g5_pipelined_sends_are_numbered_in_the_order_sent() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    for run in 0..RUNS {
        let room = format!("run-{run}");
        public_room(&alice, &room, &[&bob]).await;
        let sends = alice.pipeline("send-message", (1..=SENDS).map(|n| text(&room, &n.to_string()))).await;
        for (n, id) in (1..).zip(sends) {
            let ack = alice.ack(id).await;
            let message = &ack["message"];
            assert_eq!((&message["seq"], &message["content"]), (&json!(n), &json!(n.to_string())), "run {run}: {ack}");
        }
        for n in 1..=SENDS {
            let event = bob.next_event("new-message", SOON).await;
            assert_eq!(event["message"]["seq"], n, "run {run}: {event}");
        }
    }
}

#[tokio::test]
async fn g5_what_follows_a_join_is_done_after_it() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[]).await;
    for _ in 0..20 {
        let join = bob.ask("join-room", json!({ "roomId": "general" })).await;
        let send = bob.ask("send-message", text("general", "hello")).await;
        let leave = bob.ask("leave-room", json!({ "roomId": "general" })).await;
        let late = bob.ask("send-message", text("general", "too late")).await;
        for id in [join, send, leave] {
            assert_eq!(bob.ack(id).await["success"], true);
        }
        assert_eq!(bob.ack(late).await["error"]["code"], "not_member");
    }
}
