//! A client and the server's side of its wire.

use std::collections::BTreeMap;

use roomcast_protocol::{
    ClientId, Command, CommandKind, Epoch, ErrorBody, ErrorCode, Event, Limits, Reply, Rev, RoomId, Seq, Timestamp,
    UserId,
    ack::{self, Ack},
    command::SendMessage,
    event::{InitialState, MessageChanged, NewMessage},
    handshake::Auth,
    model::{Message, Policy, Role, Room, RoomDelta, RoomState, User, Visibility},
    reply::{MessageStored, Synced},
    wire::{Namespace, Packet, encode_ack, encode_connect, encode_connect_error, encode_event},
};

use crate::{
    Client, CloseReason, CommandId, Config, ConnId, Effect, Input, Key, Method, Notice, Now, Outcome, Saved, Storage,
    StorageOp, Token, TokenReason, TokenReq, Transport, Transports, UserCommand, fixtures,
    patch::tests::Screen,
    trace::{Redaction, Tracing},
    view::{Phase, RoomView, SendStatus},
};

pub(super) const ME: &str = "alice";

/// What the client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    Connect(Box<Auth>),
    Disconnect,
    Command { command: Box<Command>, id: Option<u64> },
    Engine(String),
}

/// An HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) conn: ConnId,
    pub(super) method: Method,
    pub(super) path_and_query: String,
    pub(super) body: String,
}

/// How a session over HTTP begins.
pub(super) const POLLING_OPEN: &str =
    r#"0{"sid":"p1","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":100000}"#;

/// A client under test.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) now: Now,
    /// The newest transport connection that was asked for and is not closed.
    pub(super) conn: Option<ConnId>,
    /// All of them.
    pub(super) open: BTreeMap<ConnId, Transport>,
    /// The requests that were not answered, in order.
    pub(super) requests: Vec<Asked>,
    pub(super) sent: Vec<Sent>,
    pub(super) frames: Vec<String>,
    pub(super) resolved: BTreeMap<CommandId, Outcome>,
    pub(super) notices: Vec<Notice>,
    pub(super) fetches: Vec<(TokenReq, TokenReason)>,
    pub(super) persists: Vec<StorageOp>,
    pub(super) closed: Vec<ConnId>,
    pub(super) changed: Vec<Key>,
    pub(super) trace: Vec<String>,
    screen: Screen,
    /// Of every transport connection, in order.
    pub(super) paths: Vec<String>,
    next_command: u64,
}

impl Session {
    pub(super) fn new() -> Self {
        Self::with(Config::default(), Saved::default())
    }

    pub(super) fn with_storage(saved: Saved) -> Self {
        Self::with(Config { storage: Storage::Durable, ..Config::default() }, saved)
    }

    /// Every session is recorded, so that any can be replayed.
    pub(super) fn with(config: Config, saved: Saved) -> Self {
        let tracing = config.tracing.or(Some(Tracing::new(Redaction::SecretsAndText)));
        let config = Config { tracing, ..config };
        let now = Now { mono_ms: 1_000, wall_ms: 1_700_000_000_000 };
        Self {
            client: Client::new(config, 42, now, saved),
            now,
            conn: None,
            open: BTreeMap::new(),
            requests: Vec::new(),
            sent: Vec::new(),
            frames: Vec::new(),
            resolved: BTreeMap::new(),
            notices: Vec::new(),
            fetches: Vec::new(),
            persists: Vec::new(),
            closed: Vec::new(),
            changed: Vec::new(),
            trace: Vec::new(),
            screen: Screen::default(),
            paths: Vec::new(),
            next_command: 0,
        }
    }

    /// Answers the oldest request of this kind.
    pub(super) fn answer_request(&mut self, method: Method, status: u16, body: &str) {
        let place = self.requests.iter().position(|asked| asked.method == method).expect("a request was made");
        let conn = self.requests.remove(place).conn;
        self.input(Input::Response { conn, method, status, body: body.to_owned() });
    }

    /// Opens a session over HTTP and brings it to CONNECT.
    pub(super) fn open_polling(&mut self) {
        self.answer_request(Method::Get, 200, POLLING_OPEN);
    }

