//! For tests: a client core without a network, fed with what a server would say, seen as the program sees it.

use std::sync::Arc;

use jiff::tz::TimeZone;
use ratatui::crossterm::event::{Event as TermEvent, KeyCode, KeyEvent, KeyModifiers};
use roomcast_client_core::{
    Client, CloseReason, CommandId, Config, ConnId, Effect, Input, Now, Saved, Token, UserCommand,
};
use roomcast_protocol::{
    Command, Epoch, Event, Limits, MessageId, Rev, RoomId, Seq, Timestamp, UserId,
    command::SendMessage,
    event::{InitialState, MessageChanged, MessagesRead, NewMessage, UserTyping},
    model::{Message, MessageType, Policy, Role, Room, RoomState, RoomUser, Status, User, Visibility},
    wire::encode_event,
};

use crate::app::{Action, App, AppEvent, Setting, Snapshot};

/// Noon of a Tuesday.
pub(crate) const NOON_MS: u64 = 1_785_240_000_000;
const MINUTE_MS: u64 = 60_000;

pub(crate) struct World {
    core: Client,
    now: Now,
    conn: Option<ConnId>,
    commands: u64,
    pub(crate) app: App,
}

impl World {
    /// Alice before there is a server.
    pub(crate) fn offline() -> Self {
        let now = Now { mono_ms: 0, wall_ms: NOON_MS };
        let mut core = Client::new(Config::default(), 1, now, Saved::default());
        let setting = Setting {
            user: "Alice".to_owned(),
            server: "127.0.0.1:3000".to_owned(),
            room: room_id("general"),
            keeps_outbox: false,
            zone: TimeZone::UTC,
        };
        let app = App::new(setting, seen(&mut core, &room_id("general")));
        let mut world = Self { core, now, conn: None, commands: 0, app };
        world.input(Input::Connect);
        world
    }

    /// Alice in a general room with Bob and Carol, and in another.
    pub(crate) fn live() -> Self {
        let mut world = Self::offline();
        world.connect(vec![room("general"), room("random")]);
        world.update(AppEvent::Joined(room_id("general")));
        world
    }

