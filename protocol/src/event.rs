//! The payloads that the server sends. A client ignores fields that it does not know.

use crate::json::{FromJson, ToJson};
use serde::{Deserialize, Serialize};

use crate::{
    Epoch, Limits, MessageId, Rev, RoomId, Seq, Timestamp, UserId,
    collections::BTreeMap,
    model::{Member, Message, Room, RoomDelta, RoomState, Status, User, UserPresence},
};

macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $($body:tt)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
        #[serde(rename_all = "camelCase")]
        pub struct $name { $($body)* }
    };
}

payload!(
    /// A message was posted.
    NewMessage {
        /// The message.
        pub message: Message,
        /// Its author.
        pub user: User,
        /// The room's change that this is.
        pub rev: Rev,
    }
);
payload!(
    /// Somebody became a member.
    UserJoined {
        /// Where.
        pub room_id: RoomId,
        /// Who.
        pub user: User,
        /// The room's change that this is.
        pub rev: Rev,
    }
);
payload!(
    /// Somebody's membership ended.
    UserLeft {
        /// Where.
        pub room_id: RoomId,
        /// Whose.
        pub user_id: UserId,
        /// The room's change that this is.
        pub rev: Rev,
    }
);
payload!(
    /// Somebody is typing.
    UserTyping {
        /// Where.
        pub room_id: RoomId,
        /// Who.
        pub user_id: UserId,
        /// Shown name.
        pub username: String,
    }
);
payload!(
    /// Somebody stopped typing.
    UserStoppedTyping {
        /// Where.
        pub room_id: RoomId,
        /// Who.
        pub user_id: UserId,
    }
);
payload!(
    /// Somebody's read cursor moved.
    MessagesRead {
        /// Whose.
        pub user_id: UserId,
        /// The newest messages that it passed, capped.
        pub message_ids: Vec<MessageId>,
        /// Where.
        pub room_id: RoomId,
        /// The cursor now.
        pub read_seq: Seq,
    }
);
payload!(
    /// Somebody came online.
    UserOnline {
        /// Who.
        pub user_id: UserId,
    }
);
payload!(
    /// Somebody went offline.
    UserOffline {
        /// Who.
        pub user_id: UserId,
        /// When they were last connected.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub last_seen_at: Option<Timestamp>,
    }
);
payload!(
    /// A message's text changed, or it was deleted.
    MessageChanged {
        /// The message as it now is.
        pub message: Message,
        /// The room's change that this is.
        pub rev: Rev,
    }
);
payload!(
    /// A message's reactions or its pin changed. The same goes to everybody, so `mine` is false in all reactions of
    /// the message: a receiver keeps its own, but for what `by` says of it.
    MessageUpdated {
        /// The message as it now is.
        pub message: Message,
        /// The reaction that it was, if it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub by: Option<ReactionChange>,
        /// The room's change that this is.
        pub rev: Rev,
    }
);
payload!(
    /// A reaction that somebody gave or took back.
    ReactionChange {
        /// Who.
        pub user_id: UserId,
        /// With what.
        pub emoji: String,
        /// Whether it is there now.
        pub added: bool,
    }
);
payload!(
    /// Somebody changed between online states.
    PresenceChanged {
        /// Who.
        pub user_id: UserId,
        /// What others see.
        pub status: Status,
        /// Their own words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub text: Option<String>,
    }
);
payload!(
    /// How many are online in a room too large for presence by name.
    Occupancy {
        /// Where.
        pub room_id: RoomId,
        /// How many.
        pub online: u64,
    }
);
payload!(
    /// A room's settings changed.
    RoomUpdated {
        /// The room as it now is.
        pub room: Room,
        /// The room's change that this is.
        pub rev: Rev,
    }
);
payload!(
    /// A room is no more.
    RoomDeleted {
        /// Which.
        pub room_id: RoomId,
        /// The room's last change.
        pub rev: Rev,
    }
);
payload!(
    /// A member's role or standing changed.
    MemberUpdated {
        /// Where.
        pub room_id: RoomId,
        /// The member as they now are.
        pub member: Member,
        /// The room's change that this is.
        pub rev: Rev,
    }
);
payload!(
    /// The receiver is in this room from now on; sent to all their devices.
    AddedToRoom {
        /// The room as they enter it.
        pub room: RoomState,
    }
);

/// Why the receiver is out of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum RemovalReason {
    /// They left, maybe on another device.
    Left,
    /// Somebody put them out.
    Removed,
    /// They were banned.
    Banned,
    /// The room was deleted.
    Deleted,
}

payload!(
    /// The receiver is not in this room any more; sent to all their devices.
    RemovedFromRoom {
        /// Which.
        pub room_id: RoomId,
        /// Why.
        pub reason: RemovalReason,
    }
);
payload!(
    /// Everything that a client needs to begin, sent once after connecting.
    InitialState {
        /// The database's life that all revs belong to.
        pub epoch: Epoch,
        /// Who the receiver is.
        pub user: User,
        /// The rooms that the client did not name in `resume`.
        pub rooms: Vec<RoomState>,
        /// The answer to each room that it did name.
        pub deltas: Vec<RoomDelta>,
        /// Those who are online in the receiver's rooms, as far as rooms are small enough for names.
        pub presence: Vec<UserPresence>,
        /// Whom the receiver has blocked.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub blocked: Vec<UserId>,
        /// What is in force.
        pub limits: Limits,
        /// The server's clock.
        pub server_time: Timestamp,
        /// Where `list-rooms` goes on, when there are more rooms than fit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub next: Option<String>,
    }
);
payload!(
    /// The newest change of each room that changed since the last digest (G-8).
    Heads {
        /// Room and `rev`.
        pub rooms: BTreeMap<RoomId, Rev>,
    }
);
payload!(
    /// The connection's token is about to run out.
    TokenExpiring {
        /// When.
        pub expires_at: Timestamp,
    }
);
payload!(
    /// The user's access was withdrawn; a disconnect follows.
    #[derive(Default)]
    TokenRevoked {}
);
payload!(
    /// This node is about to stop.
    ServerDraining {
        /// Come back after so many milliseconds.
        pub reconnect_in_ms: u64,
        /// When the connection will be closed at the latest.
        pub deadline: Timestamp,
    }
);
payload!(
    /// What the server sheds or lacks now; empty = all well.
    Degraded {
        /// Names of features or parts.
        pub features: Vec<String>,
    }
);
payload!(
    /// What the server knows of this connection; only in debug mode.
    Debug {
        /// The connection.
        pub socket_id: String,
        /// The user.
        pub user_id: UserId,
        /// The rooms that it receives from.
        pub rooms: Vec<RoomId>,
        /// The transport in use.
        pub transport: String,
        /// When the token runs out.
        pub expires_at: Timestamp,
    }
);
