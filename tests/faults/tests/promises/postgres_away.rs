//! Without Postgres nothing is acknowledged, everybody is told so at once, and nobody loses anything.

use std::time::{Duration, Instant};

use roomcast_faults::house::House;
use roomcast_tests::{SOON, eventually, http};
use serde_json::{Value, json};
use tokio::task::block_in_place;

use crate::stage::{Person, TURN, ready};

const TOLD: Duration = Duration::from_secs(2);
const SENDS: usize = 50;

async fn measure(what: &str, strike: fn(&mut House), mend: fn(&mut House)) {
    let _turn = TURN.lock().await;
    let mut house = House::start(2, &[], 1).await;
    let urls = [0, 1].map(|n: usize| house.nodes[n].server.url());
    let (alice, bob) = (Person::at(&urls[0], "alice").await, Person::at(&urls[1], "bob").await);
    alice.makes_the_room().await;
    bob.client.join("r").await.expect("joined");
    let raw = house.nodes[0].server.client("carol").await;
    raw.ok("join-room", json!({ "roomId": "r" })).await;

    block_in_place(|| strike(&mut house));
    let mut slowest = Duration::ZERO;
    for n in 0..4 {
        let said = Instant::now();
        let send = json!({ "roomId": "r", "content": format!("raw {n}"), "type": "text" });
        let code = raw.refused("send-message", send).await;
        slowest = slowest.max(said.elapsed());
        assert_eq!(code, "unavailable");
    }
    println!("{what}: told after {slowest:.2?} at most");
    assert!(slowest <= TOLD + Duration::from_millis(100), "it took {slowest:?}");
    let sends: Vec<_> = (0..SENDS).map(|_| alice.says()).collect();
    let unready = async || ready(&house, 0).await.0 == 503;
    assert!(eventually(SOON, unready).await, "it is ready: {:?}", ready(&house, 0).await);
    let (alive, _) = http::get(house.nodes[0].server.address(), "/livez").await.expect("it answers");
    assert_eq!(alive, 200);
    // What is not stored goes on: typing, also to the other node.
    raw.emit("typing-start", json!("r")).await;
    let typing = async || {
        bob.room.view().is_some_and(|view| view.typing.iter().any(|typist| typist.user_id.as_str() == "carol"))
    };
    assert!(eventually(SOON, typing).await, "nobody sees carol type");

    block_in_place(|| mend(&mut house));
    let mended = Instant::now();
    for (text, _, pending) in sends {
        pending.await.expect("it is acknowledged");
        assert!(bob.hears(&text, SOON).await.is_some(), "bob misses {text}");
    }
    println!("{what}: all {SENDS} are through {:.1?} after it is mended", mended.elapsed());
    assert!(raw.is_open(), "a connection was lost");
    let last: Value = raw.ok("send-message", json!({ "roomId": "r", "content": "last", "type": "text" })).await;
    assert_eq!(
        last["message"]["seq"].as_u64().expect("a place"),
        bob_sees(&bob).await,
        "a place is missing or too much"
    );
}

/// How far bob's timeline goes, with nothing missing in it.
async fn bob_sees(bob: &Person) -> u64 {
    let last =
        async || bob.room.view().is_some_and(|view| view.timeline.last().is_some_and(|last| last.content == "last"));
    assert!(eventually(SOON, last).await, "bob misses the last");
    bob.room.view().expect("he is in it").timeline.len() as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn with_postgres_frozen_sends_are_told_unavailable_and_go_through_afterwards() {
    measure("frozen", |house| house.postgres.freeze(), |house| house.postgres.thaw()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_postgres_killed_sends_are_told_unavailable_and_go_through_afterwards() {
    measure("killed", |house| house.postgres.kill(), |house| house.postgres.restart()).await;
}
