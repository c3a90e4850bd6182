//! Coming back with what one has (G-10).

use std::time::Duration;

use roomcast_tests::{SOON, Server, token};
use serde_json::{Value, json};

use crate::support::{create, people, post, public_room, text};

async fn resumed(server: &Server, user: &str, resume: Value) -> (roomcast_tests::RawClient, Value) {
    let auth = json!({ "token": token(user, Duration::from_secs(3_600)), "resume": resume });
    let client = server.client_with(auth).await;
    let state = client.initial_state().await;
    (client, state)
}

#[tokio::test]
async fn g10_a_resume_is_answered_in_the_initial_state() {
    let (server, [alice]) = people(["alice"]).await;
    let bob = server.client("bob").await;
    let epoch = bob.initial_state().await["epoch"].clone();
    public_room(&alice, "missed", &[&bob]).await;
    public_room(&alice, "quiet", &[&bob]).await;
    public_room(&alice, "fresh", &[&bob]).await;
    create(&alice, "closed", "private").await;
    let seen = post(&alice, "missed", "seen").await["rev"].clone();
    let quiet = post(&alice, "quiet", "seen").await["rev"].clone();
    bob.vanish();
    let missed = post(&alice, "missed", "missed").await;

    let resume = json!({ "epoch": epoch, "rooms": { "missed": seen, "quiet": quiet, "closed": 1 } });
    let (_bob, state) = resumed(&server, "bob", resume).await;
    let delta = |room: &str| {
        let found = state["deltas"].as_array().expect("deltas").iter().find(|delta| delta["roomId"] == room);
        found.unwrap_or_else(|| panic!("no delta of {room}: {state}")).clone()
    };
    assert_eq!((&delta("missed")["kind"], &delta("missed")["messages"]), (&json!("delta"), &json!([missed])));
    assert_eq!(delta("quiet")["kind"], "upToDate");
    assert_eq!(delta("closed")["kind"], "gone");
    let rooms: Vec<&Value> = state["rooms"].as_array().expect("rooms").iter().map(|room| &room["id"]).collect();
    assert_eq!(rooms, ["fresh"], "rooms that were not named come whole");
}

#[tokio::test]
async fn g10_a_resume_of_another_epoch_is_a_reset() {
    let (server, [alice]) = people(["alice"]).await;
    create(&alice, "general", "public").await;
    let message = post(&alice, "general", "hello").await;
    let resume = json!({ "epoch": "0190aaaa-0000-7000-8000-000000000000", "rooms": { "general": message["rev"] } });
    let (_alice, state) = resumed(&server, "alice", resume).await;
    assert_eq!(state["deltas"][0]["kind"], "reset");
    assert_eq!(state["deltas"][0]["messages"], json!([message]));
}

#[tokio::test]
async fn a_malformed_resume_is_as_good_as_none() {
    let (server, [alice]) = people(["alice"]).await;
    create(&alice, "general", "public").await;
    for resume in [json!(null), json!(7), json!({}), json!({ "epoch": 1, "rooms": [] })] {
        let auth = json!({ "token": token("alice", Duration::from_secs(3_600)), "resume": resume });
        let connected = roomcast_tests::RawClient::connect_with(&server.url(), auth).await;
        let state = connected.unwrap_or_else(|why| panic!("{resume} was refused: {why:?}")).initial_state().await;
        assert_eq!(state["rooms"][0]["id"], "general", "{resume}");
    }
}

/// Resumes again and again while messages are written; gives the revs in the order in which they came.
async fn revs_of_resumes_amid_traffic() -> Vec<u64> {
    const ROUNDS: u64 = 10;
    const SENDS: u64 = 40;
    let (server, [alice]) = people(["alice"]).await;
    let bob = server.client("bob").await;
    let epoch = bob.initial_state().await["epoch"].clone();
    public_room(&alice, "general", &[&bob]).await;
    let mut have = post(&alice, "general", "first").await["rev"].as_u64().expect("rev");
    bob.vanish();
    let mut revs = Vec::new();
    for round in 0..ROUNDS {
        let sends = (0..SENDS).map(|n| text("general", &format!("{round}-{n}")));
        let ids = alice.pipeline("send-message", sends).await;
        let (bob, state) = resumed(&server, "bob", json!({ "epoch": epoch, "rooms": { "general": have } })).await;
        for id in ids {
            assert_eq!(alice.ack(id).await["success"], true);
        }
        let last = post(&alice, "general", "last").await["rev"].as_u64().expect("rev");
        let read = state["deltas"][0]["messages"].as_array().cloned().unwrap_or_default();
        revs.extend(read.iter().map(|message| message["rev"].as_u64().expect("rev")));
        while have < last {
            let event = bob.next_event("new-message", SOON).await;
            have = event["rev"].as_u64().expect("rev");
            revs.push(have);
        }
        bob.vanish();
    }
    revs
}

/// Nothing falls between the read of the history and the first live event.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g10_a_resume_amid_traffic_misses_nothing() {
    let mut revs = revs_of_resumes_amid_traffic().await;
    revs.sort_unstable();
    revs.dedup();
    assert_eq!(revs, (revs[0]..revs[0] + revs.len() as u64).collect::<Vec<_>>());
}

/// What the answer to a resume holds is not told again as news.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g10_a_resume_amid_traffic_doubles_nothing() {
    let revs = revs_of_resumes_amid_traffic().await;
    let doubled: Vec<_> = revs.windows(2).filter(|pair| pair[0] >= pair[1]).collect();
    assert!(doubled.is_empty(), "doubled or out of order: {doubled:?}");
}
