//! A node is killed: its clients go on elsewhere, and nobody misses anything (G-8, G-13).

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use roomcast_faults::house::House;
use roomcast_protocol::model::Status;
use roomcast_tests::{SOON, faulty::Link};

use crate::stage::{Person, TURN};

const HEARD: Duration = Duration::from_secs(6);
const GONE: Duration = Duration::from_secs(30);
const SENDS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn g8_what_a_killed_node_acknowledged_is_heard_and_g13_its_users_are_gone_without_a_flap() {
    let _turn = TURN.lock().await;
    let mut house = House::start(2, &[], 1).await;
    let addresses = [0, 1].map(|n: usize| house.nodes[n].server.address());
    // Alice can go elsewhere; carol knows the node that is killed only.
    let leads = Arc::new(AtomicUsize::new(0));
    let by = Arc::clone(&leads);
    let link = Link::start(move || Some(addresses[by.load(Ordering::Relaxed)]), 1).await;
    let alice = Person::at(&link.url(), "alice").await;
    let carol = Person::at(&house.nodes[0].server.url(), "carol").await;
    let bob = Person::at(&house.nodes[1].server.url(), "bob").await;
    alice.makes_the_room().await;
    for person in [&bob, &carol] {
        person.client.join("r").await.expect("joined");
    }
    bob.room.members(None).await.expect("he asks who is there");
    let status = |name: &str| {
        let view = bob.room.view().expect("he is in it");
        let found = view.members.values().find(|member| member.user_id.as_str() == name).map(|member| member.status);
        found.expect("she is a member")
    };
    let mut changes = bob.client.watch();
    let mut there = async || {
        while status("alice") != Status::Online || status("carol") != Status::Online {
            changes.changed().await.expect("he is connected");
        }
    };
    tokio::time::timeout(SOON, there()).await.expect("bob sees them");

    let mut acknowledged = Vec::new();
    let sends: Vec<_> = (0..SENDS).map(|_| carol.says()).collect();
    let mut sends = sends.into_iter();
    for (text, _, pending) in sends.by_ref().take(SENDS / 2) {
        pending.await.expect("acknowledged");
        acknowledged.push(text);
    }
    leads.store(1, Ordering::Relaxed);
    house.nodes[0].server.kill9();
    let killed = Instant::now();
    let mut last = killed;
    for text in &acknowledged {
        last = last.max(bob.hears(text, SOON).await.unwrap_or_else(|| panic!("bob misses {text}")));
    }
    println!("{} acknowledged, the last heard {:.2?} after the kill", acknowledged.len(), last - killed);
    assert!(last - killed <= HEARD);

    let mut flapped = false;
    loop {
        flapped |= status("alice") == Status::Offline;
        if status("carol") == Status::Offline {
            break;
        }
        assert!(killed.elapsed() <= GONE, "carol is {:?} after {:?}", status("carol"), killed.elapsed());
        let _ = tokio::time::timeout(Duration::from_millis(500), changes.changed()).await;
    }
    println!("carol is gone after {:.1?}", killed.elapsed());
    // Alice came back on the other node long before.
    while killed.elapsed() < GONE {
        flapped |= status("alice") == Status::Offline;
        let _ = tokio::time::timeout(Duration::from_millis(500), changes.changed()).await;
    }
    assert!(!flapped, "alice was said to be gone");
    assert_eq!(status("alice"), Status::Online);
}