    /// A client in use over HTTP.
    pub(super) fn live_polling(config: Config) -> Self {
        let mut session = Self::with(Config { transports: Transports::Polling, ..config.clone() }, Saved::default());
        if config.transports == Transports::All {
            session = Self::with(config, Saved::default());
            session.input(Input::Connect);
            session.answer_fetch("token");
            session.lose();
            session.advance(500);
        } else {
            session.input(Input::Connect);
            session.answer_fetch("token");
        }
        session.open_polling();
        session.answer_request(Method::Post, 200, "ok");
        session.enter_with(vec![room_state("r", 1)], Vec::new());
        session
    }

    /// A client in use, in one room that has so many messages, of which the newest is known.
    pub(super) fn live(messages: u64) -> Self {
        let mut session = Self::new();
        session.connect();
        session.enter_with(vec![room_state("r", messages)], Vec::new());
        session
    }

    pub(super) fn input(&mut self, input: Input) {
        self.client.handle(self.now, input);
        self.changed.clear();
        while let Some(effect) = self.client.poll_effect() {
            self.take(effect);
        }
        self.trace.extend(std::iter::from_fn(|| self.client.poll_trace()));
        self.screen.check(&mut self.client, &self.changed);
    }

    fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Connect { conn, transport, path_and_query } => {
                assert!(self.open.insert(conn, transport).is_none(), "{conn:?} was asked for twice");
                self.conn = Some(conn);
                self.paths.push(path_and_query);
            }
            Effect::Close { conn } => {
                self.closed.push(conn);
                self.open.remove(&conn);
                self.requests.retain(|asked| asked.conn != conn || asked.method == Method::Post);
                if self.conn == Some(conn) {
                    self.conn = self.open.keys().next_back().copied();
                }
            }
            Effect::Request { conn, method, path_and_query, body } => {
                assert_eq!(self.open.get(&conn), Some(&Transport::Polling), "a request of no such connection");
                let beside = self.requests.iter().filter(|asked| asked.conn == conn && asked.method == method).count();
                let last = method == Method::Post && body.split('\u{1e}').next_back() == Some("1");
                assert!(beside == 0 || last, "two requests at once: {path_and_query} {body}");
                if method == Method::Post {
                    let frames = body.split('\u{1e}').map(str::to_owned);
                    self.sent.extend(frames.clone().map(|frame| read(&frame)));
                    self.frames.extend(frames);
                }
                self.requests.push(Asked { conn, method, path_and_query, body });
            }
            Effect::Send { conn, frame } => {
                let transport = self.open.get(&conn);
                assert_eq!(transport, Some(&Transport::WebSocket), "a frame for a socket that is not open: {frame}");
                self.sent.push(read(&frame));
                self.frames.push(frame);
            }
            Effect::FetchToken { req, reason } => self.fetches.push((req, reason)),
            Effect::Persist(op) => self.persists.push(op),
            Effect::Resolve { id, result } => {
                assert!(self.resolved.insert(id, result).is_none(), "{id:?} was resolved twice");
            }
            Effect::Changed(key) => self.changed.push(key),
            Effect::Notice(notice) => self.notices.push(notice),
        }
    }

    /// Lets time pass, waking the client whenever it wants.
    pub(super) fn advance(&mut self, ms: u64) {
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

    pub(super) fn answer_fetch(&mut self, token: &str) {
        let (req, _) = *self.fetches.last().expect("a token was asked for");
        self.input(Input::Token { req, result: Ok(Token(token.to_owned())) });
    }

    /// From the wish to the CONNECT.
    pub(super) fn connect(&mut self) {
        self.input(Input::Connect);
        self.answer_fetch("token");
        self.open();
    }

    /// The socket opens and Engine.IO says so; the client sends CONNECT.
    pub(super) fn open(&mut self) {
        let conn = self.conn.expect("a socket was asked for");
        self.input(Input::Opened(conn));
        self.frame(r#"0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#);
    }

    pub(super) fn enter_with(&mut self, rooms: Vec<RoomState>, deltas: Vec<RoomDelta>) {
        self.accept();
        self.event(initial_state(rooms, deltas));
    }

    pub(super) fn accept(&mut self) {
        let sid = BTreeMap::from([("sid", "s")]);
        self.frame(encode_connect(Namespace::ROOT, &sid).unwrap().as_frame());
    }

    pub(super) fn refuse(&mut self, message: &str) {
        self.frame(encode_connect_error(message).as_frame());
    }

    /// The socket dies, and the client comes back to CONNECT.
    pub(super) fn reconnect(&mut self) {
        self.lose();
        self.come_back();
        self.open();
    }

    /// Waits for the next attempt.
    pub(super) fn come_back(&mut self) {
        let retry_at = self.client.view().connection.retry_at.expect("another attempt will be made");
        self.advance(retry_at - self.now.mono_ms);
    }

    pub(super) fn lose(&mut self) {
        let conn = self.conn.expect("a socket is open");
        self.lose_conn(conn);
    }

    pub(super) fn lose_conn(&mut self, conn: ConnId) {
        if self.open.get(&conn) == Some(&Transport::WebSocket) {
            self.open.remove(&conn);
            self.conn = self.open.keys().next_back().copied();
        }
        self.input(Input::Closed(conn, CloseReason("test".to_owned())));
    }

    pub(super) fn frame(&mut self, frame: &str) {
        let conn = self.conn.expect("a socket is open");
        self.frame_on(conn, frame);
    }

    /// A frame by whatever carries it.
    pub(super) fn frame_on(&mut self, conn: ConnId, frame: &str) {
        if self.open.get(&conn) == Some(&Transport::Polling) {
            let asked = |asked: &Asked| asked.conn == conn && asked.method == Method::Get;
            let place = self.requests.iter().position(asked).expect("the client waits for what the server says");
            self.requests.remove(place);
            return self.input(Input::Response { conn, method: Method::Get, status: 200, body: frame.to_owned() });
        }
        self.input(Input::Frame(conn, frame.to_owned()));
    }

    pub(super) fn event(&mut self, event: Event) {
        self.frame(encode_event(event.kind().name(), &event, None).unwrap().as_frame());
    }

    pub(super) fn answer(&mut self, id: u64, answer: &Ack) {
        self.frame(encode_ack(id, &ack::encode(answer)).unwrap().as_frame());
    }

    pub(super) fn command(&mut self, command: UserCommand) -> CommandId {
        let id = CommandId(self.next_command);
        self.next_command += 1;
        self.input(Input::Command { id, command });
        id
    }

    pub(super) fn request(&mut self, command: Command) -> CommandId {
        self.command(UserCommand::Request(Box::new(command)))
    }

    pub(super) fn post(&mut self, room: &str, content: &str) -> CommandId {
        self.request(Command::SendMessage(send(room, content)))
    }

    /// The commands of this kind that were sent since it was asked last, with their ack ids.
    pub(super) fn take_sent(&mut self, kind: CommandKind) -> Vec<(Command, Option<u64>)> {
        let mut taken = Vec::new();
        self.sent.retain(|sent| match sent {
            Sent::Command { command, id } if command.kind() == kind => {
                taken.push((command.as_ref().clone(), *id));
                false
            }
            _ => true,
        });
        taken
    }

    /// The sends that went out since it was asked last.
    pub(super) fn take_posts(&mut self) -> Vec<(SendMessage, u64)> {
        let sent = self.take_sent(CommandKind::SendMessage);
        let post = |(command, id): (Command, Option<u64>)| match command {
            Command::SendMessage(send) => (send, id.expect("a send asks for an ack")),
            _ => unreachable!(),
        };
        sent.into_iter().map(post).collect()
    }

    pub(super) fn ack_post(&mut self, send: &SendMessage, id: u64, seq: u64) {
        let message = stored(send, seq);
        let rev = message.rev;
        self.answer(id, &Ok(Reply::SendMessage(MessageStored { message, rev })));
    }

    pub(super) fn reject(&mut self, id: u64, code: ErrorCode, retry_after_ms: Option<u64>) {
        let error = ErrorBody { retry_after_ms, ..ErrorBody::new(code, "unable to; test") };
        self.answer(id, &Err(error));
    }

    pub(super) fn answer_sync(&mut self, delta: RoomDelta) {
        let (_, id) = self.take_sent(CommandKind::Sync).pop().expect("the client asked");
        let synced = Synced { epoch: epoch("e"), rooms: vec![delta] };
        self.answer(id.unwrap(), &Ok(Reply::Sync(synced)));
    }

    pub(super) fn auth(&self) -> &Auth {
        let last = self.sent.iter().rev().find_map(|sent| match sent {
            Sent::Connect(auth) => Some(auth),
            _ => None,
        });
        last.expect("CONNECT was sent")
    }

    pub(super) fn phase(&mut self) -> Phase {
        self.client.view().connection.phase
    }

    pub(super) fn room(&mut self) -> std::sync::Arc<RoomView> {
        self.client.room(&room_id("r")).expect("the user is in the room")
    }

    pub(super) fn seqs(&mut self) -> Vec<u64> {
        self.room().timeline.iter().map(|message| message.seq.value()).collect()
    }

    /// The `seq` of each message that was told as new, in order.
    pub(super) fn told(&self) -> Vec<u64> {
        let new = |notice: &Notice| match notice {
            Notice::NewMessage(message) => Some(message.seq.value()),
            _ => None,
        };
        self.notices.iter().filter_map(new).collect()
    }

    pub(super) fn statuses(&mut self) -> Vec<SendStatus> {
        self.room().pending.iter().map(|pending| pending.status.clone()).collect()
    }

    pub(super) fn error(&self, id: CommandId) -> ErrorCode {
        self.resolved[&id].as_ref().expect_err("it failed").code
    }
}

fn read(frame: &str) -> Sent {
    let Some(packet) = frame.strip_prefix('4') else { return Sent::Engine(frame.to_owned()) };
    match Packet::decode(packet).expect("the client writes packets") {
        Packet::Connect { data, .. } => Sent::Connect(Box::new(serde_json::from_str(data.unwrap().get()).unwrap())),
        Packet::Disconnect { .. } => Sent::Disconnect,
        Packet::Event { name, args, id, .. } => {
            let kind = CommandKind::parse(&name).expect("the client knows its commands");
            let command = Command::decode(kind, args[0].get()).expect("the server reads them");
            Sent::Command { command: Box::new(command), id }
        }
        other => panic!("a client does not send {other:?}"),
    }
}

pub(super) fn initial_state(rooms: Vec<RoomState>, deltas: Vec<RoomDelta>) -> Event {
    Event::InitialState(Box::new(InitialState {
        epoch: epoch("e"),
        user: user(ME),
        rooms,
        deltas,
        presence: Vec::new(),
        blocked: Vec::new(),
        limits: Limits { sends_per_second: 1_000, ..Limits::default() },
        server_time: Timestamp::new(1),
        next: None,
    }))
}

pub(super) fn room_state(id: &str, messages: u64) -> RoomState {
    let room = Room {
        id: room_id(id),
        name: id.to_uppercase(),
        topic: None,
        visibility: Visibility::Public,
        policy: Policy::default(),
        rev: Rev::new(messages),
        seq: Seq::new(messages),
        member_count: 2,
        created_at: Timestamp::new(1),
    };
    RoomState {
        room,
        role: Role::Member,
        read_seq: Seq::new(messages),
        unread: 0,
        mentions: 0,
        last_message: (messages > 0).then(|| fixtures::message(id, "bob", messages)),
        authors: Vec::new(),
        users: Vec::new(),
        typing: Vec::new(),
        receipts: Vec::new(),
    }
}

pub(super) fn send(room: &str, content: &str) -> SendMessage {
    SendMessage::text(room_id(room), content)
}

/// A send as the server has stored it.
pub(super) fn stored(send: &SendMessage, seq: u64) -> Message {
    Message {
        content: send.content.clone(),
        client_id: send.client_id.clone(),
        ..fixtures::message(send.room_id.as_str(), ME, seq)
    }
}

pub(super) fn posted(message: Message) -> Event {
    let (user, rev) = (user(message.user_id.as_str()), message.rev);
    Event::NewMessage(Box::new(NewMessage { message, user, rev }))
}

/// Somebody else's message as an event.
pub(super) fn new_message(seq: u64) -> Event {
    posted(fixtures::message("r", "bob", seq))
}

pub(super) fn changed(message: Message) -> MessageChanged {
    let rev = message.rev;
    MessageChanged { message, rev }
}

pub(super) fn room_id(text: &str) -> RoomId {
    RoomId::parse(text).unwrap()
}

pub(super) fn user_id(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

pub(super) fn client_id(text: &str) -> ClientId {
    ClientId::parse(text).unwrap()
}

pub(super) fn epoch(text: &str) -> Epoch {
    Epoch::parse(text).unwrap()
}

pub(super) fn user(name: &str) -> User {
    User { id: user_id(name), name: name.to_owned(), avatar_url: None }
}
