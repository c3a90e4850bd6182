//! An item of the outbox as it is stored.

use roomcast_protocol::json::small::{FromJson, Malformed, Reader, ToJson};
use roomcast_protocol::{
    ClientId, ErrorBody, RoomId, UserId,
    command::{CreateRoom, SendMessage},
};
use serde::{Deserialize, Serialize};

use super::Work;
use crate::input::Target;

/// An item of the outbox as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct SavedItem {
    /// What is to be done.
    pub task: Task,
    /// Who wanted it; unknown if that was before the first connection.
    pub author: Option<UserId>,
    /// Its place in the order of all.
    pub order: u64,
    /// When that was, milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// Why it was refused for good, if it was.
    pub failed: Option<ErrorBody>,
}

/// Something for the server to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Take a message, which has its `clientId`.
    Send(SendMessage),
    /// Give a message another text.
    Edit {
        /// The item's id.
        client_id: ClientId,
        /// Where the message is.
        room_id: RoomId,
        /// Which.
        target: Target,
        /// The new text.
        content: String,
    },
    /// Delete a message.
    Delete {
        /// The item's id.
        client_id: ClientId,
        /// Where the message is.
        room_id: RoomId,
        /// Which.
        target: Target,
    },
    /// Add or take back a reaction.
    React {
        /// The item's id.
        client_id: ClientId,
        /// Where the message is.
        room_id: RoomId,
        /// Which.
        target: Target,
        /// With what.
        emoji: String,
        /// Whether it is added.
        adds: bool,
    },
    /// Make a room, which has its id.
    Create {
        /// The item's id.
        client_id: ClientId,
        /// The room.
        create: CreateRoom,
    },
}

impl SavedItem {
    /// The item's id, by which it is replaced and removed; `None` of one that is none.
    #[must_use]
    pub const fn client_id(&self) -> Option<&ClientId> {
        match &self.task {
            Task::Send(send) => send.client_id.as_ref(),
            Task::Edit { client_id, .. }
            | Task::Delete { client_id, .. }
            | Task::React { client_id, .. }
            | Task::Create { client_id, .. } => Some(client_id),
        }
    }
}

impl Task {
    pub(super) fn of(client_id: &ClientId, room_id: &RoomId, work: &Work) -> Self {
        let (client_id, room_id) = (client_id.clone(), room_id.clone());
        match work.clone() {
            Work::Send(send) => Self::Send(SendMessage::clone(&send)),
            Work::Edit { target, content } => Self::Edit { client_id, room_id, target, content },
            Work::Delete { target } => Self::Delete { client_id, room_id, target },
            Work::React { target, emoji, adds } => Self::React { client_id, room_id, target, emoji, adds },
            Work::Create(create) => Self::Create { client_id, create: *create },
        }
    }

    pub(super) fn into_work(self) -> Option<(ClientId, RoomId, Work)> {
        Some(match self {
            Self::Send(send) => (send.client_id.clone()?, send.room_id.clone(), Work::Send(send.into())),
            Self::Edit { client_id, room_id, target, content } => (client_id, room_id, Work::Edit { target, content }),
            Self::Delete { client_id, room_id, target } => (client_id, room_id, Work::Delete { target }),
            Self::React { client_id, room_id, target, emoji, adds } => {
                (client_id, room_id, Work::React { target, emoji, adds })
            }
            Self::Create { client_id, create } => (client_id, create.room_id.clone()?, Work::Create(create.into())),
        })
    }
}

/// The form on disk: one of `send`, `change`, `reaction` and `create`.
#[derive(Serialize, Deserialize, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
struct Stored {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    send: Option<SendMessage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<StoredChange>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reaction: Option<StoredReaction>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    create: Option<StoredRoom>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    author: Option<UserId>,
    order: u64,
    created_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failed: Option<ErrorBody>,
}

#[derive(Serialize, Deserialize, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
struct StoredChange {
    client_id: ClientId,
    room_id: RoomId,
    target: Target,
    /// The new text; a deletion without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<String>,
}

#[derive(Serialize, Deserialize, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
struct StoredReaction {
    client_id: ClientId,
    room_id: RoomId,
    target: Target,
    emoji: String,
    adds: bool,
}

#[derive(Serialize, Deserialize, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
struct StoredRoom {
    client_id: ClientId,
    room: CreateRoom,
}

impl From<SavedItem> for Stored {
    fn from(item: SavedItem) -> Self {
        let SavedItem { task, author, order, created_ms, failed } = item;
        let (mut send, mut change, mut reaction, mut create) = (None, None, None, None);
        match task {
            Task::Send(message) => send = Some(message),
            Task::Edit { client_id, room_id, target, content } => {
                change = Some(StoredChange { client_id, room_id, target, content: Some(content) });
            }
            Task::Delete { client_id, room_id, target } => {
                change = Some(StoredChange { client_id, room_id, target, content: None });
            }
            Task::React { client_id, room_id, target, emoji, adds } => {
                reaction = Some(StoredReaction { client_id, room_id, target, emoji, adds });
            }
            Task::Create { client_id, create: room } => create = Some(StoredRoom { client_id, room }),
        }
        Self { send, change, reaction, create, author, order, created_ms, failed }
    }
}

impl FromJson<'_> for SavedItem {
    fn blank() -> Self {
        Self { task: Task::Send(FromJson::blank()), author: None, order: 0, created_ms: 0, failed: None }
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        *self = Stored::take(reader)?.try_into().map_err(|_| Malformed)?;
        Ok(())
    }
}

impl TryFrom<Stored> for SavedItem {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { send, change, reaction, create, author, order, created_ms, failed } = stored;
        let task = match (send, change, reaction, create) {
            (Some(send), None, None, None) => Task::Send(send),
            (None, Some(StoredChange { client_id, room_id, target, content: Some(content) }), None, None) => {
                Task::Edit { client_id, room_id, target, content }
            }
            (None, Some(StoredChange { client_id, room_id, target, content: None }), None, None) => {
                Task::Delete { client_id, room_id, target }
            }
            (None, None, Some(StoredReaction { client_id, room_id, target, emoji, adds }), None) => {
                Task::React { client_id, room_id, target, emoji, adds }
            }
            (None, None, None, Some(StoredRoom { client_id, room })) => Task::Create { client_id, create: room },
            _ => return Err("unable to use an item of the outbox; it holds not one thing to do"),
        };
        Ok(Self { task, author, order, created_ms, failed })
    }
}
