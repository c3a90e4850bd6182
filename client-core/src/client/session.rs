//! From wish to initial state, and what ends it.

use roomcast_protocol::{
    ErrorBody, ErrorCode, Event, EventKind, Rev, RoomId, UserId, ack,
    collections::BTreeMap,
    event::ServerDraining,
    handshake::{Auth, Refusal, Resume},
    wire::{EnginePacket, Heartbeat, Namespace, Packet, encode_connect, encode_disconnect},
};
use serde_json::value::RawValue;

use super::{Client, Purpose};
use crate::{
    auth::AfterRefusal,
    connection::{Link, Role, Stage},
    effect::{Effect, TokenReason, Transport},
    input::{ConnId, Token, TokenError, TokenReq},
    notice::Notice,
    planted::{self, Bug},
    requests::Request,
    time::Millis,
};

/// Most bytes of rooms that go into `resume`: the packet must stay far below the server's limit. Rooms that do
/// not fit come as full states.
const RESUME_BYTES: usize = 64 * 1024;
/// The longest that a draining server's word is taken for.
const DRAIN_MS: Millis = 600_000;
/// A connection is not given up for the next one sooner than this.
const LEAST_OVERLAP_MS: Millis = 1_000;

impl Client {
    pub(super) fn connect(&mut self) {
        self.auth.start_over();
        if self.connection.want() {
            self.attempt(Role::Primary);
        }
    }

    pub(super) fn disconnect(&mut self) {
        let live = self.connection.live();
        for link in self.connection.unwant() {
            let goodbye = (live == Some(link.conn)).then(|| encode_disconnect().into_frame());
            self.close_link(link, goodbye);
        }
        self.auth.cancel();
        self.forget_wire();
    }

    /// Begins an attempt: with a token at hand by a link, else by a token.
    pub(super) fn attempt(&mut self, role: Role) {
        if !self.auth.is_fit(self.now()) {
            self.connection.authorize(role);
            let now = self.now();
            return self.auth.fetch(self.auth.reason(), now, &mut self.effects);
        }
        let (conn, transport) = self.connection.open(role, &self.config.path, self.clock.now().mono_ms);
        let name = match transport {
            Transport::WebSocket => "websocket",
            Transport::Polling => "polling",
        };
        let path_and_query = format!("{}?EIO=4&transport={name}", self.config.path);
        self.effects.push(Effect::Connect { conn, transport, path_and_query });
    }

    pub(super) fn token(&mut self, req: TokenReq, result: Result<Token, TokenError>) {
        let now = self.now();
        let result = if self.auth.awaits(req) { result.and_then(|token| self.admit(token)) } else { result };
        let why = result.as_ref().err().map(|error| error.0.clone());
        let Some(reason) = self.auth.answered(req, result.ok(), now, &mut self.random) else {
            if let Some(why) = why.filter(|_| self.connection.is_authorizing()) {
                self.connection.note(&why);
            }
            return;
        };
        if self.connection.is_authorizing() {
            return self.attempt(Role::Primary);
        }
        if self.connection.is_successor_authorizing() {
            self.attempt(Role::Successor);
        }
        if reason == TokenReason::Expiring && self.connection.live().is_some() {
            self.push_refresh();
        }
    }

    /// Another user's token is as good as none (G-16): what one user has done never goes out in another's name.
    fn admit(&mut self, token: Token) -> Result<Token, TokenError> {
        match (token.user(), &self.me) {
            (Some(user_id), Some(me)) if user_id != me.id => {
                self.effects.notice(Notice::ForeignToken(user_id));
                Err(TokenError("the token is another user's".to_owned()))
            }
            _ => Ok(token),
        }
    }

    /// Whose the work of this client is, as far as that is known.
    pub(super) fn author(&self) -> Option<UserId> {
        let me = self.me.as_ref().map(|me| me.id.clone());
        me.or_else(|| self.auth.token().and_then(Token::user))
    }

    pub(super) fn closed(&mut self, conn: ConnId, why: &str) {
        if let Some(role) = self.connection.tested_by(conn) {
            return self.upgrade_failed(role);
        }
        let Some(role) = self.connection.role(conn) else { return };
        let lost = match role {
            Role::Primary => self.lost(why),
            Role::Successor => self.successor_lost(why),
        };
        // A WebSocket is closed already; of long polling another request may be under way.
        if let Some(link) = lost.filter(|link| link.transport() == Transport::Polling) {
            self.close_link(link, None);
        }
    }

    /// Ends the connection from this side; the next attempt is planned.
    pub(super) fn drop_connection(&mut self, why: &str) {
        self.drop_link(Role::Primary, why);
    }

