//! Transports in bad weather: links that fail at any moment, sessions that move, servers that drain. Whatever comes, at
//! most one connection is in use, its frames are told in their order, nothing of an old one is applied, and in the end
//! there is peace.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use roomcast_protocol::{
    Command, Event, Reply, Rev, Timestamp, ack,
    event::ServerDraining,
    handshake::Auth,
    model::{DeltaKind, RoomDelta},
    reply::Synced,
    wire::{Namespace, Packet, encode_ack, encode_connect, encode_connect_error, encode_event},
};

use super::harness::{epoch, initial_state, new_message, room_id, room_state};
use crate::{
    Client, CloseReason, Config, ConnId, Effect, Input, Method, Network, Notice, Now, Saved, Token, TokenReq,
    Transport, Visibility, fixtures, view::Phase,
};

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Somebody posts.
    Post,
    /// The server takes so many of the frames and requests on their way to it.
    Up(usize),
    /// The client gets so many of the answers on their way to it.
    Down(usize),
    /// The n-th open connection dies.
    Die(usize),
    /// WebSockets are let through, or are not.
    WebSockets(bool),
    /// The server asks the client to go to another node after so long.
    Drain(u64),
    /// The nodes take new clients, or do not.
    Open(bool),
    /// The network goes and comes.
    Blink,
    /// The machine sleeps.
    Sleep,
    /// Nobody looks for a while.
    Away,
    /// Time passes.
    Wait(u64),
}

/// A session on the server: what it has to say waits here, whichever way it goes.
#[derive(Debug, Default)]
struct Session {
    joined: bool,
    /// Sent so far, in order.
    outgoing: Vec<String>,
    /// The WebSocket that carries it; long polling without one.
    websocket: Option<ConnId>,
    polling: Option<ConnId>,
    /// A WebSocket is being tested: requests to read bring nothing.
    upgrading: Option<ConnId>,
    ended: bool,
}

/// What is on its way to the client.
#[derive(Debug, Clone)]
enum Letter {
    Opened(ConnId),
    Frame(ConnId, String),
    Response(ConnId, Method, u16, String),
    Closed(ConnId),
}

struct World {
    client: Client,
    now: Now,
    websockets: bool,
    open_doors: bool,
    online: bool,
    head: u64,
    sessions: BTreeMap<u64, Session>,
    next_session: u64,
    open: BTreeMap<ConnId, (Transport, String)>,
    /// Requests to read that wait at the server.
    hanging: BTreeMap<ConnId, u64>,
    up: Vec<(ConnId, Up)>,
    down: Vec<Letter>,
    told: Vec<u64>,
    forgotten: BTreeSet<ConnId>,
}

enum Up {
    Connect,
    Frame(String),
    Request(Method, String, String),
    Close,
}

impl World {
    fn new() -> Self {
        let now = Now { mono_ms: 1_000, wall_ms: 1_700_000_000_000 };
        let config = Config { upgrade_ms: (500, 5_000), ..Config::default() };
        let mut world = Self {
            client: Client::new(config, 7, now, Saved::default()),
            now,
            websockets: true,
            open_doors: true,
            online: true,
            head: 1,
            sessions: BTreeMap::new(),
            next_session: 0,
            open: BTreeMap::new(),
            hanging: BTreeMap::new(),
            up: Vec::new(),
            down: Vec::new(),
            told: Vec::new(),
            forgotten: BTreeSet::new(),
        };
        world.input(Input::Connect);
        world
    }

