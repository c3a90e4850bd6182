//! Many native clients: what a crowd sees, and what is left of it when things are killed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use roomcast_client::{Client, ClientBuilder, Notice, Room, view::Phase};
use roomcast_protocol::{
    ClientId, ErrorCode, RoomId, Seq,
    command::{CreateRoom, GetMessages},
    model::{Message, Visibility},
};
use roomcast_tests::{SOON, Server, Token, eventually};
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
};

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

/// 200 messages a second from three people, while the server is killed again and again at random.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_fifty_times_loses_nothing_acknowledged() {
    const KILLS: usize = 50;
    const PAUSE: Duration = Duration::from_millis(15);
    let seed = roomcast_tests::seed();
    let mut server = Server::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut clients = Vec::new();
    for user in ["alice", "bob", "carol"] {
        let client = builder(&server, user).outbox(folder.path().join(user)).connect().await.expect("connected");
        let room = if user == "alice" { make(&client, "r").await } else { join(&client, "r").await };
        clients.push((user, client, room));
    }
    let (stop, stopping) = watch::channel(None::<usize>);
    let listeners: Vec<_> =
        clients.iter().map(|(_, client, _)| tokio::spawn(listen_until(client.clone(), stopping.clone()))).collect();

    let killing = Arc::new(AtomicBool::new(true));
    let mut senders = JoinSet::new();
    for (user, _, room) in &clients {
        let (user, room, killing) = (*user, room.clone(), killing.clone());
        senders.spawn(async move {
            let mut posted = Vec::new();
            let mut ticks = tokio::time::interval(PAUSE);
            while killing.load(Ordering::Relaxed) {
                ticks.tick().await;
                posted.push(room.post(format!("{user} {}", posted.len())).expect("taken"));
            }
            let mut acknowledged = Vec::new();
            for pending in posted {
                let client_id = pending.client_id.clone();
                let message = pending.await.expect("acknowledged, however often the server died");
                acknowledged.push((message.seq.value(), Some(client_id)));
            }
            acknowledged
        });
    }
    let mut dice = roomcast_tests::Dice::new(seed);
    for kill in 0..KILLS {
        let phase =
            || async { clients.iter().all(|(_, client, _)| client.view().connection.phase == Phase::Connected) };
        assert!(eventually(CROWD, phase).await, "seed {seed}: not all were back before kill {kill}");
        tokio::time::sleep(Duration::from_millis(dice.below(400))).await;
        server.kill9();
        server.restart().await;
    }
    killing.store(false, Ordering::Relaxed);
    let sent = tokio::time::timeout(CROWD, senders.join_all()).await.expect("all sent");
    for mine in &sent {
        assert!(mine.is_sorted_by_key(|(seq, _)| *seq), "seed {seed}: one sender's messages changed places");
    }
    let mut acknowledged = sent.concat();
    acknowledged.sort_by_key(|(seq, _)| *seq);
    stop.send(Some(acknowledged.len())).expect("the listeners wait");

    let stored: Heard = whole_history(&clients[0].1).await;
    assert_eq!(stored, acknowledged, "seed {seed}: the database holds other messages than were acknowledged");
    for listener in listeners {
        let heard = tokio::time::timeout(CROWD, listener).await.expect("all heard").expect("no panic");
        assert_eq!(heard, acknowledged, "seed {seed}: a timeline differs");
    }
    println!("{} messages, {KILLS} kills, seed {seed}", acknowledged.len());
}

/// Listens until it has heard of as many messages as it is told at the end.
async fn listen_until(client: Client, mut target: watch::Receiver<Option<usize>>) -> Heard {
    let mut events = client.events();
    let mut heard = Heard::new();
    while target.borrow().is_none_or(|messages| heard.len() < messages) {
        tokio::select! {
            changed = target.changed() => changed.expect("the test lives"),
            event = events.next() => {
                if let Notice::NewMessage(message) = event.expect("the client lives").expect("the listener keeps up") {
                    heard.push((message.seq.value(), message.client_id.clone()));
                }
            }
        }
    }
    heard
}

