//! What a program may want to act upon, in the order in which it took effect.

use std::sync::Arc;

use roomcast_protocol::{
    ClientId, ErrorBody, RoomId, Seq, UserId,
    event::RemovalReason,
    model::{Message, Status, User},
};

use roomcast_protocol::json::ToJson;
use serde::Serialize;

use crate::{input::Target, view::Phase};

/// Something that happened. Changes of a room come exactly once and in the order of their `rev` (G-9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToJson)]
#[non_exhaustive]
pub enum Notice {
    /// A message was posted, also by this user.
    NewMessage(Arc<Message>),
    /// A message changed: its text, its deletion, its reactions or its pin. Of one outside the timeline it is not
    /// known which reactions are the user's own.
    MessageUpdated(Arc<Message>),
    /// So much was missed in this room that only its newest page was told; what lies between is history.
    RoomReset(RoomId),
    /// The user is in this room from now on.
    RoomEntered(RoomId),
    /// The user is not in this room any more.
    RoomLeft(RoomId, RemovalReason),
    /// A room's settings changed.
    RoomUpdated(RoomId),
    /// Somebody became a member.
    MemberJoined(RoomId, User),
    /// Somebody's membership ended.
    MemberLeft(RoomId, UserId),
    /// Somebody's role or standing changed.
    MemberUpdated(RoomId, UserId),
    /// Somebody began to type.
    TypingStarted(RoomId, UserId),
    /// Somebody stopped typing.
    TypingStopped(RoomId, UserId),
    /// Somebody has read up to and including this place.
    Read(RoomId, UserId, Seq),
    /// Somebody's presence changed.
    Presence(UserId, Status),
    /// A send was refused for good; it waits for retry, revision or discard.
    SendFailed(ClientId, ErrorBody),
    /// An edit, a deletion or a reaction was refused for good: the message shows as it was before.
    ChangeRefused(RoomId, Target, ErrorBody),
    /// A read mark was refused for good: the cursor is back where the server knows it.
    ReadRefused(RoomId, ErrorBody),
    /// The token provider gave a token of this user, who is not the client's; it was not used, and is asked again.
    ForeignToken(UserId),
    /// A room that was to be made was refused for good; what was to be said in it waits for retry or discard.
    RoomRefused(RoomId, ErrorBody),
    /// A send is not stored: it goes out all the same, and a crash before its acknowledgement would lose it.
    NotStored(ClientId),
    /// The connection's phase changed.
    Connection(Phase),
    /// What the server sheds or lacks now; empty = all well.
    Degraded(Arc<[String]>),
}
