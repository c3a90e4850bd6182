//! Everything that a client wants from its shell. There is no other way out.

use std::collections::VecDeque;

use roomcast_protocol::json::{FromJson, ToJson};
use roomcast_protocol::{ClientId, ErrorBody, MessageId, Reply, RoomId, collections::BTreeSet};
use serde::{Deserialize, Serialize};

use crate::{
    input::{CommandId, ConnId, TokenReq},
    notice::Notice,
    outbox::SavedItem,
};

/// Something for the shell to do, in the order of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToJson)]
pub enum Effect {
    /// A connection begins. Open a WebSocket and tell [`Opened`](crate::Input::Opened) or
    /// [`Closed`](crate::Input::Closed); for long polling there is nothing to do but to expect requests.
    Connect {
        /// The name of the connection.
        conn: ConnId,
        /// By what.
        transport: Transport,
        /// Path and query below the server's address.
        path_and_query: String,
    },
    /// Send a text frame. Only on a WebSocket.
    Send {
        /// On which.
        conn: ConnId,
        /// The text.
        frame: String,
    },
    /// Make an HTTP request, without following redirects, and tell [`Response`](crate::Input::Response) whatever its
    /// status is, or [`Closed`](crate::Input::Closed) where there is none. Only of long polling: at most one `Get`
    /// at a time, and one `Post` beside it but for the last.
    Request {
        /// Of which connection.
        conn: ConnId,
        /// Reads or writes.
        method: Method,
        /// Path and query below the server's address.
        path_and_query: String,
        /// What to write, as `text/plain;charset=UTF-8`; empty of a `Get`.
        body: String,
    },
    /// The connection ends; the core has forgotten it already. A WebSocket sends what is queued and closes. Of long
    /// polling, a `Get` under way is given up and a `Post` is finished.
    Close {
        /// Which.
        conn: ConnId,
    },
    /// Ask the application for a token.
    FetchToken {
        /// Comes back with the answer.
        req: TokenReq,
        /// Why: a provider that caches must not answer `Refused` or `Expiring` from its cache.
        reason: TokenReason,
    },
    /// Store, and tell [`Stored`](crate::Input::Stored). Only with durable storage; in order.
    Persist(StorageOp),
    /// A command is done.
    Resolve {
        /// Which.
        id: CommandId,
        /// How it went.
        result: Outcome,
    },
    /// A part of the view is different. Once each for all that one input changed.
    Changed(Key),
    /// Something happened that a program may want to act upon.
    Notice(Notice),
}

/// How a command went.
pub type Outcome = Result<Answer, ErrorBody>;

/// What a successful command gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToJson)]
pub enum Answer {
    /// The server's reply.
    Reply(Box<Reply>),
    /// Done here; the server need not know, or is told in its time.
    Done,
}

/// By what a connection is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToJson)]
#[non_exhaustive]
pub enum Transport {
    /// A WebSocket, one packet a frame.
    WebSocket,
    /// HTTP long polling, packets in bodies.
    Polling,
}

/// What an HTTP request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
pub enum Method {
    /// Waits for what the server has to say.
    Get,
    /// Says something to the server.
    Post,
}

/// Why a token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToJson)]
pub enum TokenReason {
    /// There is none yet.
    Connect,
    /// The server refused the one there was.
    Refused,
    /// The one in use is about to run out.
    Expiring,
}

/// Names a storage operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToJson, FromJson)]
pub struct OpId(pub u64);

/// Something to store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToJson)]
pub struct StorageOp {
    /// Comes back when it is done.
    pub id: OpId,
    /// What.
    pub change: StorageChange,
}

/// A change of what is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToJson)]
pub enum StorageChange {
    /// Write the item in place of any of the same id.
    Put(Box<SavedItem>),
    /// Forget the item.
    Remove(ClientId),
}

/// A part of the view.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToJson)]
pub enum Key {
    /// [`ConnectionView`](crate::view::ConnectionView), who the user is, and what the server lacks.
    Connection,
    /// Who is known by name.
    People,
    /// The list of rooms with its summaries.
    Rooms,
    /// One room.
    Room(RoomId),
    /// A thread that is looked at, by its room and its first message.
    Thread(RoomId, MessageId),
}

/// Where effects collect until the shell takes them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Effects {
    queue: VecDeque<Effect>,
    changed: BTreeSet<Key>,
}

impl Effects {
    pub(crate) fn push(&mut self, effect: Effect) {
        self.queue.push_back(effect);
    }

    pub(crate) fn notice(&mut self, notice: Notice) {
        self.push(Effect::Notice(notice));
    }

    pub(crate) fn resolve(&mut self, id: CommandId, result: Outcome) {
        self.push(Effect::Resolve { id, result });
    }

    /// Remembers that a part of the view is different; said once, by [`flush_changes`](Self::flush_changes).
    pub(crate) fn changed(&mut self, key: Key) {
        self.changed.insert(key);
    }

    /// A room's change shows in the room and in its line of the list.
    pub(crate) fn room_changed(&mut self, room_id: &RoomId) {
        self.changed.insert(Key::Rooms);
        if !self.changed.contains(&Key::Room(room_id.clone())) {
            self.changed.insert(Key::Room(room_id.clone()));
        }
    }

    /// The rooms that are different so far.
    pub(crate) fn changed_rooms(&self) -> impl Iterator<Item = &RoomId> {
        self.changed.iter().filter_map(|key| match key {
            Key::Room(room_id) => Some(room_id),
            _ => None,
        })
    }

    /// Queues what one input changed and gives it back, so that views kept of it can be dropped.
    pub(crate) fn flush_changes(&mut self) -> BTreeSet<Key> {
        let changed = std::mem::take(&mut self.changed);
        self.queue.extend(changed.iter().cloned().map(Effect::Changed));
        changed
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    /// What was queued since the queue was so long.
    pub(crate) fn since(&self, len: usize) -> impl Iterator<Item = &Effect> {
        self.queue.iter().skip(len)
    }

    pub(crate) fn pop(&mut self) -> Option<Effect> {
        self.queue.pop_front()
    }
}
