//! The narrow face of the gateway: all that the rest of the server asks of an engine.

use roomcast_protocol::{Event, RoomId};
use serde_json::value::RawValue;

use crate::domain::ConnId;

/// An event, encoded once however many receive it.
#[derive(Debug, Clone)]
pub struct Packet {
    /// The event's name.
    pub name: &'static str,
    /// Its payload.
    pub json: Box<RawValue>,
}

impl From<&Event> for Packet {
    fn from(event: &Event) -> Self {
        let json = serde_json::value::to_raw_value(event).expect("events have string keys");
        Self { name: event.kind().name(), json }
    }
}

/// Why the server closes a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The token ran out and no fresh one came.
    TokenExpired,
    /// The token was revoked.
    Revoked,
    /// The node is about to stop.
    Draining,
    /// The client does not read what it is sent.
    Slow,
}

/// What an engine does for the server. No call blocks, none fails: a connection that is gone is passed over, and
/// one whose queue is full is closed as [`CloseReason::Slow`].
pub trait Transport: Send + Sync + 'static {
    /// From now on the connection gets the room's broadcasts.
    fn subscribe(&self, conn: ConnId, room: &RoomId);

    /// From now on it does not.
    fn unsubscribe(&self, conn: ConnId, room: &RoomId);

    /// Sends to one connection.
    fn emit(&self, conn: ConnId, packet: &Packet);

    /// Sends to every connection that is in one of the rooms, once, except the one given.
    fn broadcast(&self, rooms: &[RoomId], except: Option<ConnId>, packet: &Packet);

    /// Closes a connection.
    fn close(&self, conn: ConnId, reason: CloseReason);
}
