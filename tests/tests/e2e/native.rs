//! Many native clients: what a crowd sees, and what is left of it when things are killed.

use std::{collections::BTreeMap, time::Duration};

use roomcast_client::{Client, ClientBuilder, Notice, Room};
use roomcast_protocol::{
    ClientId, RoomId,
    command::{CreateRoom, GetMessages},
    model::{Message, Visibility},
};
use roomcast_tests::{Server, Token, eventually};
use tokio::task::{JoinHandle, JoinSet};

/// How long a crowd may take where each one alone takes milliseconds.
const CROWD: Duration = Duration::from_secs(120);

/// What one client heard of a room, in the order of hearing: place and the sender's own id.
type Heard = Vec<(u64, Option<ClientId>)>;

fn builder(server: &Server, user: &str) -> ClientBuilder {
    let user = user.to_owned();
    Client::builder(server.url())
        .token_provider(move || {
            let token = Token::of(&user).sign();
            async move { Ok(token) }
        })
        .reconnect_pauses(Duration::from_millis(50), Duration::from_millis(500))
}

async fn connect(server: &Server, user: &str) -> Client {
    builder(server, user).connect().await.expect("connected")
}

async fn join(client: &Client, room: &str) -> Room {
    client.join(room).await.expect("joined")
}

async fn make(client: &Client, room: &str) -> Room {
    let create = CreateRoom {
        room_id: Some(RoomId::parse(room).expect("a good id")),
        name: room.to_owned(),
        visibility: Visibility::Public,
        members: Vec::new(),
        topic: None,
        policy: None,
    };
    client.request(create).await.expect("created");
    client.room(room)
}

/// Listens to a room until it has heard of so many messages.
fn listen(client: &Client, room: &str, messages: usize) -> JoinHandle<Heard> {
    let mut events = client.events();
    let room = RoomId::parse(room).expect("a good id");
    tokio::spawn(async move {
        let mut heard = Heard::new();
        while heard.len() < messages {
            let notice = events.next().await.expect("the client lives").expect("the listener keeps up");
            if let Notice::NewMessage(message) = notice
                && message.room_id == room
            {
                heard.push((message.seq.value(), message.client_id.clone()));
            }
        }
        heard
    })
}

