//! The limits that both sides check, as the server publishes them in `initial-state`.

use crate::json::{FromJson, ToJson};
use serde::{Deserialize, Serialize};

/// Sizes and counts. The server's are in force; a client that was not told uses the defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase", default)]
pub struct Limits {
    /// Longest packet, in bytes.
    pub frame_bytes: u64,
    /// Longest message text, in user-perceived characters.
    pub text_graphemes: u64,
    /// Longest message text, in bytes of UTF-8.
    pub text_bytes: u64,
    /// Longest name of a room or a user, in bytes.
    pub name_bytes: u64,
    /// Longest topic or status text, in bytes.
    pub topic_bytes: u64,
    /// Longest `metadata`, in bytes of JSON.
    pub metadata_bytes: u64,
    /// Most mentions in a message.
    pub mentions: u64,
    /// Most attachments of a message.
    pub attachments: u64,
    /// Most different reactions to a message.
    pub reactions: u64,
    /// Most ids in one list of a command (members, read marks, rooms to synchronise).
    pub ids: u64,
    /// Most items of one page.
    pub page: u64,
    /// Most rooms that a user can be in.
    pub rooms_per_user: u64,
    /// Most commands of one connection that are under way at once.
    pub in_flight: u64,
    /// Commands a second of one connection.
    pub inbound_per_second: u64,
    /// Messages a second of one user.
    pub sends_per_second: u64,
    /// Receipts go by name in rooms of at most so many.
    pub receipts_members: u64,
    /// Presence goes by name in rooms of at most so many.
    pub presence_members: u64,
    /// Typing goes out in rooms of at most so many.
    pub typing_members: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: 128 * 1024,
            text_graphemes: 4_000,
            text_bytes: 16 * 1024,
            name_bytes: 128,
            topic_bytes: 512,
            metadata_bytes: 4 * 1024,
            mentions: 50,
            attachments: 10,
            reactions: 20,
            ids: 1_000,
            page: 100,
            rooms_per_user: 1_000,
            in_flight: 32,
            inbound_per_second: 30,
            sends_per_second: 10,
            receipts_members: 100,
            presence_members: 200,
            typing_members: 1_000,
        }
    }
}

impl Limits {
    /// The same sizes, at rates that nobody reaches: for load tests.
    #[must_use]
    pub fn without_rates(self) -> Self {
        Self { inbound_per_second: 1_000_000, sends_per_second: 1_000_000, ..self }
    }
}
