//! A session as a file: every input with the effects that it had, so that it can be replayed and looked at.
//!
//! The core is deterministic: what it was told decides what it does, byte for byte. A recording is JSON lines: the
//! arguments of [`Client::new`](crate::Client::new), then one line an input. [`Replay`] feeds them to a new core
//! and names the first difference.
//!
//! Tokens never get into a recording: each is replaced by a placeholder of its own wherever it stands, in inputs
//! and in effects alike, so that the core with the placeholder does what it did with the token. With
//! [`Redaction::SecretsAndText`] the words of people are masked the same way.

mod recorder;
mod redact;
mod replay;

use roomcast_protocol::Command;
use roomcast_protocol::json::small::{FromJson, Malformed, Reader, ToJson, Writer};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::value::RawValue;

pub(crate) use recorder::Recorder;
pub use replay::{Replay, Step, TraceError};

/// The version of the format.
const FORMAT: u32 = 1;

/// How a session is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tracing {
    /// What does not get into it.
    pub redaction: Redaction,
    /// Lines that nobody polls are kept up to so many bytes; beyond, the recording ends.
    pub buffer_bytes: usize,
}

impl Tracing {
    /// A recording with a buffer of 16 MiB.
    #[must_use]
    pub const fn new(redaction: Redaction) -> Self {
        Self { redaction, buffer_bytes: 16 << 20 }
    }
}

/// What does not get into a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
pub enum Redaction {
    /// Tokens.
    Secrets,
    /// Tokens, and the letters and digits of what people write: messages, attachments' names and addresses,
    /// metadata, topics, presence texts, searches and reasons. Ids and names stay.
    SecretsAndText,
}

/// A command with its name, which its payload alone does not tell.
pub(crate) mod command {
    use super::*;

    #[derive(Serialize, ToJson)]
    struct Named<'a> {
        name: &'a str,
        payload: &'a Command,
    }

    #[derive(Deserialize, FromJson)]
    struct Raw {
        name: String,
        payload: Box<RawValue>,
    }

    pub(crate) fn write(command: &Command, writer: &mut Writer) {
        Named { name: command.kind().name(), payload: command }.write(writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Box<Command>, Malformed> {
        let Raw { name, payload } = Raw::take(reader)?;
        let kind = roomcast_protocol::CommandKind::parse(&name).ok_or(Malformed)?;
        Command::decode(kind, payload.get()).map(Box::new).map_err(|_| Malformed)
    }

    pub(crate) fn serialize<S: Serializer>(command: &Command, serializer: S) -> Result<S::Ok, S::Error> {
        Named { name: command.kind().name(), payload: command }.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<Command>, D::Error> {
        let Raw { name, payload } = Raw::deserialize(deserializer)?;
        let kind = roomcast_protocol::CommandKind::parse(&name);
        let kind = kind.ok_or_else(|| D::Error::custom(format!("unable to read {name}; there is no such command")))?;
        Command::decode(kind, payload.get()).map(Box::new).map_err(D::Error::custom)
    }
}