    fn input(&mut self, input: Input) {
        self.client.handle(self.now, input);
        let mut tokens = Vec::new();
        while let Some(effect) = self.client.poll_effect() {
            match effect {
                Effect::Connect { conn, transport, path_and_query } => {
                    self.open.insert(conn, (transport, path_and_query));
                    if transport == Transport::WebSocket {
                        self.up.push((conn, Up::Connect));
                    }
                }
                Effect::Send { conn, frame } => {
                    let transport = self.open.get(&conn).map(|(transport, _)| *transport);
                    assert_eq!(transport, Some(Transport::WebSocket), "a frame for no WebSocket: {frame}");
                    self.up.push((conn, Up::Frame(frame)));
                }
                Effect::Request { conn, method, path_and_query, body } => {
                    assert!(self.open.contains_key(&conn), "a request of no connection");
                    self.up.push((conn, Up::Request(method, path_and_query, body)));
                }
                Effect::Close { conn } => {
                    self.open.remove(&conn);
                    self.forgotten.insert(conn);
                    self.up.push((conn, Up::Close));
                }
                Effect::FetchToken { req, .. } => tokens.push(req),
                Effect::Notice(Notice::NewMessage(message)) => self.told.push(message.seq.value()),
                _ => {}
            }
        }
        let counting = self.open.values().filter(|(_, path)| !path.contains("sid=")).count();
        let draining = self.client.view().connection.phase == Phase::Draining;
        assert!(counting <= 1 + usize::from(draining), "{counting} connections at once");
        for TokenReq(req) in tokens {
            self.input(Input::Token { req: TokenReq(req), result: Ok(Token("t".to_owned())) });
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Post => {
                self.head += 1;
                let event = new_message(self.head);
                let frame = encode_event("new-message", &event, None).unwrap().into_frame();
                for session in self.sessions.values_mut().filter(|session| session.joined && !session.ended) {
                    session.outgoing.push(frame.clone());
                }
                self.flush();
            }
            Step::Up(count) => {
                for _ in 0..count.min(self.up.len()) {
                    let (conn, up) = self.up.remove(0);
                    self.serve(conn, up);
                    self.flush();
                }
            }
            Step::Down(count) => {
                for _ in 0..count.min(self.down.len()) {
                    let letter = self.down.remove(0);
                    self.deliver(letter);
                }
            }
            Step::Die(nth) => {
                let Some(conn) = self.open.keys().nth(nth % self.open.len().max(1)).copied() else { return };
                self.die(conn);
            }
            Step::WebSockets(pass) => {
                self.websockets = pass;
                if !pass {
                    let websocket =
                        |(_, (transport, _)): &(&ConnId, &(Transport, String))| *transport == Transport::WebSocket;
                    let dead: Vec<_> = self.open.iter().filter(websocket).map(|(conn, _)| *conn).collect();
                    dead.into_iter().for_each(|conn| self.die(conn));
                }
            }
            Step::Drain(reconnect_in_ms) => {
                let deadline = Timestamp::new(reconnect_in_ms + 2_000);
                let event = Event::ServerDraining(Box::new(ServerDraining { reconnect_in_ms, deadline }));
                let frame = encode_event("server-draining", &event, None).unwrap().into_frame();
                for session in self.sessions.values_mut().filter(|session| session.joined && !session.ended) {
                    session.outgoing.push(frame.clone());
                }
                self.flush();
            }
            Step::Open(open) => self.open_doors = open,
            Step::Blink => {
                self.online = !self.online;
                self.input(Input::Network(if self.online { Network::Online } else { Network::Offline }));
            }
            Step::Sleep => {
                self.now.mono_ms += 100_000;
                self.now.wall_ms += 100_000;
                self.input(Input::Timeout);
            }
            Step::Away => {
                self.input(Input::Visibility(Visibility::Hidden));
                self.wait(16_000);
                self.input(Input::Visibility(Visibility::Visible));
            }
            Step::Wait(ms) => self.wait(ms),
        }
    }

    fn wait(&mut self, ms: u64) {
        let end = self.now.mono_ms + ms;
        while let Some((at, _)) = self.client.poll_timeout().filter(|(at, _)| *at <= end) {
            self.set_time(at.max(self.now.mono_ms));
            self.input(Input::Timeout);
            let next = self.client.poll_timeout();
            assert!(next.is_none_or(|(next, _)| next > at), "the client wants to be woken for ever: {next:?}");
        }
        self.set_time(end);
    }

