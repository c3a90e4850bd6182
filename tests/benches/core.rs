//! What an event costs the client core: `cargo bench -p roomcast-tests --bench core`.
//!
//! `new-message` frames, applied one by one with every effect drained, in clients with more and more rooms and
//! messages: the cost of one must not grow with either, also where each is looked at. What varies is how much there is
//! to find a place in, so a column's largest is set against its smallest. Then a whole resume at once.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use roomcast_client_core::{
    Client, Config, Effect, Input, Now, Saved, Token,
    view::{ClientView, RoomView},
};
use serde_json::{Value, json};

const FRAMES: usize = 100_000;

const OPEN: &str = r#"0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":131072}"#;
const CONNECTED: &str = r#"40{"sid":"s"}"#;

/// A client, its clock, and how far its rooms are.
struct Subject {
    client: Client,
    now: Now,
    conn: Option<roomcast_client_core::ConnId>,
}

fn main() {
    println!("{FRAMES} new-message frames, ns a frame; one room of many growing, and all in turn:");
    println!(
        "{:>8}{:>12}{:>10}{:>16}{:>16}{:>14}",
        "rooms", "messages", "no view", "with room view", "with all views", "rooms in turn"
    );
    let mut table = Vec::new();
    for (rooms, messages) in [(1, 100), (1, 1_000), (1, 10_000), (100, 1_000), (1_000, 1_000), (1_000, 10_000)] {
        let room_0 = "room-0".parse().expect("an id");
        let nothing = frames(rooms, messages, Target::One, |_, _| {});
        let room = frames(rooms, messages, Target::One, |client, shown| shown.room = client.room(&room_0));
        let both = |client: &mut Client, shown: &mut Shown| {
            shown.client = Some(client.view());
            shown.room = client.room(&room_0);
        };
        let all = frames(rooms, messages, Target::One, both);
        let turns = frames(rooms, messages, Target::All, both);
        let row = [nothing, room, all, turns].map(|took| took.as_nanos());
        println!("{rooms:>8}{messages:>12}{:>10}{:>16}{:>16}{:>14}", row[0], row[1], row[2], row[3]);
        table.push(row);
    }
    let spread = |column: usize| {
        let costs = table.iter().map(|row| row[column]);
        costs.clone().max().unwrap_or(0) as f64 / costs.min().unwrap_or(1).max(1) as f64
    };
    println!(
        "{:>20}{:>10.1}{:>16.1}{:>16.1}{:>14.1}",
        "largest / smallest",
        spread(0),
        spread(1),
        spread(2),
        spread(3)
    );
    println!("\na resume of all rooms in one initial-state, ten new messages each:");
    println!("{:>8}{:>12}{:>16}", "rooms", "ms", "µs a room");
    for rooms in [10, 100, 1_000] {
        let took = resume(rooms);
        println!("{rooms:>8}{:>12.1}{:>16.1}", took.as_secs_f64() * 1e3, took.as_secs_f64() * 1e6 / f64::from(rooms));
    }
}

/// Which rooms the frames are for.
enum Target {
    One,
    All,
}

/// What somebody looks at while the next frame comes: the core must not change it under their eyes.
#[derive(Default)]
struct Shown {
    client: Option<Arc<ClientView>>,
    room: Option<Arc<RoomView>>,
}

/// The mean time of a frame.
fn frames(rooms: u32, messages: usize, target: Target, look: impl Fn(&mut Client, &mut Shown)) -> Duration {
    let mut subject = Subject::connected(rooms, Vec::new());
    for n in 1..=messages {
        subject.frame(posted("room-0", n));
    }
    let in_turn = match target {
        Target::One => 1,
        Target::All => rooms as usize,
    };
    let mut seqs = vec![0; in_turn];
    seqs[0] = messages;
    let incoming: Vec<String> = (0..FRAMES)
        .map(|n| {
            let room = n % in_turn;
            seqs[room] += 1;
            posted_at(&format!("room-{room}"), seqs[room], 1_700_000_000_000 + n as u64)
        })
        .collect();
    let mut shown = Shown::default();
    let start = Instant::now();
    for frame in incoming {
        subject.frame(frame);
        look(&mut subject.client, &mut shown);
    }
    start.elapsed() / u32::try_from(FRAMES).expect("it fits")
}

