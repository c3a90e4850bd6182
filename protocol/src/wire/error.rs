//! Why a frame could not be read or written.
//!
//! A [`DecodeError`] carries positions and counts but none of the peer's text, so that logging one
//! never logs what a user wrote or a token.

use std::fmt;

use thiserror::Error;

use crate::json;

/// The part of a frame that was being decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The JSON of an Engine.IO open packet.
    Handshake,
    /// The data of a CONNECT packet.
    Connect,
    /// The (absent) data of a DISCONNECT packet.
    Disconnect,
    /// The arguments of an EVENT or BINARY_EVENT packet.
    Event,
    /// The arguments of an ACK or BINARY_ACK packet.
    Ack,
    /// The data of a CONNECT_ERROR packet.
    ConnectError,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Handshake => "handshake",
            Self::Connect => "connect data",
            Self::Disconnect => "disconnect",
            Self::Event => "event arguments",
            Self::Ack => "ack arguments",
            Self::ConnectError => "connect error",
        })
    }
}

/// Why a peer's input is not a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A frame, or one packet of a long-polling body, has no bytes.
    #[error("unable to decode frame; it is empty")]
    Empty,
    /// A frame, long-polling body or attachment is above its limit.
    #[error("unable to decode frame; {bytes} bytes exceed the limit of {max_bytes}")]
    TooLarge {
        /// The input's length.
        bytes: usize,
        /// [`WireLimits::max_frame_bytes`](super::WireLimits::max_frame_bytes).
        max_bytes: usize,
    },
    /// A long-polling body has more packets than its limit.
    #[error("unable to decode polling payload; it holds more than {max} packets")]
    TooManyPackets {
        /// [`WireLimits::max_packets`](super::WireLimits::max_packets).
        max: usize,
    },
    /// The first character names no Engine.IO packet type.
    #[error("unable to decode engine packet; its type is unknown")]
    EngineType,
    /// A binary packet of a long-polling body is not base64.
    #[error("unable to decode binary packet; it is not base64")]
    Base64,
    /// The first character names no Socket.IO packet type.
    #[error("unable to decode packet; its type is unknown")]
    PacketType,
    /// A binary packet does not start with a count of attachments and a hyphen.
    #[error("unable to decode packet; its attachment count is malformed")]
    AttachmentCount,
    /// An ack id is 2^53 or more, is missing, or stands where none belongs.
    #[error("unable to decode packet; its ack id is missing, misplaced or too large")]
    AckId,
    /// The JSON is malformed.
    #[error("unable to decode {part}; malformed JSON at line {line}, column {column}")]
    Json {
        /// What was being decoded.
        part: Part,
        /// Counted from 1, within the JSON.
        line: usize,
        /// Counted from 1, within the line; 0 where the JSON is empty.
        column: usize,
    },
    /// The JSON is well-formed but not what the packet's type asks for.
    #[error("unable to decode {part}; the JSON has the wrong shape")]
    Shape {
        /// What was being decoded.
        part: Part,
    },
    /// A packet announces more attachments than its limit.
    #[error("unable to assemble packet; {announced} attachments exceed the limit of {max}")]
    TooManyAttachments {
        /// How many the packet announces.
        announced: usize,
        /// [`WireLimits::max_attachments`](super::WireLimits::max_attachments).
        max: usize,
    },
    /// A text frame arrived while a packet still waits for attachments.
    #[error("unable to assemble packet; text arrived before its last attachment")]
    TextMidAssembly,
    /// A binary frame arrived while no packet waits for attachments.
    #[error("unable to assemble packet; an attachment arrived without a packet")]
    StrayAttachment,
    /// A placeholder points past the packet's attachments.
    #[error("unable to resolve placeholder; the packet has no attachment {num}")]
    Placeholder {
        /// The placeholder's number.
        num: usize,
    },
}

impl DecodeError {
    pub(super) fn json(part: Part, error: &json::Error) -> Self {
        if error.is_data() {
            Self::Shape { part }
        } else {
            Self::Json { part, line: error.line(), column: error.column() }
        }
    }
}

/// Why a packet cannot be written: always a mistake of the caller, never of the peer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A payload's `Serialize` failed.
    #[error("unable to encode payload; {0}")]
    Payload(json::Error),
    /// An ack id is 2^53 or more, which JavaScript cannot hold.
    #[error("unable to encode packet; ack id {0} is not below 2^53")]
    AckId(u64),
    /// A namespace does not start with `/`, or holds a comma.
    #[error("unable to encode packet; a namespace starts with a slash and holds no comma")]
    Namespace,
    /// A list of arguments does not serialise to a JSON array.
    #[error("unable to encode event; its arguments are not a sequence")]
    Args,
    /// The data of a CONNECT packet serialises to something else than an object or null.
    #[error("unable to encode connect; its data is not an object")]
    ConnectData,
    /// A message holds the character that separates the packets of a long-polling body.
    #[error("unable to encode polling payload; a message holds the separator U+001E")]
    Separator,
    /// A packet alone is above the peer's limit for a long-polling body.
    #[error("unable to encode polling payload; a packet of {bytes} bytes exceeds {max_bytes}")]
    TooLarge {
        /// The encoded packet's length.
        bytes: usize,
        /// The limit that the caller gave.
        max_bytes: usize,
    },
}
