//! Engine.IO v4 packets, and how a WebSocket carries them: one packet a frame.

use std::borrow::Cow;

use super::{DecodeError, Handshake};

const PROBE: &str = "probe";

/// One Engine.IO packet, borrowing from the frame or body that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnginePacket<'a> {
    /// `0`: the server opens the session.
    Open(Handshake),
    /// `1`: either side ends the session.
    Close,
    /// `2`: the server asks for a sign of life, or a client tests a new transport.
    Ping(Heartbeat),
    /// `3`: the answer to a ping.
    Pong(Heartbeat),
    /// `4`: a Socket.IO packet, without the `4`.
    Message(&'a str),
    /// `5`: the client has moved to the transport that it tested.
    Upgrade,
    /// `6`: nothing; ends a long-polling request.
    Noop,
    /// An attachment: a binary frame on a WebSocket, `b` and base64 in a long-polling body.
    Binary(Cow<'a, [u8]>),
}

/// What a ping or pong is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heartbeat {
    /// A sign of life.
    Beat,
    /// The test of a transport that the session may move to: `2probe`, `3probe`.
    Probe,
}

/// A WebSocket frame to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WsFrame<'a> {
    /// A text frame.
    Text(Cow<'a, str>),
    /// A binary frame.
    Binary(&'a [u8]),
}

impl<'a> EnginePacket<'a> {
    /// Reads a WebSocket text frame.
    ///
    /// Data after a packet that has none is ignored, as the reference implementation does.
    ///
    /// # Errors
    /// [`DecodeError`] if the frame is empty, of unknown type, or opens with a malformed handshake.
    pub fn decode_text(frame: &'a str) -> Result<Self, DecodeError> {
        if frame.is_empty() {
            return Err(DecodeError::Empty);
        }
        let (kind, data) = frame.split_at_checked(1).ok_or(DecodeError::EngineType)?;
        Ok(match kind {
            "0" => Self::Open(Handshake::decode(data)?),
            "1" => Self::Close,
            "2" => Self::Ping(Heartbeat::from_data(data)),
            "3" => Self::Pong(Heartbeat::from_data(data)),
            "4" => Self::Message(data),
            "5" => Self::Upgrade,
            "6" => Self::Noop,
            _ => return Err(DecodeError::EngineType),
        })
    }

    /// Reads a WebSocket binary frame: all of it is one attachment.
    pub fn decode_binary(frame: &'a [u8]) -> Self {
        Self::Binary(Cow::Borrowed(frame))
    }

    /// The WebSocket frame that carries this packet.
    pub fn encode(&self) -> WsFrame<'_> {
        WsFrame::Text(match self {
            Self::Open(handshake) => format!("0{}", handshake.encode()).into(),
            Self::Close => "1".into(),
            Self::Ping(Heartbeat::Beat) => "2".into(),
            Self::Ping(Heartbeat::Probe) => "2probe".into(),
            Self::Pong(Heartbeat::Beat) => "3".into(),
            Self::Pong(Heartbeat::Probe) => "3probe".into(),
            Self::Message(text) => format!("4{text}").into(),
            Self::Upgrade => "5".into(),
            Self::Noop => "6".into(),
            Self::Binary(bytes) => return WsFrame::Binary(bytes),
        })
    }
}

impl Heartbeat {
    fn from_data(data: &str) -> Self {
        if data == PROBE { Self::Probe } else { Self::Beat }
    }
}
