//! What one user may do in a second holds on all nodes together.

use std::time::Instant;

use futures_util::future::join_all;
use roomcast_test_services::{Postgres, Redis};
use roomcast_tests::{SOON, Server, eventually};
use serde_json::{Value, json};
use tokio::task::block_in_place;

/// The published rate of a user's messages.
const PER_SECOND: f64 = 10.0;
const BURST: f64 = 30.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_on_two_nodes_sends_no_more_than_one_on_one() {
    let (postgres, redis) = block_in_place(|| (Postgres::start(), Redis::start()));
    let database = block_in_place(|| postgres.database());
    let mut nodes = Vec::new();
    for n in 0..2 {
        let node = Server::node(n, &database, &redis.url()).set("ROOMCAST_LIMITS", "on");
        nodes.push(node.start().await);
    }
    let devices = [nodes[0].client("alice").await, nodes[1].client("alice").await];
    // A room that is there before is part of this, and no event.
    devices[1].initial_state().await;
    let room = json!({ "roomId": "quota", "name": "Quota", "visibility": "public" });
    devices[0].ok("create-room", room).await;
    devices[1].next_event("added-to-room", SOON).await;
    // Each node has heard of the other's device by then.
    let know_each_other = async || {
        let all = join_all(nodes.iter().map(|node| roomcast_tests::http::get(node.admin(), "/metrics"))).await;
        all.into_iter().all(|answer| {
            let (_, metrics) = answer.expect("metrics");
            metrics.lines().any(|line| line.starts_with("roomcast_node_heard_total{kind=\"seen\"}"))
        })
    };
    assert!(eventually(SOON, know_each_other).await, "the nodes do not hear each other");

    let began = Instant::now();
    let send = json!({ "roomId": "quota", "content": "as fast as I can", "type": "text" });
    let answers: Vec<Value> = join_all((0..80).map(|n| devices[n % 2].call("send-message", send.clone()))).await;
    let taken = answers.iter().filter(|answer| answer["success"] == true).count();
    let allowed = BURST + PER_SECOND * began.elapsed().as_secs_f64();
    assert!(taken >= 1 && taken as f64 <= allowed, "{taken} were taken, {allowed:.1} allowed");
    let refused = answers.iter().find(|answer| answer["success"] != true).expect("some are refused");
    assert_eq!(refused["error"]["code"], "rate_limited");
}
