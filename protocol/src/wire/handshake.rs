//! What an Engine.IO server says first.

use crate::json::{FromJson, ToJson};
use serde::{Deserialize, Serialize};

use super::{DecodeError, Part};

/// The data of an open packet. Fields that we do not know are ignored.
///
/// The numbers are the server's word, unchecked: a client clamps them before it sets a timer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
pub struct Handshake {
    /// The session's id, the `sid` query parameter of later requests.
    pub sid: String,
    /// The transports that the session may move to.
    pub upgrades: Vec<String>,
    /// How often the server sends a ping, in milliseconds.
    #[serde(rename = "pingInterval")]
    pub ping_interval_ms: u64,
    /// How long the server waits for the pong, in milliseconds.
    #[serde(rename = "pingTimeout")]
    pub ping_timeout_ms: u64,
    /// The largest long-polling body that the server takes, in bytes; the first servers of this
    /// revision do not say.
    #[serde(rename = "maxPayload", default, skip_serializing_if = "Option::is_none")]
    pub max_payload_bytes: Option<u64>,
}

impl Handshake {
    pub(super) fn decode(json: &str) -> Result<Self, DecodeError> {
        crate::json::from_str(json).map_err(|error| DecodeError::json(Part::Handshake, &error))
    }

    pub(super) fn encode(&self) -> String {
        crate::json::to_string(self).expect("strings and integers always serialise")
    }
}