    pub(super) fn drop_link(&mut self, role: Role, why: &str) {
        let lost = match role {
            Role::Primary => self.lost(why),
            Role::Successor => self.successor_lost(why),
        };
        if let Some(link) = lost {
            self.close_link(link, None);
        }
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) {
        for link in self.connection.refuse(refusal) {
            self.close_link(link, None);
        }
        self.auth.drop_token();
        self.auth.cancel();
        self.forget_wire();
    }

    pub(super) fn frame(&mut self, conn: ConnId, frame: &str) {
        if let Some(role) = self.connection.tested_by(conn) {
            return self.upgrade_frame(role, frame);
        }
        let stale = planted::has(Bug::StaleFrame).then_some(Role::Primary);
        let Some(role) = self.connection.role(conn).or(stale) else { return };
        let now = self.now();
        self.connection.heard(role, now);
        // What cannot be read is ignored: a durable change in it leaves a gap, and gaps are asked for.
        if let Ok(packet) = EnginePacket::decode_text(frame) {
            self.engine_packet(conn, role, packet);
        }
    }

    pub(super) fn engine_packet(&mut self, conn: ConnId, role: Role, packet: EnginePacket<'_>) {
        match packet {
            EnginePacket::Open(handshake) if self.connection.stage(role) == Some(Stage::Opening) => {
                let now = self.now();
                self.connection.opened(role, &handshake, now);
                self.join(conn, role);
            }
            EnginePacket::Ping(Heartbeat::Beat) => self.transmit(conn, "3".to_owned()),
            EnginePacket::Close => self.drop_link(role, "the server closed the session"),
            EnginePacket::Message(packet) => {
                if let Ok(packet) = Packet::decode(packet) {
                    self.packet(role, packet);
                }
            }
            EnginePacket::Open(_)
            | EnginePacket::Ping(Heartbeat::Probe)
            | EnginePacket::Pong(_)
            | EnginePacket::Upgrade
            | EnginePacket::Noop
            | EnginePacket::Binary(_) => {}
        }
    }

    fn join(&mut self, conn: ConnId, role: Role) {
        let Some(Token(token)) = self.auth.token().cloned() else { return };
        let auth = Auth { token, resume: self.resume(), client: self.config.client.clone() };
        if let Ok(frame) = encode_connect(Namespace::ROOT, &auth) {
            self.transmit(conn, frame.into_frame());
            self.connection.advance(role, Stage::Joining);
        }
    }

    fn resume(&self) -> Option<Resume> {
        let (epoch, rooms) = (self.epoch.clone()?, self.known_revs());
        (!rooms.is_empty()).then_some(Resume { epoch, rooms })
    }

    /// Whether a handshake would name rooms to resume.
    pub(super) fn can_resume(&self) -> bool {
        self.epoch.is_some() && self.rooms.revs().next().is_some()
    }

    /// What the rooms have come to, as far as one packet holds it.
    pub(super) fn known_revs(&self) -> BTreeMap<RoomId, Rev> {
        let mut bytes = 0;
        let mut fits = |room_id: &str| {
            bytes += room_id.len() + 24;
            bytes <= RESUME_BYTES
        };
        let most = usize::try_from(self.limits.ids).unwrap_or(usize::MAX);
        let named = self.rooms.revs().take(most).take_while(|(id, _)| fits(id.as_str()));
        let ahead = planted::has(Bug::ResumeAhead);
        named.map(|(id, rev)| (id.clone(), if ahead { rev.next() } else { rev })).collect()
    }

    fn packet(&mut self, role: Role, packet: Packet<'_>) {
        if !packet.nsp().is_root() {
            return;
        }
        match packet {
            Packet::Connect { .. } => {
                if self.connection.stage(role) == Some(Stage::Joining) {
                    self.auth.accepted();
                    self.connection.advance(role, Stage::Entering);
                }
            }
            Packet::ConnectError { message, .. } => self.connect_error(role, &message),
            Packet::Disconnect { .. } => self.drop_link(role, "the server ended the connection"),
            Packet::Event { name, args, .. } if self.connection.stage(role) >= Some(Stage::Entering) => {
                self.named_event(role, &name, args.first().copied());
            }
            Packet::Ack { id, args, .. } if role == Role::Primary => self.acknowledged(id, args.first().copied()),
            Packet::Event { .. } | Packet::Ack { .. } | Packet::BinaryEvent { .. } | Packet::BinaryAck { .. } => {}
        }
    }

