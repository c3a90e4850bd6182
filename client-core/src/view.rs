//! Immutable snapshots for whoever shows them. Parts that did not change are shared, not copied.

use std::sync::Arc;

use roomcast_protocol::{
    ClientId, ErrorBody, Limits, MessageId, RoomId, Seq, UserId,
    collections::{BTreeMap, BTreeSet},
    command::SendMessage,
    handshake::Refusal,
    model::{Message, Role, Room, RoomUser, Typist, User},
};

use roomcast_protocol::json::ToJson;
use serde::Serialize;

use crate::{effect::Transport, people::People, rooms::Timeline, time::Millis};

mod list;

pub use list::RoomList;

/// The client as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientView {
    /// The connection.
    pub connection: ConnectionView,
    /// Who the user is, once the server has said so.
    pub me: Option<Arc<User>>,
    /// What is in force.
    pub limits: Arc<Limits>,
    /// What the server sheds or lacks now.
    pub degraded: Arc<[String]>,
    /// Whom the user has blocked: what they say is for the application to hide.
    pub blocked: Arc<BTreeSet<UserId>>,
    /// Who is known by name: the authors of what the rooms show, and their members.
    pub people: People,
    /// The user's rooms, the one with the newest message first.
    pub rooms: RoomList,
}

/// The connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionView {
    /// Where it stands.
    pub phase: Phase,
    /// By what it is made, or being made.
    pub transport: Option<Transport>,
    /// Attempts since the last success.
    pub attempt: u32,
    /// When the next attempt is made, on the monotonic clock.
    pub retry_at: Option<Millis>,
    /// What went wrong last; cleared by success.
    pub error: Option<Arc<str>>,
}

/// Where the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToJson)]
#[non_exhaustive]
pub enum Phase {
    /// Not wanted.
    Idle,
    /// Being made: token, socket, handshake, initial state.
    Connecting,
    /// Being made anew, with rooms of an earlier connection that the handshake resumes from: they can be shown
    /// meanwhile, and only what was missed will come.
    Resuming,
    /// In use.
    Connected,
    /// In use, and about to be closed by the server; another one is made before.
    Draining,
    /// Waiting for the next attempt.
    Reconnecting,
    /// Waiting for the network.
    Offline,
    /// Given up until the user acts.
    Refused(Refusal),
}

/// A room's line in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct RoomSummary {
    /// The room.
    pub room: Arc<Room>,
    /// Messages not read, not the user's own, not deleted (G-12).
    pub unread: u64,
    /// Those of them that mention the user.
    pub mentions: u64,
    /// The newest message.
    pub last_message: Option<Arc<Message>>,
    /// Members who are online, as far as known.
    pub online: u64,
    /// Who is typing.
    pub typing: Arc<[Typist]>,
}

impl RoomSummary {
    /// The room's id.
    #[must_use]
    pub fn id(&self) -> &RoomId {
        &self.room.id
    }
}

/// One room, and a window of its history: messages without a hole. What is missing is at its ends only, so a gap is
/// where `has_older` or `has_newer` says that there is more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomView {
    /// The room.
    pub room: Arc<Room>,
    /// The user's role.
    pub role: Role,
    /// The user's read cursor.
    pub read_seq: Seq,
    /// Messages not read, not the user's own, not deleted (G-12).
    pub unread: u64,
    /// Those of them that mention the user.
    pub mentions: u64,
    /// The window, with the user's own changes as if they had been taken already: the newest messages, or those around
    /// the place that the user jumped to.
    pub timeline: Timeline,
    /// Messages outside the window that were looked up because one in it answers them.
    pub quoted: Arc<BTreeMap<MessageId, Arc<Message>>>,
    /// The user's changes that the server has not acknowledged, by message; the last of each.
    pub changes: Arc<BTreeMap<MessageId, PendingChange>>,
    /// The user's own messages that are not in the timeline yet, in the order of sending.
    pub pending: Arc<[PendingMessage]>,
    /// The members known by name; of large rooms not all.
    pub members: Arc<BTreeMap<UserId, Arc<RoomUser>>>,
    /// Members who are online, as far as known.
    pub online: u64,
    /// Who is typing.
    pub typing: Arc<[Typist]>,
    /// How far the others have read; only of small rooms.
    pub receipts: Arc<BTreeMap<UserId, Seq>>,
    /// Whether there is more before the window.
    pub has_older: bool,
    /// Whether there is more after the window. Without, it is live: new messages appear in it.
    pub has_newer: bool,
    /// Whether a page before the window is on its way.
    pub loading_older: bool,
    /// Whether a page after the window is on its way.
    pub loading_newer: bool,
    /// Whether the window is about to be another one.
    pub loading_around: bool,
    /// Whether changes are known to be missing, and asked for.
    pub catching_up: bool,
}

