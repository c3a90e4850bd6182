//! The native client where WebSockets do not pass, and when they begin to.

use std::time::Duration;

use roomcast_client::{Client, ClientBuilder, Notice, Room, Transport, Transports, view::Phase};
use roomcast_protocol::{RoomId, command::CreateRoom, model::Visibility};
use roomcast_tests::{Proxy, Server, Token, WebSockets, eventually};
use tokio::task::JoinHandle;

const LONG: Duration = Duration::from_secs(60);

fn builder(url: String, user: &str) -> ClientBuilder {
    let user = user.to_owned();
    Client::builder(url)
        .token_provider(move || {
            let token = Token::of(&user).sign();
            async move { Ok(token) }
        })
        .reconnect_pauses(Duration::from_millis(50), Duration::from_millis(500))
        .upgrade_pauses(Duration::from_millis(200), Duration::from_millis(400))
}

async fn connect(builder: ClientBuilder) -> Client {
    tokio::time::timeout(LONG, builder.connect()).await.expect("in time").expect("connected")
}

async fn make(client: &Client) -> Room {
    let create = CreateRoom {
        room_id: Some(RoomId::parse("r").expect("a good id")),
        name: "r".to_owned(),
        visibility: Visibility::Public,
        members: Vec::new(),
        topic: None,
        policy: None,
    };
    client.request(create).await.expect("created");
    client.room("r")
}

/// Waits until the client is in use by this transport.
async fn by(client: &Client, transport: Transport) -> bool {
    let so = || async {
        let view = client.view();
        view.connection.phase == Phase::Connected && view.connection.transport == Some(transport)
    };
    eventually(LONG, so).await
}

/// The texts that a client is told of, until there are so many.
fn listen(client: &Client, messages: usize) -> JoinHandle<Vec<String>> {
    let mut events = client.events();
    tokio::spawn(async move {
        let mut heard = Vec::new();
        while heard.len() < messages {
            if let Notice::NewMessage(message) = events.next().await.expect("it lives").expect("it keeps up") {
                heard.push(message.content.clone());
            }
        }
        heard
    })
}

