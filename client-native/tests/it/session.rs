use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use roomcast_client::{
    Client, ClientBuilder, Error, Notice,
    protocol::{ErrorCode, handshake::Refusal},
    view::{Phase, SendStatus},
};
use tokio::time::timeout;

use crate::fake_server::{FakeServer, Sends};

fn builder(server: &FakeServer) -> ClientBuilder {
    let pause = Duration::from_millis(20);
    Client::builder(server.url()).token("good").reconnect_pauses(pause, pause)
}

/// Waits for a condition of the views, never for a time.
async fn until(client: &Client, what: impl Fn(&Client) -> bool) {
    let mut version = client.watch();
    let wait = async {
        while !what(client) {
            version.changed().await.unwrap();
        }
    };
    timeout(Duration::from_secs(10), wait).await.expect("the condition came true");
}

fn texts(client: &Client) -> Vec<String> {
    let view = client.room("general").view().expect("the user is in the room");
    view.timeline.iter().map(|message| message.content.clone()).collect()
}

#[tokio::test]
async fn a_message_is_sent_and_acknowledged() {
    let server = FakeServer::start().await;
    let client = builder(&server).connect().await.unwrap();
    let room = client.join("general").await.unwrap();
    let message = room.send("hello").await.unwrap();
    assert_eq!((message.seq.value(), message.content.as_str()), (1, "hello"));
    until(&client, |client| texts(client) == ["hello"]).await;
    assert!(room.view().unwrap().pending.is_empty());
    client.close().await;
    assert_eq!(server.goodbyes(), 1);
}

#[tokio::test]
async fn messages_of_others_come_as_events_in_order() {
    let server = FakeServer::start().await;
    let client = builder(&server).connect().await.unwrap();
    let mut events = client.events();
    for n in 0..100 {
        server.post(&format!("{n}"));
    }
    let mut seen = Vec::new();
    while seen.len() < 100 {
        if let Notice::NewMessage(message) = events.next().await.unwrap().unwrap() {
            seen.push(message.seq.value());
        }
    }
    assert_eq!(seen, (1..=100).collect::<Vec<_>>());
    until(&client, |client| client.view().rooms[0].unread == 100).await;
}

#[tokio::test]
async fn g10_what_was_missed_comes_with_the_next_connection() {
    let server = FakeServer::start().await;
    let client = builder(&server).connect().await.unwrap();
    server.post("first");
    until(&client, |client| texts(client) == ["first"]).await;
    server.post_silently("lost");
    server.drop_connections();
    until(&client, |client| texts(client) == ["first", "lost"]).await;
    assert_eq!(server.resumed(), [false, true]);
}

#[tokio::test]
async fn g11_a_send_whose_acknowledgement_was_lost_is_one_message() {
    let server = FakeServer::start().await;
    let client = builder(&server).connect().await.unwrap();
    let room = client.room("general");
    server.on_sends(Sends::StoreAndDrop);
    let pending = room.post("once").unwrap();
    let again = server.sends_seen();
    assert!(again.len() <= 1);
    until(&client, |_| !server.sends_seen().is_empty()).await;
    server.on_sends(Sends::Answer);
    let message = timeout(Duration::from_secs(10), pending).await.unwrap().unwrap();
    assert_eq!(message.content, "once");
    assert_eq!(server.contents(), ["once"]);
    until(&client, |client| texts(client) == ["once"]).await;
}