    fn set_time(&mut self, mono_ms: u64) {
        self.now.wall_ms += mono_ms - self.now.mono_ms;
        self.now.mono_ms = mono_ms;
    }

    /// Both ends lose it at once, with what is on its way.
    fn die(&mut self, conn: ConnId) {
        self.up.retain(|(other, _)| *other != conn);
        self.down.retain(|letter| letter.conn() != conn);
        self.hanging.remove(&conn);
        self.down.push(Letter::Closed(conn));
        for session in self.sessions.values_mut() {
            if session.websocket == Some(conn) || session.upgrading == Some(conn) {
                session.ended = true;
            }
        }
    }

    fn deliver(&mut self, letter: Letter) {
        let conn = letter.conn();
        let before = self.told.len();
        if matches!(letter, Letter::Closed(_)) && self.open.get(&conn).is_some_and(|it| it.0 == Transport::WebSocket) {
            self.open.remove(&conn);
        }
        self.input(match letter {
            Letter::Opened(conn) => Input::Opened(conn),
            Letter::Frame(conn, frame) => Input::Frame(conn, frame),
            Letter::Response(conn, method, status, body) => Input::Response { conn, method, status, body },
            Letter::Closed(conn) => Input::Closed(conn, CloseReason("weather".to_owned())),
        });
        assert!(!self.forgotten.contains(&conn) || self.told.len() == before || self.just_closed(conn), "stale");
    }

    /// A connection whose last words led to its end may have told something with them.
    fn just_closed(&mut self, conn: ConnId) -> bool {
        self.up.iter().any(|(other, up)| *other == conn && matches!(up, Up::Close))
    }

    fn session_of(path: &str) -> Option<u64> {
        path.split("sid=").nth(1)?.parse().ok()
    }

    fn serve(&mut self, conn: ConnId, up: Up) {
        match up {
            Up::Connect => self.accept(conn),
            Up::Frame(frame) => {
                let upgrading =
                    self.sessions.iter().find(|(_, session)| session.upgrading == Some(conn)).map(|(id, _)| *id);
                if let Some(id) = upgrading {
                    let session = self.sessions.get_mut(&id).expect("just found");
                    match frame.as_str() {
                        "2probe" => self.down.push(Letter::Frame(conn, "3probe".to_owned())),
                        "5" => (session.upgrading, session.websocket) = (None, Some(conn)),
                        other => panic!("{other} before the move"),
                    }
                    return;
                }
                let id = self.sessions.iter().find(|(_, session)| session.websocket == Some(conn)).map(|(id, _)| *id);
                if let Some(id) = id {
                    self.packet(id, &frame);
                }
            }
            Up::Request(method, path, body) => self.request(conn, method, &path, &body),
            Up::Close => {
                self.hanging.remove(&conn);
                for session in self.sessions.values_mut() {
                    if session.websocket == Some(conn) || session.upgrading == Some(conn) {
                        session.ended = true;
                    }
                }
            }
        }
    }

    fn accept(&mut self, conn: ConnId) {
        let Some((_, path)) = self.open.get(&conn).cloned() else { return };
        if !self.websockets || !self.online {
            return self.die(conn);
        }
        self.down.push(Letter::Opened(conn));
        match Self::session_of(&path) {
            Some(id) => match self.sessions.get_mut(&id).filter(|session| !session.ended) {
                Some(session) => {
                    session.upgrading = Some(conn);
                    let waiting = session.polling.filter(|polling| self.hanging.remove(polling).is_some());
                    self.down.extend(waiting.map(|conn| Letter::Response(conn, Method::Get, 200, "6".to_owned())));
                }
                None => self.die(conn),
            },
            None => {
                let id = self.begin(Session { websocket: Some(conn), ..Session::default() });
                self.down.push(Letter::Frame(conn, hello(id)));
            }
        }
    }

