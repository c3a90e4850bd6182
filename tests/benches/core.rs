//! What an event costs the client core: `cargo bench -p roomcast-tests --bench core`.
//!
//! `new-message` frames, applied one by one with every effect drained, in clients with more and more rooms and
//! messages: the cost of one must not grow with either. The patch is that of the room and of the list, as JSON. Then a
//! whole resume at once.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use roomcast_client_core::{Client, Config, Effect, Input, Key, Now, Saved, Token, patch::Patches};
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
    println!("{FRAMES} new-message frames, one room of many growing:");
    println!(
        "{:>8}{:>12}{:>14}{:>16}{:>18}{:>14}",
        "rooms", "messages", "ns a frame", "with room view", "with all views", "with patch"
    );
    for (rooms, messages) in [(1, 100), (1, 1_000), (1, 10_000), (100, 1_000), (1_000, 1_000), (1_000, 10_000)] {
        let plain = frames(rooms, messages, |_| {});
        let room = frames(rooms, messages, |client| {
            client.room(&"room-0".parse().expect("an id"));
        });
        let all = frames(rooms, messages, |client| {
            client.view();
            client.room(&"room-0".parse().expect("an id"));
        });
        let patches = RefCell::new(Patches::default());
        patches.borrow_mut().watch("room-0".parse().expect("an id"));
        let patched = frames(rooms, messages, |client| {
            let mut patches = patches.borrow_mut();
            patches.changed(&Key::Rooms);
            patches.changed(&Key::Room("room-0".parse().expect("an id")));
            serde_json::to_string(&patches.take(client)).expect("patches have no failing parts");
        });
        println!(
            "{rooms:>8}{messages:>12}{:>14}{:>16}{:>18}{:>14}",
            plain.as_nanos(),
            room.as_nanos(),
            all.as_nanos(),
            patched.as_nanos()
        );
    }
    println!("\na resume of all rooms in one initial-state, ten new messages each:");
    println!("{:>8}{:>12}{:>16}", "rooms", "ms", "µs a room");
    for rooms in [10, 100, 1_000] {
        let took = resume(rooms);
        println!("{rooms:>8}{:>12.1}{:>16.1}", took.as_secs_f64() * 1e3, took.as_secs_f64() * 1e6 / f64::from(rooms));
    }
}

/// The mean time of a frame.
fn frames(rooms: u32, messages: usize, look: impl Fn(&mut Client)) -> Duration {
    let mut subject = Subject::connected(rooms, Vec::new());
    for n in 1..=messages {
        subject.frame(posted("room-0", n));
    }
    let incoming: Vec<String> = (messages + 1..=messages + FRAMES).map(|n| posted("room-0", n)).collect();
    let start = Instant::now();
    for frame in incoming {
        subject.frame(frame);
        look(&mut subject.client);
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
    json!({
        "id": format!("{room}-{seq}"), "roomId": room, "userId": "somebody", "type": "text",
        "content": "a sentence of the length that people usually write", "seq": seq, "rev": seq + 1, "version": 1,
        "createdAt": 1_700_000_000_000_u64,
    })
}

fn posted(room: &str, seq: usize) -> String {
    let event = json!({
        "message": message(room, seq), "user": { "id": "somebody", "name": "Somebody" }, "rev": seq + 1,
    });
    format!("42[\"new-message\",{event}]")
}
