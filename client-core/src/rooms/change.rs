//! A durable change of a room, as an event or an acknowledgement brings it.

use std::sync::Arc;

use roomcast_protocol::{
    UserId,
    model::{Member, Message, Room, User},
};

use super::Mine;

/// What a room's next `rev` is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// A message was posted.
    Posted(Arc<Message>, Option<User>),
    /// A message became another.
    Edited(Arc<Message>, Mine),
    /// Somebody became a member.
    Joined(User),
    /// Somebody's membership ended.
    Left(UserId),
    /// Somebody's role or standing changed.
    Member(Member),
    /// The settings changed.
    Settings(Room),
}