    fn begin(&mut self, session: Session) -> u64 {
        self.next_session += 1;
        self.sessions.insert(self.next_session, session);
        self.next_session
    }

    fn request(&mut self, conn: ConnId, method: Method, path: &str, body: &str) {
        if !self.online {
            return self.down.push(Letter::Closed(conn));
        }
        let Some(id) = Self::session_of(path) else {
            let id = self.begin(Session { polling: Some(conn), ..Session::default() });
            return self.down.push(Letter::Response(conn, method, 200, hello(id)));
        };
        let Some(session) = self.sessions.get_mut(&id).filter(|session| !session.ended && session.websocket.is_none())
        else {
            return self.down.push(Letter::Response(conn, method, 400, String::new()));
        };
        match method {
            Method::Get if session.upgrading.is_some() => {
                self.down.push(Letter::Response(conn, method, 200, "6".to_owned()));
            }
            Method::Get => {
                assert!(self.hanging.insert(conn, id).is_none(), "two requests to read at once");
            }
            Method::Post => {
                for frame in body.split('\u{1e}') {
                    self.packet(id, frame);
                }
                self.down.push(Letter::Response(conn, method, 200, "ok".to_owned()));
            }
        }
    }

    fn packet(&mut self, id: u64, frame: &str) {
        let head = self.head;
        let doors = self.open_doors;
        let session = self.sessions.get_mut(&id).expect("it is known");
        if frame == "1" {
            session.ended = true;
            return;
        }
        let Some(packet) = frame.strip_prefix('4') else { return };
        match Packet::decode(packet).unwrap() {
            Packet::Connect { .. } if !doors => {
                session.outgoing.push(encode_connect_error("Server draining").into_frame());
            }
            Packet::Connect { data, .. } => {
                let auth: Auth = serde_json::from_str(data.unwrap().get()).unwrap();
                let sid = serde_json::json!({ "sid": "s" });
                session.outgoing.push(encode_connect(Namespace::ROOT, &sid).unwrap().into_frame());
                let since = auth.resume.map(|resume| resume.rooms[&room_id("r")].value());
                let state = match since {
                    Some(since) => initial_state(Vec::new(), vec![delta(since, head)]),
                    None => initial_state(vec![room_state("r", head)], Vec::new()),
                };
                session.outgoing.push(encode_event("initial-state", &state, None).unwrap().into_frame());
                session.joined = true;
            }
            Packet::Event { name, args, id: Some(ack_id), .. } if name == "sync" => {
                let Command::Sync(sync) = Command::decode(roomcast_protocol::CommandKind::Sync, args[0].get()).unwrap()
                else {
                    unreachable!()
                };
                let rooms = sync.rooms.values().map(|since| delta(since.value(), head)).collect();
                let answer = Ok(Reply::Sync(Synced { epoch: epoch("e"), rooms }));
                session.outgoing.push(encode_ack(ack_id, &ack::encode(&answer)).unwrap().into_frame());
            }
            _ => {}
        }
    }

    /// What sessions have to say goes out by whatever carries them.
    fn flush(&mut self) {
        for session in self.sessions.values_mut().filter(|session| !session.ended && session.upgrading.is_none()) {
            if session.outgoing.is_empty() {
                continue;
            }
            if let Some(conn) = session.websocket {
                self.down.extend(session.outgoing.drain(..).map(|frame| Letter::Frame(conn, frame)));
            } else if let Some(conn) = session.polling.filter(|conn| self.hanging.remove(conn).is_some()) {
                let body = std::mem::take(&mut session.outgoing).join("\u{1e}");
                self.down.push(Letter::Response(conn, Method::Get, 200, body));
            }
        }
    }