async fn whole_history(client: &Client) -> Heard {
    let mut heard = Heard::new();
    loop {
        let after = heard.last().map_or(0, |(seq, _)| *seq);
        let page = GetMessages {
            room_id: RoomId::parse("r").expect("a good id"),
            before: None,
            after: Some(Seq::new(after)),
            around: None,
            thread_id: None,
            pinned: false,
            limit: Some(100),
        };
        let page = client.request(page).await.expect("read");
        heard.extend(page.messages.iter().map(|message| (message.seq.value(), message.client_id.clone())));
        if !page.has_more {
            return heard;
        }
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

#[tokio::test(flavor = "multi_thread")]
async fn g11_what_was_done_without_a_server_is_done_in_its_order_by_the_next_process() {
    let mut server = Server::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let outbox = folder.path().join("alice");
    let client = builder(&server, "alice").outbox(&outbox).connect().await.expect("connected");
    let room = make(&client, "r").await;
    let first = room.send("first").await.expect("acknowledged");
    server.kill9();
    let create = CreateRoom {
        room_id: Some(RoomId::parse("later").expect("a good id")),
        name: "Later".to_owned(),
        visibility: Visibility::Public,
        members: Vec::new(),
        topic: None,
        policy: None,
    };
    let (later, _made) = client.make_room(create).expect("taken");
    let posted = later.post("said before the room was there").expect("taken").client_id.clone();
    let edit = {
        let (later, posted) = (later.clone(), posted.clone());
        tokio::spawn(async move { later.edit(posted, "and changed").await })
    };
    let old = {
        let (room, id) = (room.clone(), first.id.clone());
        tokio::spawn(async move { room.edit(id, "changed without a server").await })
    };
    let shown = || async {
        let own = client.pending("later").await.expect("it lives");
        let timeline = room.view().expect("still a member").timeline.clone();
        own.iter().any(|pending| pending.send.content == "and changed")
            && timeline.last().is_some_and(|message| message.content == "changed without a server")
    };
    assert!(eventually(CROWD, shown).await, "what the user did was never shown");
    edit.abort();
    old.abort();
    drop((client, room, later));

    server.restart().await;
    let client = builder(&server, "alice").outbox(&outbox).connect().await.expect("connected again");
    let done = || async {
        let page = |room: &str| GetMessages {
            room_id: RoomId::parse(room).expect("a good id"),
            before: None,
            after: None,
            around: None,
            thread_id: None,
            pinned: false,
            limit: None,
        };
        let (Ok(r), Ok(later)) = (client.request(page("r")).await, client.request(page("later")).await) else {
            return false;
        };
        let contents = |page: &roomcast_protocol::reply::Messages| {
            page.messages.iter().map(|message| message.content.clone()).collect::<Vec<_>>()
        };
        contents(&r) == ["changed without a server"] && contents(&later) == ["and changed"]
    };
    assert!(eventually(CROWD, done).await, "what was done offline never reached the server");
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g11_reactions_of_two_clients_meet_on_every_screen() {
    let server = Server::start().await;
    let (alice, bob) = (connect(&server, "alice").await, connect(&server, "bob").await);
    let room = make(&alice, "general").await;
    let theirs = join(&bob, "general").await;
    let message = room.send("hi").await.expect("sent");
    // By bob's own way of seeing the room, as soon as he does.
    let seen = async || theirs.view().is_some_and(|view| !view.timeline.is_empty());
    assert!(eventually(SOON, seen).await, "bob does not see it");
    theirs.react(message.id.clone(), "👍").await.expect("reacted");
    room.react(message.id.clone(), "👍").await.expect("reacted");
    room.react(message.id.clone(), "🎉").await.expect("reacted");
    theirs.react(message.id.clone(), "❤️").await.expect("reacted");
    theirs.unreact(message.id.clone(), "❤️").await.expect("taken back");
    room.pin(message.id.clone()).await.expect("pinned");
    let shown = |room: &Room| {
        let view = room.view().expect("inside");
        let last = view.timeline.last().expect("loaded");
        let reactions = last.reactions.iter().map(|it| (it.emoji.clone(), it.count, it.mine)).collect::<Vec<_>>();
        (reactions, last.pinned_at.is_some())
    };
    let of = |mine: [bool; 2]| {
        let [thumb, party] = mine;
        (vec![("👍".to_owned(), 2, thumb), ("🎉".to_owned(), 1, party)], true)
    };
    let same = async || shown(&room) == of([true, true]) && shown(&theirs) == of([true, false]);
    assert!(eventually(SOON, same).await, "{:?} {:?}", shown(&room), shown(&theirs));
    let refused = theirs.unpin(message.id.clone()).await.expect_err("a member");
    assert!(matches!(refused, roomcast_client::Error::Rejected(error) if error.code == ErrorCode::Forbidden));
}

async fn history(client: &Client) -> Vec<Message> {
    let room_id = RoomId::parse("r").expect("a good id");
    let page = GetMessages {
        room_id,
        before: None,
        after: None,
        around: None,
        thread_id: None,
        pinned: false,
        limit: Some(50),
    };
    client.request(page).await.map(|page| page.messages).unwrap_or_default()
}