fn resume(rooms: u32) -> Duration {
    let mut subject = Subject::connected(rooms, Vec::new());
    let deltas = (0..rooms).map(|n| {
        let id = format!("room-{n}");
        let messages: Vec<Value> = (1..=10).map(|seq| message(&id, seq)).collect();
        json!({ "roomId": id, "kind": "delta", "rev": 11, "messages": messages })
    });
    let frame = initial_state(0, deltas.collect());
    subject.reconnect();
    let start = Instant::now();
    subject.frame(frame);
    subject.client.view();
    start.elapsed()
}

impl Subject {
    fn connected(rooms: u32, deltas: Vec<Value>) -> Self {
        let now = Now { mono_ms: 0, wall_ms: 1_700_000_000_000 };
        let config = Config { timeline_messages: 1_000_000, ..Config::default() };
        let mut subject = Self { client: Client::new(config, 1, now, Saved::default()), now, conn: None };
        subject.tell(Input::Connect);
        subject.enter();
        subject.frame(initial_state(rooms, deltas));
        subject
    }

    fn enter(&mut self) {
        self.tell(Input::Opened(self.conn.expect("the core connects")));
        self.frame(OPEN.to_owned());
        self.frame(CONNECTED.to_owned());
    }

    fn reconnect(&mut self) {
        let reason = roomcast_client_core::CloseReason("gone".to_owned());
        self.tell(Input::Closed(self.conn.expect("connected"), reason));
        let (at, _) = self.client.poll_timeout().expect("it comes again");
        self.now.mono_ms = self.now.mono_ms.max(at);
        self.tell(Input::Timeout);
        self.enter();
    }

    fn frame(&mut self, frame: String) {
        self.tell(Input::Frame(self.conn.expect("the core connects"), frame));
    }

    fn tell(&mut self, input: Input) {
        self.client.handle(self.now, input);
        while let Some(effect) = self.client.poll_effect() {
            match effect {
                Effect::FetchToken { req, .. } => {
                    let result = Ok(Token("t".to_owned()));
                    self.client.handle(self.now, Input::Token { req, result });
                }
                Effect::Connect { conn, .. } => self.conn = Some(conn),
                _ => {}
            }
        }
    }
}

fn initial_state(rooms: u32, deltas: Vec<Value>) -> String {
    let room = |n| {
        json!({
            "id": format!("room-{n}"), "name": "Room", "visibility": "public", "policy": {}, "rev": 1, "seq": 0,
            "memberCount": 1, "createdAt": 1, "role": "member", "readSeq": 0, "unread": 0, "mentions": 0,
            "users": [], "typing": [], "receipts": [],
        })
    };
    let rooms: Vec<Value> = (0..rooms).map(room).collect();
    let state = json!({
        "epoch": "e", "user": { "id": "me", "name": "Me" }, "rooms": rooms, "deltas": deltas, "presence": [],
        "limits": {}, "serverTime": 1,
    });
    format!("42[\"initial-state\",{state}]")
}

fn message(room: &str, seq: usize) -> Value {
    message_at(room, seq, 1_700_000_000_000)
}

fn message_at(room: &str, seq: usize, created_at: u64) -> Value {
    json!({
        "id": format!("{room}-{seq}"), "roomId": room, "userId": "somebody", "type": "text",
        "content": "a sentence of the length that people usually write", "seq": seq, "rev": seq + 1, "version": 1,
        "createdAt": created_at,
    })
}

fn posted(room: &str, seq: usize) -> String {
    posted_at(room, seq, 1_700_000_000_000)
}

fn posted_at(room: &str, seq: usize, created_at: u64) -> String {
    let event = json!({
        "message": message_at(room, seq, created_at), "user": { "id": "somebody", "name": "Somebody" }, "rev": seq + 1,
    });
    format!("42[\"new-message\",{event}]")
}