    /// Everything works from now on, and enough time passes.
    fn heal(&mut self) {
        (self.websockets, self.open_doors) = (true, true);
        if !self.online {
            self.step(Step::Blink);
        }
        for _ in 0..200 {
            while !self.up.is_empty() || !self.down.is_empty() {
                self.step(Step::Up(usize::MAX));
                self.step(Step::Down(usize::MAX));
            }
            self.wait(200);
        }
        self.step(Step::Blink);
        self.step(Step::Blink);
        while !self.up.is_empty() || !self.down.is_empty() {
            self.step(Step::Up(usize::MAX));
            self.step(Step::Down(usize::MAX));
        }
    }
}

impl Letter {
    const fn conn(&self) -> ConnId {
        match self {
            Self::Opened(conn) | Self::Frame(conn, _) | Self::Response(conn, ..) | Self::Closed(conn) => *conn,
        }
    }
}

fn hello(id: u64) -> String {
    // A heartbeat slower than any test waits: silence is tried elsewhere.
    format!(r#"0{{"sid":"{id}","upgrades":["websocket"],"pingInterval":250000,"pingTimeout":50000,"maxPayload":300}}"#)
}

fn delta(since: u64, head: u64) -> RoomDelta {
    let messages = (since + 1..=head).map(|seq| fixtures::message("r", "bob", seq)).collect();
    let kind = if since == head { DeltaKind::UpToDate } else { DeltaKind::Delta };
    RoomDelta { messages, ..RoomDelta::bare(room_id("r"), kind, Rev::new(head)) }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Post),
        10 => (1usize..6).prop_map(Step::Up),
        12 => (1usize..6).prop_map(Step::Down),
        2 => (0usize..3).prop_map(Step::Die),
        2 => any::<bool>().prop_map(Step::WebSockets),
        2 => prop::sample::select(vec![0u64, 100, 1_000]).prop_map(Step::Drain),
        1 => any::<bool>().prop_map(Step::Open),
        1 => Just(Step::Blink),
        1 => Just(Step::Sleep),
        1 => Just(Step::Away),
        5 => prop::sample::select(vec![1u64, 50, 250, 600, 3_000, 6_000]).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_becomes_of_the_transports_all_is_told_once_in_order_and_ends_in_peace(
        steps in prop::collection::vec(step(), 0..150)
    ) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.heal();
        let view = world.client.view();
        prop_assert_eq!(view.connection.phase, Phase::Connected);
        prop_assert_eq!(view.connection.transport, Some(Transport::WebSocket));
        prop_assert_eq!(world.open.len(), 1, "one connection, and nothing beside it: {:?}", world.open);
        let room = world.client.room(&room_id("r")).expect("the user is in the room");
        prop_assert_eq!(room.timeline.last().map(|message| message.seq.value()), Some(world.head));
        prop_assert!(!room.catching_up);
        if let Some(first) = world.told.first() {
            prop_assert_eq!(&world.told, &(*first..=world.head).collect::<Vec<_>>());
        }
    }
}

#[test]
fn the_weather_reaches_what_it_is_meant_to() {
    let mut world = World::new();
    let both = |world: &mut World| {
        for _ in 0..30 {
            world.step(Step::Up(9));
            world.step(Step::Down(9));
        }
    };
    world.step(Step::WebSockets(false));
    both(&mut world);
    world.step(Step::Wait(500));
    both(&mut world);
    let transport = |world: &mut World| world.client.view().connection.transport;
    assert_eq!(transport(&mut world), Some(Transport::Polling));
    world.step(Step::Post);
    world.step(Step::WebSockets(true));
    for _ in 0..20 {
        world.step(Step::Wait(500));
        both(&mut world);
    }
    assert_eq!(transport(&mut world), Some(Transport::WebSocket));
    world.step(Step::Drain(100));
    both(&mut world);
    assert_eq!(world.client.view().connection.phase, Phase::Draining);
    world.step(Step::Wait(100));
    assert_eq!(world.open.len(), 2);
    both(&mut world);
    assert_eq!((world.client.view().connection.phase, world.open.len()), (Phase::Connected, 1));
    assert_eq!(world.told, [2]);
}
