//! From wish to initial state, and what ends it.

use std::collections::BTreeMap;

use roomcast_protocol::{
    ErrorBody, ErrorCode, Event, EventKind, ack,
    handshake::{Auth, Refusal, Resume},
    wire::{EnginePacket, Heartbeat, Namespace, Packet, encode_connect, encode_disconnect},
};
use serde_json::value::RawValue;

use super::{Client, Purpose};
use crate::{
    auth::AfterRefusal,
    connection::Stage,
    effect::{Effect, TokenReason, Transport},
    input::{ConnId, Token, TokenError, TokenReq},
    planted::{self, Bug},
    requests::Request,
};

/// Most bytes of CONNECT that go into `resume`: the packet must stay far below the server's limit. Rooms that do
/// not fit come as full states.
const RESUME_BYTES: usize = 64 * 1024;

impl Client {
    pub(super) fn connect(&mut self) {
        self.auth.start_over();
        if self.connection.want() {
            self.attempt();
        }
    }

    pub(super) fn disconnect(&mut self) {
        if let Some(conn) = self.connection.live() {
            self.transmit(conn, encode_disconnect().into_frame());
        }
        if let Some(conn) = self.connection.unwant() {
            self.effects.push(Effect::Close { conn });
        }
        self.auth.cancel();
        self.forget_wire();
    }

    /// Begins an attempt: with a token at hand by a socket, else by a token.
    pub(super) fn attempt(&mut self) {
        if self.auth.is_fit(self.now()) {
            let conn = self.connection.open(self.now(), self.config.connect_timeout_ms.max(1));
            let path_and_query = format!("{}?EIO=4&transport=websocket", self.config.path);
            self.effects.push(Effect::Connect { conn, transport: Transport::WebSocket, path_and_query });
        } else {
            self.connection.authorize();
            self.auth.fetch(self.auth.reason(), self.clock.now().mono_ms, &mut self.effects);
        }
    }

    pub(super) fn token(&mut self, req: TokenReq, result: Result<Token, TokenError>) {
        let now = self.now();
        let why = result.as_ref().err().map(|error| error.0.clone());
        let Some(reason) = self.auth.answered(req, result.ok(), now, &mut self.random) else {
            if let Some(why) = why.filter(|_| self.connection.is_authorizing()) {
                self.connection.note(&why);
            }
            return;
        };
        if self.connection.is_authorizing() {
            self.attempt();
        } else if reason == TokenReason::Expiring && self.connection.live().is_some() {
            self.push_refresh();
        }
    }

    pub(super) fn closed(&mut self, conn: ConnId, why: &str) {
        if self.connection.conn() == Some(conn) {
            self.lost(why);
        }
    }

    /// Ends the connection from this side; the next attempt is planned.
    pub(super) fn drop_connection(&mut self, why: &str) {
        if let Some(conn) = self.connection.conn() {
            self.effects.push(Effect::Close { conn });
            self.lost(why);
        }
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) {
        if let Some(conn) = self.connection.conn() {
            self.effects.push(Effect::Close { conn });
        }
        self.auth.drop_token();
        self.auth.cancel();
        self.connection.refuse(refusal);
        self.forget_wire();
    }

