//! Without Redis nobody here notices, and nobody there for long (G-6).

use std::time::{Duration, Instant};

use roomcast_faults::house::House;
use roomcast_tests::{SOON, eventually};
use serde_json::json;
use tokio::task::block_in_place;

use crate::stage::{Person, TURN, Times, ready};

const LOCAL: Duration = Duration::from_millis(50);
const ACROSS: Duration = Duration::from_millis(1_500);
const NORMAL: Duration = Duration::from_secs(5);
/// Until a frozen Redis is known to be frozen.
const DETECTED: Duration = Duration::from_millis(500);
const ROUNDS: usize = 60;

struct Talk {
    local: Times,
    across: Times,
}

/// Alice and bob are on one node, carol on another; carol speaks, too.
async fn talk(people: &[Person; 3], rounds: usize) -> Talk {
    let [alice, bob, carol] = people;
    let (mut local, mut across) = (Times::default(), Times::default());
    for n in 0..rounds {
        let (text, said, _pending) = alice.says();
        let (here, there) = tokio::join!(bob.hears(&text, SOON), carol.hears(&text, SOON));
        local.note(here.expect("bob hears it") - said);
        across.note(there.expect("carol hears it") - said);
        if n % 4 == 0 {
            let (text, said, _pending) = carol.says();
            across.note(alice.hears(&text, SOON).await.expect("alice hears it") - said);
        }
    }
    Talk { local, across }
}

async fn measure(what: &str, strike: fn(&mut House), mend: fn(&mut House)) {
    let _turn = TURN.lock().await;
    let mut house = House::start(2, &[], 1).await;
    let urls = [0, 0, 1].map(|n: usize| house.nodes[n].server.url());
    let people =
        [Person::at(&urls[0], "alice").await, Person::at(&urls[1], "bob").await, Person::at(&urls[2], "carol").await];
    people[0].makes_the_room().await;
    for person in &people[1..] {
        person.client.join("r").await.expect("joined");
    }
    let calm = talk(&people, ROUNDS).await;
    calm.local.show("calm, here");
    calm.across.show("calm, there");
    assert_eq!(ready(&house, 0).await.1["degraded"], json!([]));

    block_in_place(|| strike(&mut house));
    let struck = Instant::now();
    let early = talk(&people, 10).await;
    early.local.show(&format!("{what} a moment ago, here"));
    early.across.show(&format!("{what} a moment ago, there"));
    let degraded = async || {
        let (status, body) = ready(&house, 0).await;
        status == 200 && body["degraded"] == json!(["redis"])
    };
    assert!(eventually(SOON, degraded).await, "it is not degraded: {:?}", ready(&house, 0).await);
    println!("degraded after {:.1?} at most", struck.elapsed());
    let away = talk(&people, ROUNDS).await;
    away.local.show(&format!("{what}, here"));
    away.across.show(&format!("{what}, there"));

    block_in_place(|| mend(&mut house));
    let mended = Instant::now();
    let well =
        async || ready(&house, 0).await.1["degraded"] == json!([]) && ready(&house, 1).await.1["degraded"] == json!([]);
    assert!(eventually(SOON, well).await, "it is still degraded: {:?}", ready(&house, 0).await);
    let normal = mended.elapsed();
    println!("normal after {normal:.1?}");
    let after = talk(&people, ROUNDS).await;
    after.local.show("after, here");
    after.across.show("after, there");

    assert!(away.local.at(99) <= LOCAL.max(calm.local.at(99) * 2), "here it takes {:?}", away.local.at(99));
    assert!(away.across.at(99) <= ACROSS, "there it takes {:?}", away.across.at(99));
    assert!(early.across.at(100) <= ACROSS + DETECTED, "there it took {:?}", early.across.at(100));
    assert!(normal <= NORMAL, "it took {normal:?}");
    assert!(after.across.at(99) < Duration::from_millis(250), "it is not as before: {:?}", after.across.at(99));
}

#[tokio::test(flavor = "multi_thread")]
async fn g6_with_redis_killed_people_here_wait_for_nothing_and_people_there_not_for_long() {
    measure("killed", |house| house.redis.kill(), |house| house.redis.restart()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g6_with_redis_frozen_people_here_wait_for_nothing_and_people_there_not_for_long() {
    measure("frozen", |house| house.redis.freeze(), |house| house.redis.thaw()).await;
}