/// A thread that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadView {
    /// Its room.
    pub room_id: RoomId,
    /// Its first message's id.
    pub thread_id: MessageId,
    /// Its first message, once it is known.
    pub first: Option<Arc<Message>>,
    /// Its newest messages, none missing in between, with the user's own changes as if they had been taken already.
    pub timeline: Timeline,
    /// The user's own messages to it that are not in the timeline yet, in the order of sending.
    pub pending: Arc<[PendingMessage]>,
    /// Whether there is more before the timeline.
    pub has_older: bool,
    /// Whether a page is on its way.
    pub loading_older: bool,
}

/// A message of the user's own that the timeline does not have yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct PendingMessage {
    /// Its id until the server gives it one.
    pub client_id: ClientId,
    /// What is to be sent.
    pub send: Arc<SendMessage>,
    /// When it was written, by this device's clock, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// How far it is.
    pub status: SendStatus,
}

/// A change of a message that the server has not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingChange {
    /// Its id in the outbox.
    pub client_id: ClientId,
    /// The new text; `None` of a deletion.
    pub content: Option<String>,
    /// How far it is.
    pub status: SendStatus,
}

/// How far a message of the user's own is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToJson)]
#[serde(rename_all = "camelCase")]
pub enum SendStatus {
    /// Waiting here.
    Pending,
    /// On its way.
    Sent,
    /// Acknowledged: it will never be lost.
    Delivered,
    /// Refused for good; it waits for retry, revision or discard.
    Failed(ErrorBody),
}

/// An entry of a room's conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item<'a> {
    /// A message that the server has.
    Message {
        /// The message.
        message: &'a Arc<Message>,
        /// How many others have read it; 0 in rooms too large for receipts.
        read_by: usize,
    },
    /// A message of the user's own that is not in the timeline yet.
    Pending(&'a PendingMessage),
}

impl RoomView {
    /// The conversation as it is to be shown: the window, and, where it is live, what is on its way.
    pub fn items(&self) -> impl Iterator<Item = Item<'_>> {
        let settled = self.timeline.iter().map(|message| Item::Message { message, read_by: self.read_by(message) });
        let pending = if self.is_live() { &*self.pending } else { &[] };
        settled.chain(pending.iter().map(Item::Pending))
    }

    /// Whether the window ends at the newest message, so that new ones appear in it.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        !self.has_newer
    }

    /// The message that a message answers, as far as it is known; [`Lookup`](crate::UserCommand::Lookup) makes it so.
    #[must_use]
    pub fn answered(&self, message: &Message) -> Option<&Arc<Message>> {
        let id = message.reply_to.as_ref()?;
        self.timeline.find(id).or_else(|| self.quoted.get(id))
    }

    /// How many others than its author have read a message.
    #[must_use]
    pub fn read_by(&self, message: &Message) -> usize {
        self.receipts.iter().filter(|(user, seq)| **user != message.user_id && **seq >= message.seq).count()
    }
}
