//! Everything that can happen to a client. There is no other way in.

use roomcast_protocol::json::{FromJson, ToJson};
use roomcast_protocol::{
    ClientId, Command, MessageId, RoomId, UserId,
    base64::{self, Alphabet},
    command::{CreateRoom, Place},
    json,
};
use serde::{Deserialize, Serialize};

use crate::effect::{Method, OpId};

/// Names a user's command; its [`Resolve`](crate::Effect::Resolve) carries it back. Chosen by the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToJson, FromJson)]
pub struct CommandId(pub u64);

/// One transport connection. What comes from an earlier one is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToJson, FromJson)]
pub struct ConnId(pub u64);

/// One request for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToJson, FromJson)]
pub struct TokenReq(pub u64);

/// What happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// The user wants to be connected, also after a refusal.
    Connect,
    /// The user wants to be disconnected.
    Disconnect,
    /// The user wants something done. Resolved exactly once.
    Command {
        /// Comes back with the result.
        id: CommandId,
        /// What.
        command: UserCommand,
    },
    /// A WebSocket is open.
    Opened(ConnId),
    /// A text frame came on a WebSocket.
    Frame(ConnId, String),
    /// An HTTP request was answered.
    Response {
        /// Of which connection.
        conn: ConnId,
        /// Which of its requests.
        method: Method,
        /// The status of HTTP.
        status: u16,
        /// The body, in whole.
        body: String,
    },
    /// A WebSocket is closed or could not be opened, or a request came to nothing.
    Closed(ConnId, CloseReason),
    /// The token provider answered.
    Token {
        /// Which request.
        req: TokenReq,
        /// A token, or why there is none.
        result: Result<Token, TokenError>,
    },
    /// The storage is done with an operation.
    Stored {
        /// Which.
        op: OpId,
        /// Whether it will survive a crash.
        result: Result<(), StorageError>,
    },
    /// The system says whether there is a network.
    Network(Network),
    /// The user looks, or looks away.
    Visibility(Visibility),
    /// The time of [`poll_timeout`](crate::Client::poll_timeout) has come.
    Timeout,
}

/// What a user can want.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
pub enum UserCommand {
    /// Any command of the protocol, resolved with its reply. `send-message` goes through the outbox, `mark-read`
    /// up to a place and typing through their own features; those resolve as those features say.
    Request(#[serde(with = "crate::trace::command")] Box<Command>),
    /// One more page before the window of a room's history that its view shows.
    LoadOlder {
        /// Which room.
        room_id: RoomId,
        /// Most messages of the page.
        limit: u64,
    },
    /// One more page after it. Once it meets the newest messages it is live again.
    LoadNewer {
        /// Which room.
        room_id: RoomId,
        /// Most messages of the page.
        limit: u64,
    },
    /// Let the view show the history around a message: what a reply answers, a finding, where the unread begins. A
    /// later jump makes an earlier one void.
    LoadAround {
        /// Which room.
        room_id: RoomId,
        /// The message.
        place: Place,
        /// Most messages of the page.
        limit: u64,
    },
    /// Let the view show the newest messages again. A shell says so too when the user is back at the end of a live
    /// window: older messages beyond [`timeline_messages`](crate::Config::timeline_messages) are dropped then.
    JumpToNewest {
        /// Which room.
        room_id: RoomId,
    },
    /// Look up a message that another one answers, for [`RoomView::answered`](crate::view::RoomView::answered).
    Lookup {
        /// Which room.
        room_id: RoomId,
        /// The message.
        message_id: MessageId,
    },
    /// Look at a thread, or load one more page before what is shown of it. It is kept up to date until it is closed.
    LoadThread {
        /// Which room.
        room_id: RoomId,
        /// The thread's first message.
        thread_id: MessageId,
        /// Most messages of the page.
        limit: u64,
    },
    /// Stop looking at a thread.
    CloseThread {
        /// Which room.
        room_id: RoomId,
        /// The thread's first message.
        thread_id: MessageId,
    },
    /// Give a message another text, through the outbox: shown at once, sent in its turn after what the user did in
    /// the room before, and taken back where it is refused.
    Edit {
        /// Where the message is.
        room_id: RoomId,
        /// Which.
        target: Target,
        /// The new text.
        content: String,
    },
    /// Delete a message, as [`Edit`](Self::Edit) changes one.
    Delete {
        /// Where the message is.
        room_id: RoomId,
        /// Which.
        target: Target,
    },
    /// Add a reaction of the user's, as [`Edit`](Self::Edit) changes a message. What is undone before it was sent is
    /// not sent at all.
    React {
        /// Where the message is.
        room_id: RoomId,
        /// Which.
        target: Target,
        /// With what.
        emoji: String,
    },
    /// Take a reaction of the user's back, as [`React`](Self::React) adds one.
    Unreact {
        /// Where the message is.
        room_id: RoomId,
        /// Which.
        target: Target,
        /// With what.
        emoji: String,
    },
    /// Make a room through the outbox, under an id that the client chooses where none is given: messages to it can
    /// be posted at once, and wait for it.
    CreateRoom(Box<CreateRoom>),
    /// Send a failed message again.
    Retry(ClientId),
    /// Give a failed message another text and send it again.
    Revise {
        /// Which.
        client_id: ClientId,
        /// The new text.
        content: String,
    },
    /// Forget a message that has not been acknowledged.
    Discard(ClientId),
}

/// A message that a change is meant for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
pub enum Target {
    /// One that the server has.
    Message(MessageId),
    /// One of the user's own that may be in the outbox still.
    Pending(ClientId),
}

impl From<MessageId> for Target {
    fn from(id: MessageId) -> Self {
        Self::Message(id)
    }
}

impl From<ClientId> for Target {
    fn from(id: ClientId) -> Self {
        Self::Pending(id)
    }
}

impl Target {
    /// An id in the place of the message's, for a check of the rest: both are of one alphabet.
    pub(crate) fn any_id(&self) -> MessageId {
        match self {
            Self::Message(id) => id.clone(),
            Self::Pending(id) => MessageId::parse(id.as_str()).expect("both ids are of one alphabet and length"),
        }
    }
}

/// Why a socket is gone; for the view and the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseReason(pub String);

/// A token; it never prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl Token {
    /// Whose it is, where it is a JSON Web Token; only the server can tell whether that is true.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        #[derive(Deserialize, FromJson)]
        struct Claims {
            sub: String,
        }
        let payload = self.0.split('.').nth(1)?.trim_end_matches('=');
        let claims = String::from_utf8(base64::decode(Alphabet::Url, payload)?).ok()?;
        let Claims { sub } = json::from_str(&claims).ok()?;
        UserId::parse(&sub).ok()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Why there is no token this time. Never the end: it is asked for again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TokenError(pub String);

/// Why something was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StorageError(pub String);

/// Whether there is a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
pub enum Network {
    /// There is.
    Online,
    /// There is none; attempts are pointless.
    Offline,
}

/// Whether somebody looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
pub enum Visibility {
    /// In the foreground.
    Visible,
    /// In the background.
    Hidden,
}