    pub(crate) fn connect(&mut self, rooms: Vec<RoomState>) {
        let conn = self.conn.expect("the core asked for a socket");
        self.input(Input::Opened(conn));
        self.frame(r#"0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#);
        self.frame(r#"40{"sid":"s"}"#);
        self.event(&Event::InitialState(Box::new(InitialState {
            epoch: Epoch::parse("e").unwrap(),
            user: User { id: user_id("alice"), name: "Alice".to_owned(), avatar_url: None },
            rooms,
            deltas: Vec::new(),
            blocked: Vec::new(),
            presence: Vec::new(),
            limits: Limits::default(),
            server_time: Timestamp::new(NOON_MS),
            next: None,
        })));
    }

    pub(crate) fn lose(&mut self) {
        let conn = self.conn.take().expect("there is a socket");
        self.input(Input::Closed(conn, CloseReason("it broke".to_owned())));
    }

    /// So many minutes pass.
    pub(crate) fn wait(&mut self, minutes: u64) {
        self.now.wall_ms += minutes * MINUTE_MS;
    }

    /// Somebody's message, the n-th of the general room.
    pub(crate) fn hear(&mut self, user: &str, seq: u64, content: &str) {
        self.post(self.message(user, seq, content));
    }

    pub(crate) fn post(&mut self, message: Message) {
        let user = User { id: message.user_id.clone(), name: name(&message.user_id), avatar_url: None };
        let rev = message.rev;
        self.event(&Event::NewMessage(Box::new(NewMessage { message, user, rev })));
    }

    pub(crate) fn message(&self, user: &str, seq: u64, content: &str) -> Message {
        Message {
            id: MessageId::parse(&format!("m{seq}")).unwrap(),
            room_id: room_id("general"),
            user_id: user_id(user),
            client_id: None,
            kind: MessageType::Text,
            content: content.to_owned(),
            seq: Seq::new(seq),
            rev: Rev::new(seq),
            version: 1,
            created_at: Timestamp::new(self.now.wall_ms),
            edited_at: None,
            deleted_at: None,
            reply_to: None,
            thread_id: None,
            thread: None,
            mentions: Vec::new(),
            attachments: Vec::new(),
            reactions: Vec::new(),
            pinned_at: None,
            metadata: None,
        }
    }

    pub(crate) fn change(&mut self, message: Message) {
        let rev = message.rev;
        self.event(&Event::MessageEdited(Box::new(MessageChanged { message, rev })));
    }

    pub(crate) fn typing(&mut self, user: &str) {
        let typing = UserTyping { room_id: room_id("general"), user_id: user_id(user), username: name(&user_id(user)) };
        self.event(&Event::UserTyping(Box::new(typing)));
    }

    pub(crate) fn read(&mut self, user: &str, seq: u64) {
        self.event(&Event::MessagesRead(Box::new(MessagesRead {
            user_id: user_id(user),
            message_ids: Vec::new(),
            room_id: room_id("general"),
            read_seq: Seq::new(seq),
        })));
    }

    /// Alice's message goes into the outbox.
    pub(crate) fn send(&mut self, content: &str) {
        let send = SendMessage::text(room_id("general"), content);
        self.command(Command::SendMessage(send));
    }

    /// The server has Alice's oldest pending message.
    pub(crate) fn settle(&mut self, seq: u64) {
        let pending = self.app.room().expect("Alice is in the room").pending[0].clone();
        let mut message = self.message("alice", seq, &pending.send.content);
        message.client_id = Some(pending.client_id);
        self.post(message);
    }

    /// The server refuses the n-th command of this connection.
    pub(crate) fn refuse(&mut self, n: u64, code: &str, message: &str) {
        let error = format!(r#"{{"code":"{code}","message":"{message}","retryable":false,"requestId":"r"}}"#);
        self.frame(&format!(r#"43{n}[{{"success":false,"error":{error}}}]"#));
    }

    pub(crate) fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) -> Vec<Action> {
        self.update(AppEvent::Terminal(TermEvent::Key(KeyEvent::new(code, modifiers))))
    }

    /// Keys, one by one; what is wanted after the last.
    pub(crate) fn write(&mut self, text: &str) -> Vec<Action> {
        let keys = text.chars().map(|c| if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) });
        keys.fold(Vec::new(), |_, code| self.key(code, KeyModifiers::NONE))
    }

    pub(crate) fn update(&mut self, event: AppEvent) -> Vec<Action> {
        let actions = self.app.update(self.now.wall_ms, event);
        for action in &actions {
            self.perform(action);
        }
        actions
    }

    /// What the program's task would do, as far as the core can do it alone.
    fn perform(&mut self, action: &Action) {
        if let Action::Read(room_id, up_to_seq) = action.clone() {
            use roomcast_protocol::command::{MarkRead, ReadUpTo};
            self.command(Command::MarkRead(MarkRead::UpTo(ReadUpTo { room_id, up_to_seq })));
        }
    }

    fn command(&mut self, command: Command) {
        self.commands += 1;
        let (id, command) = (CommandId(self.commands), UserCommand::Request(Box::new(command)));
        self.input(Input::Command { id, command });
    }

    fn event(&mut self, event: &Event) {
        self.frame(encode_event(event.kind().name(), event, None).unwrap().as_frame());
    }

    fn frame(&mut self, frame: &str) {
        let conn = self.conn.expect("there is a socket");
        self.input(Input::Frame(conn, frame.to_owned()));
    }

    fn input(&mut self, input: Input) {
        self.core.handle(self.now, input);
        while let Some(effect) = self.core.poll_effect() {
            match effect {
                Effect::FetchToken { req, .. } => {
                    self.core.handle(self.now, Input::Token { req, result: Ok(Token("t".to_owned())) });
                }
                Effect::Connect { conn, .. } => self.conn = Some(conn),
                _ => {}
            }
        }
        let snapshot = seen(&mut self.core, &self.app.open.clone());
        self.update(AppEvent::Seen(snapshot));
    }
}

fn seen(core: &mut Client, open: &RoomId) -> Snapshot {
    let (client, room) = (core.view(), core.room(open));
    let waiting = if room.is_some() { Vec::new() } else { core.pending(open) };
    let unsent = core.pending(open).len();
    Snapshot { client, room, waiting: Arc::from(waiting), unsent, retry_in: None }
}

pub(crate) fn room(id: &str) -> RoomState {
    let people = [("alice", Status::Online), ("bob", Status::Online), ("carol", Status::Away)];
    let users = people.map(|(id, status)| RoomUser {
        user_id: user_id(id),
        username: name(&user_id(id)),
        role: Role::Member,
        status,
        last_seen_at: None,
    });
    RoomState {
        room: Room {
            id: room_id(id),
            name: id.to_owned(),
            topic: None,
            visibility: Visibility::Public,
            policy: Policy::default(),
            rev: Rev::new(0),
            seq: Seq::new(0),
            member_count: 3,
            created_at: Timestamp::new(NOON_MS),
        },
        role: Role::Member,
        read_seq: Seq::new(0),
        unread: 0,
        mentions: 0,
        last_message: None,
        authors: Vec::new(),
        users: users.into(),
        typing: Vec::new(),
        receipts: Vec::new(),
    }
}

pub(crate) fn room_id(text: &str) -> RoomId {
    RoomId::parse(text).unwrap()
}

pub(crate) fn user_id(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

fn name(id: &UserId) -> String {
    let mut name = id.as_str().to_owned();
    name[..1].make_ascii_uppercase();
    name
}
