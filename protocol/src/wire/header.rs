//! The part of a Socket.IO packet that stands before its JSON.
//!
//! `<type>[<attachments>-][<namespace>,][<ack id>][<JSON>]`

use super::{DecodeError, Namespace};

/// The largest ack id: 2^53 − 1, the last integer that JavaScript holds exactly.
pub const MAX_ACK_ID: u64 = (1 << 53) - 1;

/// The type of a Socket.IO packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketKind {
    /// `0`: joins a namespace, or confirms that.
    Connect,
    /// `1`: leaves a namespace.
    Disconnect,
    /// `2`: a named event.
    Event,
    /// `3`: the answer to an event that carried an ack id.
    Ack,
    /// `4`: refuses a connect.
    ConnectError,
    /// `5`: an event followed by binary frames.
    BinaryEvent,
    /// `6`: an answer followed by binary frames.
    BinaryAck,
}

impl PacketKind {
    pub(super) fn digit(self) -> u8 {
        match self {
            Self::Connect => b'0',
            Self::Disconnect => b'1',
            Self::Event => b'2',
            Self::Ack => b'3',
            Self::ConnectError => b'4',
            Self::BinaryEvent => b'5',
            Self::BinaryAck => b'6',
        }
    }

    fn from_digit(digit: &str) -> Option<Self> {
        Some(match digit {
            "0" => Self::Connect,
            "1" => Self::Disconnect,
            "2" => Self::Event,
            "3" => Self::Ack,
            "4" => Self::ConnectError,
            "5" => Self::BinaryEvent,
            "6" => Self::BinaryAck,
            _ => return None,
        })
    }
}

/// A Socket.IO packet whose JSON has not been looked at.
///
/// Enough to route a packet, to match an ack with its request, or to count traffic by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// The packet's type.
    pub kind: PacketKind,
    /// How many binary frames follow; 0 for kinds that have none.
    pub attachments: usize,
    /// The namespace, [`Namespace::ROOT`] where the packet names none.
    pub nsp: Namespace<'a>,
    /// The ack id, at most [`MAX_ACK_ID`]. Always there for acks, never for connects,
    /// disconnects and connect errors.
    pub id: Option<u64>,
    /// The rest of the packet: its JSON, unchecked, or nothing.
    pub payload: &'a str,
}

impl<'a> Header<'a> {
    /// Reads the header of a Socket.IO packet, given without the leading Engine.IO `4`.
    ///
    /// # Errors
    /// [`DecodeError`] if the type is unknown, a binary packet has no attachment count, or the ack
    /// id is too large, missing from an ack or on a packet that can have none.
    pub fn decode(packet: &'a str) -> Result<Self, DecodeError> {
        if packet.is_empty() {
            return Err(DecodeError::Empty);
        }
        let (kind, rest) = packet
            .split_at_checked(1)
            .and_then(|(digit, rest)| Some((PacketKind::from_digit(digit)?, rest)))
            .ok_or(DecodeError::PacketType)?;
        let (attachments, rest) = match kind {
            PacketKind::BinaryEvent | PacketKind::BinaryAck => split_attachments(rest)?,
            _ => (0, rest),
        };
        let (nsp, rest) = Namespace::split_from(rest);
        let (id, payload) = split_id(rest)?;
        let fits = match kind {
            PacketKind::Event | PacketKind::BinaryEvent => true,
            PacketKind::Ack | PacketKind::BinaryAck => id.is_some(),
            PacketKind::Connect | PacketKind::Disconnect | PacketKind::ConnectError => id.is_none(),
        };
        if !fits {
            return Err(DecodeError::AckId);
        }
        Ok(Self { kind, attachments, nsp, id, payload })
    }
}

fn split_attachments(text: &str) -> Result<(usize, &str), DecodeError> {
    let (digits, rest) = split_digits(text);
    let count = digits.parse().ok();
    count.zip(rest.strip_prefix('-')).ok_or(DecodeError::AttachmentCount)
}

fn split_id(text: &str) -> Result<(Option<u64>, &str), DecodeError> {
    let (digits, rest) = split_digits(text);
    if digits.is_empty() {
        return Ok((None, rest));
    }
    match digits.parse() {
        Ok(id) if id <= MAX_ACK_ID => Ok((Some(id), rest)),
        _ => Err(DecodeError::AckId),
    }
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}