    pub(super) fn frame(&mut self, conn: ConnId, frame: &str) {
        if self.connection.conn() != Some(conn) && !planted::has(Bug::StaleFrame) {
            return;
        }
        self.connection.heard(self.now());
        // What cannot be read is ignored: a durable change in it leaves a gap, and gaps are asked for.
        let Ok(packet) = EnginePacket::decode_text(frame) else { return };
        match packet {
            EnginePacket::Open(handshake) if self.connection.stage() == Some(Stage::Opening) => {
                self.connection.set_heartbeat(&handshake);
                self.join(conn);
            }
            EnginePacket::Ping(Heartbeat::Beat) => self.transmit(conn, "3".to_owned()),
            EnginePacket::Close => self.drop_connection("the server closed the session"),
            EnginePacket::Message(packet) => {
                if let Ok(packet) = Packet::decode(packet) {
                    self.packet(packet);
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

    fn join(&mut self, conn: ConnId) {
        let Some(Token(token)) = self.auth.token().cloned() else { return };
        let auth = Auth { token, resume: self.resume(), client: self.config.client.clone() };
        if let Ok(frame) = encode_connect(Namespace::ROOT, &auth) {
            self.transmit(conn, frame.into_frame());
            self.connection.advance(Stage::Joining);
        }
    }

    fn resume(&self) -> Option<Resume> {
        let epoch = self.epoch.clone()?;
        let mut bytes = 0;
        let fits = |room_id: &str| {
            bytes += room_id.len() + 24;
            bytes <= RESUME_BYTES
        };
        let most = usize::try_from(self.limits.ids).unwrap_or(usize::MAX);
        let mut fits = fits;
        let named = self.rooms.revs().take(most).take_while(|(id, _)| fits(id.as_str()));
        let rooms = named.map(|(id, rev)| (id.clone(), rev));
        let ahead = planted::has(Bug::ResumeAhead);
        let rooms: BTreeMap<_, _> = rooms.map(|(id, rev)| (id, if ahead { rev.next() } else { rev })).collect();
        (!rooms.is_empty()).then_some(Resume { epoch, rooms })
    }

    fn packet(&mut self, packet: Packet<'_>) {
        if !packet.nsp().is_root() {
            return;
        }
        match packet {
            Packet::Connect { .. } => {
                if self.connection.stage() == Some(Stage::Joining) {
                    self.auth.accepted();
                    self.connection.advance(Stage::Entering);
                }
            }
            Packet::ConnectError { message, .. } => self.connect_error(&message),
            Packet::Disconnect { .. } => self.drop_connection("the server ended the connection"),
            Packet::Event { name, args, .. } if self.connection.stage() >= Some(Stage::Entering) => {
                self.named_event(&name, args.first().copied());
            }
            Packet::Ack { id, args, .. } => self.acknowledged(id, args.first().copied()),
            Packet::Event { .. } | Packet::BinaryEvent { .. } | Packet::BinaryAck { .. } => {}
        }
    }

    fn connect_error(&mut self, message: &str) {
        if self.connection.live().is_some() {
            return;
        }
        match Refusal::parse(message) {
            Some(Refusal::AuthenticationFailed) => match self.auth.refused() {
                AfterRefusal::GiveUp => self.refuse(Refusal::AuthenticationFailed),
                AfterRefusal::TryFresh => {
                    if let Some(conn) = self.connection.conn() {
                        self.effects.push(Effect::Close { conn });
                    }
                    self.attempt();
                }
            },
            Some(Refusal::AccessRevoked) => self.refuse(Refusal::AccessRevoked),
            Some(Refusal::TooManyConnections | Refusal::ServerDraining) | None => self.drop_connection(message),
        }
    }

    fn named_event(&mut self, name: &str, payload: Option<&RawValue>) {
        let Some(kind) = EventKind::parse(name) else { return };
        let json = payload.map_or("{}", RawValue::get);
        if let Ok(event) = Event::decode(kind, json) {
            self.event(event);
        }
    }

    fn acknowledged(&mut self, id: u64, payload: Option<&RawValue>) {
        let Some(request) = self.requests.acknowledged(id) else { return };
        let answer = ack::decode(request.command.kind(), payload.map_or("null", RawValue::get));
        self.answered(request, answer);
    }

    fn lost(&mut self, why: &str) {
        let now = self.now();
        self.auth.undecided();
        self.connection.lost(why, now, &mut self.random);
        self.forget_wire();
    }

    /// The wire queue dies with its connection; only the outbox, marks and questions that change nothing survive.
    fn forget_wire(&mut self) {
        let in_flight = self.requests.connection_lost();
        let queued = self.requests.take_waiting();
        let mut again = Vec::new();
        for request in in_flight {
            match request.purpose {
                Purpose::User(_) | Purpose::Older(..) if is_read(&request) => again.push(request),
                Purpose::User(id) => {
                    self.fail(id, ErrorCode::Unavailable, "unable to tell how it went; the connection was lost")
                }
                _ => {}
            }
        }
        again.extend(queued.into_iter().filter(|r| matches!(r.purpose, Purpose::User(_) | Purpose::Older(..))));
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
        for request in self.requests.take_waiting() {
            let error = ErrorBody::new(ErrorCode::Unavailable, "unable to ask the server; the client is not connected");
            self.answered(request, Err(error));
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
