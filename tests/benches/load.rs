//! What people feel on one node: `cargo xtask bench`.
//!
//! 200 native clients in ten rooms of twenty; 100 messages a second in all, and beside them typing, presence and
//! receipts. Prints, for each, how long it took from the act on one client to its event on each of the others. The
//! clients share the machine with the server, so the figures hold the cost of 200 clients too.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use roomcast_client::{Client, Notice, Room};
use roomcast_protocol::{
    RoomId, UserId,
    model::{Availability, Status},
};
use roomcast_tests::{Server, Token, http, public_room};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

const CLIENTS: usize = 200;
const ROOMS: usize = 10;
const WARM_UP: Duration = Duration::from_secs(2);
const RUN: Duration = Duration::from_secs(20);
const MESSAGES_PER_SECOND: u32 = 100;
const TYPING_PER_SECOND: u32 = 20;
const PRESENCE_PER_SECOND: u32 = 10;
const RECEIPTS_PER_SECOND: u32 = 20;

/// An act that others hear of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Act {
    Message(String),
    Typing(RoomId, UserId),
    Presence(UserId, Status),
    Receipt(RoomId, UserId, u64),
}

/// When acts began, and how long their events took.
#[derive(Default)]
struct Book {
    begun: HashMap<Act, Instant>,
    took: HashMap<&'static str, Vec<Duration>>,
}

type Shared = Arc<Mutex<Book>>;

#[tokio::main]
async fn main() {
    let server = Server::start().await;
    let people = gather(&server).await;
    let book = Shared::default();
    let mut listeners = JoinSet::new();
    for (client, _) in &people {
        listeners.spawn(listen(client.clone(), book.clone()));
    }
    act(&people, &book, WARM_UP).await;
    book.lock().expect("no panic").took.clear();
    act(&people, &book, RUN).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    report(&book);
    let (_, metrics) = http::get(server.admin(), "/metrics").await.expect("metrics");
    for line in metrics.lines().filter(|line| line.starts_with("roomcast_batch_changes_") && !line.contains("bucket")) {
        println!("{line}");
    }
}

async fn gather(server: &Server) -> Vec<(Client, Room)> {
    let mut people = Vec::new();
    for n in 0..CLIENTS {
        let token = Token::of(&format!("user-{n}")).sign();
        let client = Client::builder(server.url()).token(token).connect().await.expect("connected");
        let id = RoomId::parse(&format!("room-{}", n % ROOMS)).expect("a good id");
        if n < ROOMS {
            client.request(public_room(&id)).await.expect("created");
        } else {
            client.join(&id).await.expect("joined");
        }
        let room = client.room(&id);
        people.push((client, room));
    }
    for (_, room) in &people {
        // Presence shows only of those whom a client knows.
        room.members(None).await.expect("members");
    }
    people
}

async fn listen(client: Client, book: Shared) {
    let mut events = client.events();
    while let Some(event) = events.next().await {
        let (kind, act) = match event {
            Ok(Notice::NewMessage(message)) => ("delivery", Act::Message(message.content.clone())),
            Ok(Notice::TypingStarted(room, user)) => ("typing", Act::Typing(room, user)),
            Ok(Notice::Presence(user, status)) => ("presence", Act::Presence(user, status)),
            Ok(Notice::Read(room, user, seq)) => ("receipts", Act::Receipt(room, user, seq.value())),
            Ok(_) => continue,
            Err(lagged) => panic!("the listener is too slow: {lagged}"),
        };
        let now = Instant::now();
        let mut book = book.lock().expect("no panic");
        if let Some(begun) = book.begun.get(&act).copied() {
            book.took.entry(kind).or_default().push(now - begun);
        }
    }
}

async fn act(people: &[(Client, Room)], book: &Shared, time: Duration) {
    let end = Instant::now() + time;
    let messages = pace(MESSAGES_PER_SECOND, end, people, async |n, (_, room)| {
        let content = format!("{n} {:?}", Instant::now());
        note(book, Act::Message(content.clone()));
        drop(room.post(content).expect("taken"));
    });
    let typing = pace(TYPING_PER_SECOND, end, people, async |_, (client, room)| {
        note(book, Act::Typing(room.id().expect("a room"), me(client)));
        room.typing().await.expect("taken");
    });
    let presence = pace(PRESENCE_PER_SECOND, end, people, async |n, (client, _)| {
        // In turns, so that each is a change.
        let away = (n / people.len().div_ceil(7)).is_multiple_of(2);
        let (choice, status) =
            if away { (Availability::Away, Status::Away) } else { (Availability::Busy, Status::Busy) };
        note(book, Act::Presence(me(client), status));
        client.set_presence(choice).await.expect("set");
    });
    let receipts = pace(RECEIPTS_PER_SECOND, end, people, async |_, (client, room)| {
        let Some(view) = room.view() else { return };
        let newest = view.room.seq;
        if newest > view.read_seq {
            note(book, Act::Receipt(room.id().expect("a room"), me(client), newest.value()));
            room.mark_read(newest).await.expect("taken");
        }
    });
    tokio::join!(messages, typing, presence, receipts);
}

/// Calls up people one after the other, so many a second in all, spread evenly.
async fn pace<P>(per_second: u32, end: Instant, people: &[P], mut turn: impl AsyncFnMut(usize, &P)) {
    let mut ticks = interval(Duration::from_secs(1) / per_second);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut n = 0;
    while Instant::now() < end {
        ticks.tick().await;
        // A stride without a common factor with the number of people visits all of them, each room in turn.
        turn(n, &people[n * 7 % people.len()]).await;
        n += 1;
    }
}

fn note(book: &Shared, act: Act) {
    book.lock().expect("no panic").begun.insert(act, Instant::now());
}

fn me(client: &Client) -> UserId {
    client.view().me.as_ref().expect("connected").id.clone()
}

fn report(book: &Shared) {
    let targets = [("delivery", 100), ("typing", 50), ("presence", 200), ("receipts", 150)];
    println!("{CLIENTS} clients, {ROOMS} rooms, {MESSAGES_PER_SECOND} messages/s for {} s", RUN.as_secs());
    println!("{:<10}{:>9}{:>10}{:>10}{:>10}{:>10}", "", "events", "p50 ms", "p99 ms", "max ms", "target");
    let mut book = book.lock().expect("no panic");
    for (kind, target) in targets {
        let took = book.took.entry(kind).or_default();
        took.sort_unstable();
        assert!(!took.is_empty(), "nobody heard of any {kind}");
        let at = |share: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "an index"
            )]
            let index = ((took.len() - 1) as f64 * share) as usize;
            took[index].as_secs_f64() * 1_000.0
        };
        println!(
            "{kind:<10}{:>9}{:>10.1}{:>10.1}{:>10.1}{:>10}",
            took.len(),
            at(0.5),
            at(0.99),
            at(1.0),
            format!("p99<{target}")
        );
    }
}
