//! A durable change that somebody asks for.

use std::fmt;

use roomcast_protocol::{
    RoomId, Timestamp, UserId,
    command::{
        AddMembers, CreateRoom, DeleteMessage, EditMessage, MarkRead, Pin, React, RemoveMember, Sanction, SendMessage,
        SetRole, UpdateRoom,
    },
    model::User,
};

/// A connection of this node, for as long as the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Author {
    /// The user.
    pub user: User,
    /// Administrator of the server, by a claim of their token.
    pub admin: bool,
    /// The connection that it came by, which gets the ack in place of the event.
    pub conn: Option<ConnId>,
}

/// A change, as it waits for the writer.
#[derive(Debug, Clone)]
pub struct Change {
    /// Who asks.
    pub author: Author,
    /// What for.
    pub act: Act,
    /// A fresh id (UUIDv7), for the message or the room that the change may make. It is drawn before the
    /// transaction, so that a batch that is tried again makes the same.
    pub fresh_id: String,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub enum Act {
    /// Post a message.
    Send(SendMessage),
    /// Change a message's text.
    Edit(EditMessage),
    /// Delete a message.
    Delete(DeleteMessage),
    /// Add a reaction of the author's.
    React(React),
    /// Take a reaction of the author's back.
    Unreact(React),
    /// Pin a message.
    Pin(Pin),
    /// Unpin a message.
    Unpin(Pin),
    /// Move the author's read cursor.
    Read(MarkRead),
    /// Make a room.
    CreateRoom(CreateRoom),
    /// Change a room's settings.
    UpdateRoom(UpdateRoom),
    /// End a room.
    DeleteRoom(RoomId),
    /// Give a member a role.
    SetRole(SetRole),
    /// Put somebody out of a room and keep them out.
    Ban(Sanction),
    /// Let somebody come in again.
    Unban(Sanction),
    /// Let a member say nothing.
    Mute(Sanction),
    /// Let a member speak again.
    Unmute(Sanction),
    /// Become a member.
    Join(RoomId),
    /// End the author's membership.
    Leave(RoomId),
    /// Bring others in.
    AddMembers(AddMembers),
    /// Put somebody out.
    RemoveMember(RemoveMember),
    /// Not to be brought into rooms by somebody.
    Block(UserId),
    /// To be brought into rooms by somebody again.
    Unblock(UserId),
    /// Remember the author as their token describes them.
    SeeUser,
    /// Remember when users were last connected.
    LastSeen(Vec<(UserId, Timestamp)>),
}