fn seqs(heard: &Heard) -> Vec<u64> {
    heard.iter().map(|(seq, _)| *seq).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_member_hears_every_message_once_and_in_order() {
    const CLIENTS: usize = 200;
    const ROOMS: usize = 10;
    const EACH: usize = 50;
    let in_room = CLIENTS / ROOMS * EACH;
    let server = Server::start().await;
    let mut clients = Vec::new();
    for n in 0..CLIENTS {
        let client = connect(&server, &format!("user-{n}")).await;
        let room = format!("room-{}", n % ROOMS);
        let room = if n < ROOMS { make(&client, &room).await } else { join(&client, &room).await };
        clients.push((client, room));
    }
    let mut listeners = Vec::new();
    let mut senders = JoinSet::new();
    for (n, (client, room)) in clients.iter().enumerate() {
        listeners.push(listen(client, &format!("room-{}", n % ROOMS), in_room));
        let room = room.clone();
        senders.spawn(async move {
            let posted: Vec<_> = (0..EACH).map(|i| room.post(format!("{n}:{i}")).expect("taken")).collect();
            let mut places = Vec::new();
            for pending in posted {
                places.push(pending.await.expect("acknowledged").seq.value());
            }
            assert!(places.is_sorted(), "user-{n} was numbered out of order: {places:?}");
        });
    }
    tokio::time::timeout(CROWD, senders.join_all()).await.expect("all sent");
    let expected: Vec<u64> = (1..=in_room as u64).collect();
    for (n, listener) in listeners.into_iter().enumerate() {
        let heard = tokio::time::timeout(CROWD, listener).await.expect("all heard").expect("no panic");
        assert_eq!(seqs(&heard), expected, "user-{n}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_loses_nothing_acknowledged() {
    const KILLS: usize = 5;
    const EACH: usize = 150;
    let mut server = Server::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut clients = Vec::new();
    for user in ["alice", "bob", "carol"] {
        let client = builder(&server, user).outbox(folder.path().join(user)).connect().await.expect("connected");
        let room = if user == "alice" { make(&client, "r").await } else { join(&client, "r").await };
        clients.push((user, client, room));
    }
    let listeners: Vec<_> = clients.iter().map(|(_, client, _)| listen(client, "r", EACH * 3)).collect();
    let mut senders = JoinSet::new();
    for (user, _, room) in &clients {
        let (user, room) = (*user, room.clone());
        senders.spawn(async move {
            let mut acknowledged = Vec::new();
            for i in 0..EACH {
                let pending = room.post(format!("{user} {i}")).expect("taken");
                // Some pipelined, some one by one, so that kills hit commits, acks and quiet alike.
                if i % 3 == 0 {
                    let message = pending.await.expect("acknowledged, however often the server dies");
                    acknowledged.push((message.seq.value(), message.client_id.clone()));
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            acknowledged
        });
    }
    for kill in 0..KILLS {
        // The n-th kill comes when so much has been stored: in the midst of the traffic on any machine.
        let (_, client, _) = &clients[0];
        let wanted = (EACH * 3 * (kill + 1) / (KILLS + 1)) as u64;
        let stored = || async { client.room("r").view().is_some_and(|view| view.room.seq.value() >= wanted) };
        assert!(eventually(CROWD, stored).await, "never {wanted} messages");
        server.kill9();
        server.restart().await;
    }
    let acknowledged = tokio::time::timeout(CROWD, senders.join_all()).await.expect("all sent").concat();
    let mut timelines = Vec::new();
    for listener in listeners {
        timelines.push(tokio::time::timeout(CROWD, listener).await.expect("all heard").expect("no panic"));
    }
    let expected: Vec<u64> = (1..=(EACH * 3) as u64).collect();
    let stored: BTreeMap<u64, Option<ClientId>> = timelines[0].iter().cloned().collect();
    for timeline in &timelines {
        assert_eq!(seqs(timeline), expected);
        assert_eq!(*timeline, timelines[0]);
    }
    for (seq, client_id) in acknowledged {
        assert_eq!(stored.get(&seq), Some(&client_id), "message {seq} was acknowledged and is another now");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_restarted_sends_what_its_outbox_holds() {
    let mut server = Server::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let outbox = folder.path().join("alice");
    let client = builder(&server, "alice").outbox(&outbox).connect().await.expect("connected");
    let room = make(&client, "r").await;
    room.send("before").await.expect("acknowledged");
    server.kill9();
    let posted: Vec<ClientId> =
        (0..5).map(|i| room.post(format!("while away {i}")).expect("taken").client_id.clone()).collect();
    let kept = || async { client.pending("r").await.is_ok_and(|pending| pending.len() == 5) };
    assert!(eventually(CROWD, kept).await, "the outbox never held all five");
    drop((client, room));

    server.restart().await;
    let client = builder(&server, "alice").outbox(&outbox).connect().await.expect("connected again");
    let reader = connect(&server, "bob").await;
    join(&reader, "r").await;
    let all = || async { history(&reader).await.len() == 6 };
    assert!(eventually(CROWD, all).await, "the six messages never came together");
    let stored = history(&reader).await;
    let ids: Vec<_> = stored.iter().skip(1).filter_map(|message| message.client_id.clone()).collect();
    assert_eq!(ids, posted);
    client.close().await;
}

async fn history(client: &Client) -> Vec<Message> {
    let room_id = RoomId::parse("r").expect("a good id");
    let page = GetMessages { room_id, before: None, after: None, around: None, thread_id: None, limit: Some(50) };
    client.request(page).await.map(|page| page.messages).unwrap_or_default()
}