    fn connect_error(&mut self, role: Role, message: &str) {
        if self.connection.stage(role) == Some(Stage::Live) {
            return;
        }
        match Refusal::parse(message) {
            Some(Refusal::AuthenticationFailed) => match (self.auth.refused(), role) {
                (AfterRefusal::GiveUp, Role::Primary) => self.refuse(Refusal::AuthenticationFailed),
                // The connection in use goes on; whether it is the end is for the next attempt to say.
                (AfterRefusal::GiveUp, Role::Successor) => self.drop_link(role, message),
                (AfterRefusal::TryFresh, _) => {
                    if let Some(link) = self.connection.give_up(role) {
                        self.close_link(link, None);
                    }
                    self.attempt(role);
                }
            },
            Some(Refusal::AccessRevoked) => self.refuse(Refusal::AccessRevoked),
            Some(Refusal::TooManyConnections | Refusal::ServerDraining) | None => self.drop_link(role, message),
        }
    }

    fn named_event(&mut self, role: Role, name: &str, payload: Option<&RawValue>) {
        let Some(kind) = EventKind::parse(name) else { return };
        // Of a connection that is not in use yet nothing is applied; what is lost by that leaves a gap.
        if role == Role::Successor && kind != EventKind::InitialState {
            return;
        }
        let json = payload.map_or("{}", RawValue::get);
        if let Ok(event) = Event::decode(kind, json) {
            if role == Role::Successor {
                self.take_over();
            }
            self.event(event);
        }
    }

    /// The server goes down, and has given us a moment of our own to make another connection.
    pub(super) fn drain(&mut self, draining: &ServerDraining) {
        let now = self.now();
        let at = now.saturating_add(draining.reconnect_in_ms.min(DRAIN_MS));
        // The deadline is a time of the server's clock; ours may be a day off.
        let (told, told_at) = self.server_time;
        let left = draining.deadline.value().saturating_sub(told.value().saturating_add(now - told_at));
        self.connection.drain(at, now.saturating_add(left.min(DRAIN_MS)).max(at + LEAST_OVERLAP_MS));
    }

    /// The connection that was made beside the one in use takes its place. What was in flight is asked again.
    fn take_over(&mut self) {
        if let Some(old) = self.connection.take_over() {
            self.close_link(old, None);
            self.forget_wire();
        }
    }

    fn acknowledged(&mut self, id: u64, payload: Option<&RawValue>) {
        let Some(request) = self.requests.acknowledged(id) else { return };
        let answer = ack::decode(request.command.kind(), payload.map_or("null", RawValue::get));
        self.answered(request, answer);
    }

    fn lost(&mut self, why: &str) -> Option<Link> {
        let now = self.now();
        self.auth.undecided();
        let link = self.connection.lost(why, now, &mut self.random);
        self.forget_wire();
        link
    }

    fn successor_lost(&mut self, why: &str) -> Option<Link> {
        let now = self.now();
        self.auth.undecided();
        self.connection.successor_failed(why, now, &mut self.random)
    }

    /// The wire queue dies with its connection; only the outbox, marks and questions that change nothing survive.
    fn forget_wire(&mut self) {
        let in_flight = self.requests.connection_lost();
        let queued = self.requests.take_waiting();
        let mut again = Vec::new();
        for request in in_flight {
            match request.purpose {
                Purpose::User(_) | Purpose::Page(_) if is_read(&request) => again.push(request),
                Purpose::User(id) => {
                    self.fail(id, ErrorCode::Unavailable, "unable to tell how it went; the connection was lost")
                }
                _ => {}
            }
        }
        again.extend(queued.into_iter().filter(|r| matches!(r.purpose, Purpose::User(_) | Purpose::Page(_))));
        self.requests.push_front(again);
        self.outbox.connection_lost();
        self.marks.connection_lost();
        self.gaps.clear();
        self.rooms.strays.clear();
        for room_id in self.typing.connection_lost() {
            self.effects.room_changed(&room_id);
        }
        for room_id in self.outbox.rooms() {
            self.effects.room_changed(room_id);
        }
    }

    /// Nobody will connect: what waits for that is told so.
    pub(super) fn give_up_waiting(&mut self) {
        let why = "unable to ask the server; the client is not connected";
        self.fail_waiting(&ErrorBody::new(ErrorCode::Unavailable, why));
    }

    pub(super) fn fail_waiting(&mut self, error: &ErrorBody) {
        for request in self.requests.take_waiting() {
            self.answered(request, Err(error.clone()));
        }
    }
}

/// Whether asking twice is as good as asking once.
pub(super) fn is_read(request: &Request<Purpose>) -> bool {
    use roomcast_protocol::CommandKind as Kind;
    matches!(
        request.command.kind(),
        Kind::GetRoomUsers
            | Kind::ListRooms
            | Kind::GetMessages
            | Kind::SearchMessages
            | Kind::GetReceipts
            | Kind::Sync
    )
}