/// Sends one message each few milliseconds until told to stop; gives how many were acknowledged.
fn chatter(room: &Room, who: &'static str, stop: tokio::sync::watch::Receiver<bool>) -> JoinHandle<usize> {
    let room = room.clone();
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        let mut posted = Vec::new();
        while !*stop.borrow() {
            ticks.tick().await;
            posted.push(room.post(format!("{who} {}", posted.len())).expect("taken"));
        }
        let count = posted.len();
        for pending in posted {
            pending.await.expect("acknowledged");
        }
        count
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_websockets_are_refused_the_client_chats_over_polling() {
    let server = Server::start().await;
    let proxy = Proxy::start(server.address(), WebSockets::Refused).await;
    let alice = connect(builder(proxy.url(), "alice")).await;
    assert_eq!(alice.view().connection.transport, Some(Transport::Polling));
    let room = make(&alice).await;
    let bob = connect(builder(server.url(), "bob")).await;
    let bobs = bob.join("r").await.expect("joined");
    assert_eq!(bob.view().connection.transport, Some(Transport::WebSocket));

    let (alice_hears, bob_hears) = (listen(&alice, 200), listen(&bob, 200));
    for n in 0..100 {
        room.post(format!("alice {n}")).expect("taken").await.expect("acknowledged");
        bobs.post(format!("bob {n}")).expect("taken").await.expect("acknowledged");
    }
    let heard = tokio::time::timeout(LONG, alice_hears).await.expect("all heard").expect("no panic");
    assert_eq!(heard, tokio::time::timeout(LONG, bob_hears).await.expect("all heard").expect("no panic"));
    assert!(proxy.refused() > 0 && proxy.passed() == 0);
    alice.close().await;
    bob.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_overtaken_while_a_session_moves_to_a_websocket_under_load() {
    let server = Server::start().await;
    let proxy = Proxy::start(server.address(), WebSockets::Refused).await;
    let alice = connect(builder(proxy.url(), "alice")).await;
    let room = make(&alice).await;
    let bob = connect(builder(server.url(), "bob")).await;
    let bobs = bob.join("r").await.expect("joined");
    let mut alice_events = alice.events();

    let (stop, stopped) = tokio::sync::watch::channel(false);
    let senders = [chatter(&room, "alice", stopped.clone()), chatter(&bobs, "bob", stopped)];
    assert!(by(&alice, Transport::Polling).await);
    proxy.set(WebSockets::Pass);
    assert!(by(&alice, Transport::WebSocket).await, "the session never moved");
    // In the queue behind the others, over the new transport, and there are more behind it.
    room.post("moved").expect("taken").await.expect("acknowledged");
    stop.send(true).expect("the senders wait");
    let mut sent = Vec::new();
    for sender in senders {
        sent.push(tokio::time::timeout(LONG, sender).await.expect("all sent").expect("no panic"));
    }

    let mut heard = Vec::new();
    let mut phases = Vec::new();
    while heard.len() < sent.iter().sum::<usize>() + 1 {
        let notice = tokio::time::timeout(LONG, alice_events.next()).await.expect("all heard");
        match notice.expect("it lives").expect("it keeps up") {
            Notice::NewMessage(message) => heard.push(message.content.clone()),
            Notice::Connection(phase) => phases.push(phase),
            _ => {}
        }
    }
    for (who, count) in ["alice", "bob"].into_iter().zip(sent) {
        let mine: Vec<_> = heard.iter().filter(|text| text.starts_with(who)).cloned().collect();
        assert_eq!(mine, (0..count).map(|n| format!("{who} {n}")).collect::<Vec<_>>());
    }
    assert_eq!(phases, [], "a move is no reconnect");
    assert_eq!(proxy.passed(), 1);
    alice.close().await;
    bob.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_websockets_are_swallowed_the_client_stays_on_polling_and_loses_nothing() {
    let server = Server::start().await;
    let proxy = Proxy::start(server.address(), WebSockets::Swallowed).await;
    let alice = connect(builder(proxy.url(), "alice")).await;
    assert_eq!(alice.view().connection.transport, Some(Transport::Polling));
    let room = make(&alice).await;
    let hears = listen(&alice, 50);
    for n in 0..50 {
        tokio::time::timeout(LONG, room.post(n.to_string()).expect("taken"))
            .await
            .expect("in time")
            .expect("acknowledged");
    }
    let heard = tokio::time::timeout(LONG, hears).await.expect("all heard").expect("no panic");
    assert_eq!(heard, (0..50).map(|n| n.to_string()).collect::<Vec<_>>());
    alice.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_over_http_that_is_cut_resumes() {
    let server = Server::start().await;
    let proxy = Proxy::start(server.address(), WebSockets::Refused).await;
    let alice = connect(builder(proxy.url(), "alice")).await;
    let room = make(&alice).await;
    let hears = listen(&alice, 20);
    for n in 0..20 {
        let pending = room.post(n.to_string()).expect("taken");
        if n % 5 == 2 {
            proxy.cut();
        }
        tokio::time::timeout(LONG, pending).await.expect("in time").expect("acknowledged");
    }
    let heard = tokio::time::timeout(LONG, hears).await.expect("all heard").expect("no panic");
    assert_eq!(heard, (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_choice_of_transports_is_kept() {
    let server = Server::start().await;
    let polling = connect(builder(server.url(), "alice").transports(Transports::Polling)).await;
    assert_eq!(polling.view().connection.transport, Some(Transport::Polling));
    make(&polling).await.send("hello").await.expect("acknowledged");
    let proxy = Proxy::start(server.address(), WebSockets::Refused).await;
    let stubborn = builder(proxy.url(), "bob").transports(Transports::WebSocket).build().await.expect("built");
    assert!(eventually(LONG, || async { proxy.refused() >= 3 }).await);
    assert_eq!(proxy.polled(), 0);
    polling.close().await;
    stubborn.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_goodbye_over_polling_counts_at_once() {
    let server = Server::start().await;
    let alice = connect(builder(server.url(), "alice").transports(Transports::Polling)).await;
    make(&alice).await;
    let bob = connect(builder(server.url(), "bob")).await;
    bob.join("r").await.expect("joined");
    let online = || async { bob.room("r").view().is_some_and(|view| view.online == 2) };
    assert!(eventually(LONG, online).await);
    let mut events = bob.events();
    alice.close().await;
    // A lost connection would have ten seconds of grace.
    let offline = async {
        loop {
            if let Ok(Notice::Presence(user, _)) = events.next().await.expect("it lives")
                && user.as_str() == "alice"
            {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), offline).await.expect("said at once");
    bob.close().await;
}
