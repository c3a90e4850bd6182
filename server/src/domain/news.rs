//! What a decided change answers and what it tells others.

use roomcast_protocol::{
    Event, Rev, RoomId, UserId,
    event::RemovalReason,
    model::{Message, Role, Room},
};
use serde::{Deserialize, Serialize};

/// A change that was decided.
#[derive(Debug, Clone)]
pub struct Decision {
    /// For the one who asked.
    pub done: Done,
    /// For everybody else, in order.
    pub news: Vec<News>,
}

impl Decision {
    /// A decision that changed nothing worth telling.
    #[must_use]
    pub const fn quiet(done: Done) -> Self {
        Self { done, news: Vec::new() }
    }
}

/// The answer, before a service makes it a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// The message as it now is, and the change that made it so.
    Message(Box<Message>, Rev),
    /// The author is in this room.
    Entered(RoomId),
    /// The room's newest change; `None` where there was nothing to do.
    Changed(Option<Rev>),
    /// The room as it now is, and the change that made it so; `None` where there was nothing to do.
    Room(Box<Room>, Option<Rev>),
}

/// Who hears of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Audience {
    /// Everybody in the room.
    Room,
    /// Only this user's devices, because the room is too large to tell everybody (G-12).
    User(UserId),
}

/// Something that others must hear of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum News {
    /// An event of a room.
    Room {
        /// Which room.
        room: RoomId,
        /// Who hears it.
        audience: Audience,
        /// Its place in the room's log; `None` for a moved cursor, which stands beside the log.
        rev: Option<Rev>,
        /// What to tell.
        #[serde(with = "by_name")]
        event: Event,
        /// Whether the connection that caused it is left out, because its ack says it all.
        skip_author: bool,
    },
    /// A user is in a room from here on.
    Entered {
        /// Which room.
        room: RoomId,
        /// Who.
        user: UserId,
        /// As what.
        role: Role,
        /// The change that made it so.
        rev: Rev,
        /// How many are in it now.
        member_count: u64,
    },
    /// A room is no more: everybody is out of it from here on.
    Deleted {
        /// Which room.
        room: RoomId,
        /// Its last change.
        rev: Rev,
    },
    /// A user is out of a room from here on.
    Removed {
        /// Which room.
        room: RoomId,
        /// Who.
        user: UserId,
        /// Why.
        reason: RemovalReason,
        /// The change that made it so.
        rev: Rev,
        /// How many are in it now.
        member_count: u64,
    },
}

impl News {
    /// The room that it is of.
    #[must_use]
    pub const fn room(&self) -> &RoomId {
        match self {
            Self::Room { room, .. } | Self::Entered { room, .. } | Self::Deleted { room, .. } => room,
            Self::Removed { room, .. } => room,
        }
    }

    /// The change that it is of; `None` for what stands beside the log.
    #[must_use]
    pub const fn rev(&self) -> Option<Rev> {
        match self {
            Self::Room { rev, .. } => *rev,
            Self::Entered { rev, .. } | Self::Deleted { rev, .. } | Self::Removed { rev, .. } => Some(*rev),
        }
    }
}

/// An event between nodes: its name beside its payload.
mod by_name {
    use roomcast_protocol::{Event, registry::EventKind};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
    use serde_json::value::RawValue;

    pub(super) fn serialize<S: Serializer>(event: &Event, serializer: S) -> Result<S::Ok, S::Error> {
        (event.kind().name(), event).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Event, D::Error> {
        let (name, payload) = <(String, Box<RawValue>)>::deserialize(deserializer)?;
        let kind = EventKind::parse(&name).ok_or_else(|| D::Error::custom("an event of a newer node"))?;
        Event::decode(kind, payload.get()).map_err(|_| D::Error::custom("an event that does not parse"))
    }
}