#[tokio::test]
async fn g11_unacknowledged_sends_go_out_again_in_order() {
    let server = FakeServer::start().await;
    let client = builder(&server).connect().await.unwrap();
    let room = client.room("general");
    server.on_sends(Sends::Ignore);
    let pending: Vec<_> = (0..10).map(|n| room.post(format!("{n}")).unwrap()).collect();
    let arrived = async {
        while server.sends_seen().len() < 10 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), arrived).await.unwrap();
    server.on_sends(Sends::Answer);
    server.drop_connections();
    for (n, pending) in pending.into_iter().enumerate() {
        assert_eq!(pending.await.unwrap().content, n.to_string());
    }
    let seen = server.sends_seen();
    assert_eq!(seen[..10], seen[10..20]);
    assert_eq!(server.contents(), (0..10).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn g11_a_rate_limit_keeps_the_order() {
    let server = FakeServer::start().await;
    let client = builder(&server).connect().await.unwrap();
    let room = client.room("general");
    server.on_sends(Sends::Refuse(20));
    let pending: Vec<_> = (0..20).map(|n| room.post(format!("{n}")).unwrap()).collect();
    for pending in pending {
        pending.await.unwrap();
    }
    assert_eq!(server.contents(), (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn g11_a_file_outbox_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox");
    let server = FakeServer::start().await;
    server.on_sends(Sends::Ignore);
    let first = builder(&server).outbox(&path).connect().await.unwrap();
    let pending = first.room("general").post("left behind").unwrap();
    let client_id = pending.client_id.to_string();
    until(&first, |client| {
        let view = client.room("general").view().unwrap();
        view.pending.iter().any(|pending| pending.status == SendStatus::Sent)
    })
    .await;
    first.close().await;
    assert!(matches!(pending.await, Err(Error::Closed)));

    server.on_sends(Sends::Answer);
    let second = builder(&server).outbox(&path).connect().await.unwrap();
    until(&second, |client| texts(client) == ["left behind"]).await;
    assert!(server.sends_seen().iter().all(|(id, _)| *id == client_id));
    second.close().await;
    let third = builder(&server).outbox(&path).connect().await.unwrap();
    assert!(third.pending("general").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_bad_token_is_replaced_once() {
    let server = FakeServer::start().await;
    server.accept_only(&["token 2"]);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let provider = move || {
        let n = count.fetch_add(1, Ordering::Relaxed) + 1;
        async move { Ok(format!("token {n}")) }
    };
    let client = Client::builder(server.url()).token_provider(provider).connect().await.unwrap();
    assert_eq!(server.tokens_seen(), ["token 1", "token 2"]);
    assert_eq!(client.view().connection.phase, Phase::Connected);
}

#[tokio::test]
async fn a_refused_fresh_token_ends_the_attempt() {
    let server = FakeServer::start().await;
    server.accept_only(&[]);
    let error = builder(&server).connect().await.unwrap_err();
    assert!(matches!(error, Error::Refused(Refusal::AuthenticationFailed)), "{error}");
}

#[tokio::test]
async fn g16_a_failing_provider_is_asked_again() {
    let server = FakeServer::start().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let provider = move || {
        let n = count.fetch_add(1, Ordering::Relaxed);
        async move { if n == 0 { Err("no network".into()) } else { Ok("good".to_owned()) } }
    };
    Client::builder(server.url()).token_provider(provider).connect().await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_draining_server_is_left_and_found_again() {
    let server = FakeServer::start().await;
    let client = builder(&server).connect().await.unwrap();
    let mut events = client.events();
    server.drain(10);
    let mut phases = Vec::new();
    while phases.last() != Some(&Phase::Connected) {
        if let Notice::Connection(phase) = events.next().await.unwrap().unwrap() {
            phases.push(phase);
        }
    }
    assert_eq!(phases, [Phase::Draining, Phase::Connected], "the next connection is made before the old one goes");
    assert_eq!(server.resumed(), [false, true]);
    client.room("general").send("back").await.unwrap();
}

#[tokio::test]
async fn the_past_is_loaded_in_pages() {
    let server = FakeServer::start().await;
    for n in 1..=120 {
        server.post_silently(&format!("{n}"));
    }
    let client = builder(&server).connect().await.unwrap();
    let room = client.room("general");
    until(&client, |client| texts(client).len() == 1).await;
    assert_eq!(room.load_older(50).await.unwrap().len(), 50);
    while !room.load_older(50).await.unwrap().is_empty() {}
    until(&client, |client| texts(client).len() == 120).await;
    assert!(!room.view().unwrap().has_older);
}

#[tokio::test]
async fn mistakes_are_told_before_the_network_knows() {
    let server = FakeServer::start().await;
    let client = builder(&server).connect().await.unwrap();
    assert_eq!(client.room("general").send("").await.unwrap_err().code(), Some(ErrorCode::BadRequest));
    assert!(matches!(client.room("no room").send("x").await, Err(Error::Id(_))));
    assert!(server.sends_seen().is_empty());
    assert!(matches!(Client::builder("general").token("t").build().await, Err(Error::Address(_))));
    assert!(matches!(Client::builder(server.url()).build().await, Err(Error::NoToken)));
}

#[tokio::test]
async fn the_last_handle_takes_the_client_with_it() {
    let server = FakeServer::start().await;
    let client = builder(&server).connect().await.unwrap();
    let mut events = client.events();
    drop(client);
    while events.next().await.is_some() {}
    assert_eq!(server.goodbyes(), 1);
}
