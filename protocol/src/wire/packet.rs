//! Socket.IO v5 packets.

use std::borrow::Cow;

use crate::json::FromJson;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{DecodeError, Header, Namespace, PacketKind, Part};
use crate::json;

/// One Socket.IO packet, borrowing from the frame that it was read from.
///
/// Arguments are raw JSON: syntactically valid, of unchecked type and depth. Event names are not
/// checked against anything.
#[derive(Debug, Clone)]
pub enum Packet<'a> {
    /// Joins a namespace, or confirms that with the socket's id.
    Connect {
        /// The namespace to join.
        nsp: Namespace<'a>,
        /// The client's `auth`, or the server's `{"sid": …}`; always a JSON object.
        data: Option<&'a RawValue>,
    },
    /// Leaves a namespace.
    Disconnect {
        /// The namespace to leave.
        nsp: Namespace<'a>,
    },
    /// A named event.
    Event {
        /// The event's namespace.
        nsp: Namespace<'a>,
        /// There if the sender wants an [`Ack`](Self::Ack); at most
        /// [`MAX_ACK_ID`](super::MAX_ACK_ID).
        id: Option<u64>,
        /// The event's name.
        name: Cow<'a, str>,
        /// What follows the name.
        args: Vec<&'a RawValue>,
    },
    /// The answer to an event.
    Ack {
        /// The event's namespace.
        nsp: Namespace<'a>,
        /// The event's id.
        id: u64,
        /// The answer; one element in Roomcast.
        args: Vec<&'a RawValue>,
    },
    /// Refuses a connect.
    ConnectError {
        /// The namespace that was asked for.
        nsp: Namespace<'a>,
        /// The reason.
        message: Cow<'a, str>,
        /// Details, where the server gives any.
        data: Option<&'a RawValue>,
    },
    /// A named event whose arguments hold placeholders for the binary frames that follow.
    BinaryEvent {
        /// The event's namespace.
        nsp: Namespace<'a>,
        /// How many binary frames follow, as the sender says: unbounded here.
        attachments: usize,
        /// As in [`Event`](Self::Event).
        id: Option<u64>,
        /// The event's name.
        name: Cow<'a, str>,
        /// What follows the name.
        args: Vec<&'a RawValue>,
    },
    /// An answer whose arguments hold placeholders for the binary frames that follow.
    BinaryAck {
        /// The event's namespace.
        nsp: Namespace<'a>,
        /// How many binary frames follow, as the sender says: unbounded here.
        attachments: usize,
        /// The event's id.
        id: u64,
        /// The answer.
        args: Vec<&'a RawValue>,
    },
}

impl<'a> Packet<'a> {
    /// Reads a packet, given without the leading Engine.IO `4`.
    ///
    /// # Errors
    /// [`DecodeError`] if the header or the JSON is malformed, or the JSON is not what the
    /// packet's type asks for.
    pub fn decode(packet: &'a str) -> Result<Self, DecodeError> {
        Header::decode(packet)?.try_into()
    }

    /// The packet's namespace.
    pub fn nsp(&self) -> Namespace<'a> {
        match self {
            Self::Connect { nsp, .. }
            | Self::Disconnect { nsp }
            | Self::Event { nsp, .. }
            | Self::Ack { nsp, .. }
            | Self::ConnectError { nsp, .. }
            | Self::BinaryEvent { nsp, .. }
            | Self::BinaryAck { nsp, .. } => *nsp,
        }
    }
}

impl<'a> TryFrom<Header<'a>> for Packet<'a> {
    type Error = DecodeError;

    /// Reads the JSON of a packet whose header has been read already.
    fn try_from(header: Header<'a>) -> Result<Self, DecodeError> {
        let Header { kind, attachments, nsp, id, payload } = header;
        Ok(match kind {
            PacketKind::Connect => Self::Connect { nsp, data: connect_data(payload)? },
            PacketKind::Disconnect if payload.is_empty() => Self::Disconnect { nsp },
            PacketKind::Disconnect => {
                return Err(DecodeError::Shape { part: Part::Disconnect });
            }
            PacketKind::Event => {
                let (name, args) = event(payload)?;
                Self::Event { nsp, id, name, args }
            }
            PacketKind::BinaryEvent => {
                let (name, args) = event(payload)?;
                Self::BinaryEvent { nsp, attachments, id, name, args }
            }
            PacketKind::Ack => Self::Ack { nsp, id: id.ok_or(DecodeError::AckId)?, args: parse(payload, Part::Ack)? },
            PacketKind::BinaryAck => Self::BinaryAck {
                nsp,
                attachments,
                id: id.ok_or(DecodeError::AckId)?,
                args: parse(payload, Part::Ack)?,
            },
            PacketKind::ConnectError => {
                let Refusal { message, data } = refusal(payload)?;
                Self::ConnectError { nsp, message, data }
            }
        })
    }
}

#[derive(Deserialize, FromJson)]
struct Refusal<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

/// Newtype so that serde borrows: a bare `Cow<str>` is always read as owned.
#[derive(Deserialize, FromJson)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn connect_data(json: &str) -> Result<Option<&RawValue>, DecodeError> {
    if json.is_empty() {
        return Ok(None);
    }
    let part = Part::Connect;
    let data: &RawValue = parse(json, part)?;
    if data.get().starts_with('{') { Ok(Some(data)) } else { Err(DecodeError::Shape { part }) }
}

fn event(json: &str) -> Result<(Cow<'_, str>, Vec<&RawValue>), DecodeError> {
    let part = Part::Event;
    let mut args: Vec<&RawValue> = parse(json, part)?;
    if args.is_empty() {
        return Err(DecodeError::Shape { part });
    }
    let Text(name) = parse(args.remove(0).get(), part)?;
    Ok((name, args))
}

fn refusal(json: &str) -> Result<Refusal<'_>, DecodeError> {
    let part = Part::ConnectError;
    let raw: &RawValue = parse(json, part)?;
    if raw.get().starts_with('{') {
        return parse(raw.get(), part);
    }
    // Servers before Socket.IO v5 send the message alone.
    let Text(message) = parse(raw.get(), part)?;
    Ok(Refusal { message, data: None })
}

fn parse<'a, T: json::Decode<'a>>(text: &'a str, part: Part) -> Result<T, DecodeError> {
    json::from_str(text).map_err(|error| DecodeError::json(part, &error))
}
