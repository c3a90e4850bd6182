//! A session of a real client is replayed from its recording.

use std::time::Duration;

use roomcast_client::{Client, Redaction, view::Phase};
use roomcast_client_core::trace::Replay;
use roomcast_protocol::{RoomId, command::CreateRoom, model::Visibility};
use roomcast_tests::{Server, Token, eventually};

const SOON: Duration = Duration::from_secs(30);

/// Replays a recording; gives how many inputs and effects it has.
fn replay(recording: &str) -> (usize, usize) {
    let mut lines = recording.lines();
    let mut replay = Replay::begin(lines.next().expect("a first line")).expect("a recording");
    let (mut inputs, mut effects) = (0, 0);
    for (number, line) in lines.enumerate() {
        let step = replay.step(line).expect("a line of a recording").expect("it is whole");
        assert_eq!(step.recorded, step.replayed, "line {}: {}", number + 2, step.input);
        inputs += 1;
        effects += step.replayed.len();
    }
    (inputs, effects)
}

async fn record(redaction: Redaction) -> (String, String) {
    let mut server = Server::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("session.jsonl");
    let token = Token::of("alice").sign();
    let alice = Client::builder(server.url())
        .token(token.clone())
        .outbox(folder.path().join("outbox"))
        .record(&path, redaction)
        .reconnect_pauses(Duration::from_millis(50), Duration::from_millis(200))
        .connect()
        .await
        .expect("connected");
    let create = CreateRoom {
        room_id: Some(RoomId::parse("r").expect("a good id")),
        name: "General".to_owned(),
        visibility: Visibility::Public,
        members: Vec::new(),
        topic: None,
        policy: None,
    };
    alice.request(create).await.expect("created");
    let room = alice.room("r");
    let bob = Client::builder(server.url()).token(Token::of("bob").sign()).connect().await.expect("connected");
    let bobs = bob.join("r").await.expect("joined");
    room.send("the launch code is 4711").await.expect("acknowledged");
    bobs.send("I did not hear that").await.expect("acknowledged");

    server.kill9();
    let lost = || async { alice.view().connection.phase != Phase::Connected };
    assert!(eventually(SOON, lost).await, "the loss went unnoticed");
    let pending: Vec<_> = (0..3).map(|n| room.post(format!("while away {n}")).expect("taken")).collect();
    server.restart().await;
    for message in pending {
        message.await.expect("acknowledged in the end");
    }
    let all = || async { room.view().is_some_and(|view| view.timeline.len() == 5) };
    assert!(eventually(SOON, all).await, "five messages");
    room.load_older(50).await.expect("loaded");
    bob.close().await;
    alice.close().await;
    (std::fs::read_to_string(&path).expect("a recording"), token)
}

#[tokio::test(flavor = "multi_thread")]
async fn g15_a_recorded_session_with_a_reconnect_replays_to_identical_effects() {
    let (recording, token) = record(Redaction::Secrets).await;
    let (inputs, effects) = replay(&recording);
    assert!(inputs > 20 && effects > inputs, "{inputs} inputs, {effects} effects");
    assert!(!recording.contains(&token), "the token is in the recording");
    assert!(recording.contains("the launch code is 4711"));
    assert!(recording.matches("\"Connect\":{").count() >= 2, "a reconnect is in it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_without_words_replays_as_well() {
    let (recording, token) = record(Redaction::SecretsAndText).await;
    replay(&recording);
    assert!(!recording.contains(&token) && !recording.contains("launch") && !recording.contains("4711"));
}
