//! Servers stop, and are stopped (G-3, and the table of faults).

use std::time::{Duration, Instant};

use roomcast_tests::{RawClient, SOON, Server};
use serde_json::Value;

use crate::support::{history, people, public_room, text};

const SENDS: usize = 400;

/// Pipelines sends; gives the messages whose ack came before `stop` took effect.
async fn acked(alice: &RawClient, stop: impl AsyncFnOnce()) -> Vec<Value> {
    let ids = alice.pipeline("send-message", (0..SENDS).map(|n| text("general", &n.to_string()))).await;
    alice.ack(ids[SENDS / 20]).await;
    stop().await;
    alice.closed(Duration::from_secs(30)).await;
    let acks = alice.acks();
    let good = ids.iter().filter_map(|id| acks.get(id)).flatten().filter(|ack| ack["success"] == true);
    good.map(|ack| ack["message"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g3_what_was_acknowledged_survives_kill_9() {
    let (mut server, [alice]) = people(["alice"]).await;
    public_room(&alice, "general", &[]).await;
    let acked = acked(&alice, async || server.kill9()).await;
    assert!(!acked.is_empty());
    server.restart().await;
    let alice = server.client("alice").await;
    let stored = history(&alice, "general").await;
    for message in &acked {
        assert!(stored.contains(message), "lost: {message}");
    }
    let seqs: Vec<u64> = stored.iter().map(|message| message["seq"].as_u64().expect("seq")).collect();
    assert_eq!(seqs, (1..=stored.len() as u64).collect::<Vec<_>>(), "seq has holes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_drains() {
    drains_when_asked_by(Server::ask_to_stop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_drains() {
    drains_when_asked_by(Server::interrupt).await;
}

async fn drains_when_asked_by(ask: fn(&Server)) {
    let (mut server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let began = Instant::now();
    let acked = acked(&alice, async || ask(&server)).await;
    let draining = bob.next_event("server-draining", SOON).await;
    assert!(draining["reconnectInMs"].is_u64() && draining["deadline"].is_u64(), "{draining}");
    let status = server.stopped().await;
    assert!(status.success(), "it ended with {status}");
    assert!(began.elapsed() < Duration::from_secs(25), "it took {:?}", began.elapsed());
    bob.closed(SOON).await;

    server.restart().await;
    let alice = server.client("alice").await;
    let stored = history(&alice, "general").await;
    for message in &acked {
        assert!(stored.contains(message), "lost: {message}");
    }
}

#[tokio::test]
async fn an_idle_server_stops_at_once() {
    let (mut server, []) = people([]).await;
    let began = Instant::now();
    assert!(server.sigterm().await.success());
    assert!(began.elapsed() < Duration::from_secs(10), "it took {:?}", began.elapsed());
}

#[tokio::test]
async fn a_restart_keeps_the_epoch() {
    let (mut server, []) = people([]).await;
    let epoch =
        async |server: &roomcast_tests::Server| server.client("alice").await.initial_state().await["epoch"].clone();
    let before = epoch(&server).await;
    server.restart().await;
    assert_eq!(epoch(&server).await, before);
}
