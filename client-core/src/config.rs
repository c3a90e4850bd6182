//! What a client can be told at birth.

use roomcast_protocol::handshake::ClientInfo;
use roomcast_protocol::json::{FromJson, ToJson};
use serde::{Deserialize, Serialize};

use crate::{outbox::SavedItem, time::Millis, trace::Tracing};

/// Settings; the defaults are the ones that the guarantees were measured with.
#[derive(Debug, Clone, Serialize, Deserialize, ToJson, FromJson)]
#[serde(default)]
pub struct Config {
    /// How the program introduces itself to the server.
    pub client: Option<ClientInfo>,
    /// Where the server's Socket.IO lives, with both slashes.
    pub path: String,
    /// Whether a send waits for the shell to have stored it (G-11).
    pub storage: Storage,
    /// From the opening of a socket to `initial-state`, in milliseconds.
    pub connect_timeout_ms: Millis,
    /// How long a command waits for its acknowledgement, in milliseconds.
    pub request_timeout_ms: Millis,
    /// How long a token may take, in milliseconds.
    pub token_timeout_ms: Millis,
    /// The ceiling of the first and of the longest pause between attempts to connect, in milliseconds.
    pub reconnect_ms: (Millis, Millis),
    /// By what connections may be made.
    pub transports: Transports,
    /// The ceiling of the first and of the longest pause between attempts to move from long polling to a WebSocket,
    /// in milliseconds.
    pub upgrade_ms: (Millis, Millis),
    /// Most messages of a room kept without having been asked for; older ones are dropped as new ones come, 128 at a
    /// time. What the user loads or jumps to is kept beyond it, until as many new ones have come again, or until
    /// [`JumpToNewest`](crate::UserCommand::JumpToNewest); a window that is not live is never cut. Of a thread that is
    /// looked at as many are kept.
    pub timeline_messages: usize,
    /// Whether the inputs are recorded, for a replay; [`Client::poll_trace`](crate::Client::poll_trace) gives them.
    #[serde(skip)]
    pub tracing: Option<Tracing>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            client: None,
            path: "/socket.io/".to_owned(),
            storage: Storage::None,
            connect_timeout_ms: 10_000,
            request_timeout_ms: 10_000,
            token_timeout_ms: 10_000,
            reconnect_ms: (500, 30_000),
            transports: Transports::All,
            upgrade_ms: (2_000, 300_000),
            timeline_messages: 5_000,
            tracing: None,
        }
    }
}

/// By what connections may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
pub enum Transports {
    /// A WebSocket first; long polling where none can be had, until one can.
    All,
    /// WebSockets only.
    WebSocket,
    /// Long polling only.
    Polling,
}

/// Whether the shell keeps the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
pub enum Storage {
    /// In memory only: an unacknowledged send dies with the program.
    None,
    /// The shell answers each `Persist` with `Stored`; nothing is sent before.
    Durable,
}

/// What the shell kept of the last run.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToJson, FromJson)]
pub struct Saved {
    /// Sends that had not been acknowledged.
    pub outbox: Vec<SavedItem>,
}
