//! Writing Socket.IO packets straight from what is to be sent, without a JSON tree in between.
//!
//! The `encode_*` functions speak on [`Namespace::ROOT`] unless they take another one;
//! [`Packet::encode`] writes any packet.

use super::{EncodeError, EnginePacket, Namespace, Packet, PacketKind, writer::Writer};
use crate::json;

/// An encoded Socket.IO packet, readable with and without its leading Engine.IO `4`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFrame(pub(super) String);

impl MessageFrame {
    /// With the leading `4`: the text of a WebSocket frame.
    pub fn as_frame(&self) -> &str {
        &self.0
    }

    /// Without the leading `4`: the Socket.IO packet alone.
    pub fn as_packet(&self) -> &str {
        &self.0[1..]
    }

    /// With the leading `4`, owned, without a copy.
    pub fn into_frame(self) -> String {
        self.0
    }

    /// Without the leading `4`, owned.
    pub fn into_packet(mut self) -> String {
        self.0.remove(0);
        self.0
    }

    /// The Engine.IO packet to put into a long-polling body.
    pub fn engine_packet(&self) -> EnginePacket<'_> {
        EnginePacket::Message(self.as_packet())
    }
}

/// An event with one argument; `id` asks for an ack.
///
/// # Errors
/// [`EncodeError`] if `payload` does not serialise or `id` exceeds
/// [`MAX_ACK_ID`](super::MAX_ACK_ID).
pub fn encode_event<T: json::Encode + ?Sized>(
    name: &str,
    payload: &T,
    id: Option<u64>,
) -> Result<MessageFrame, EncodeError> {
    let mut writer = Writer::new(PacketKind::Event, 0, Namespace::ROOT, id)?;
    writer.push('[');
    writer.string(name);
    writer.push(',');
    writer.json(payload)?;
    writer.push(']');
    Ok(writer.finish())
}

/// An event with any number of arguments: `args` is whatever serialises to a JSON array, such as
/// a tuple or a slice.
///
/// # Errors
/// [`EncodeError`] if `args` does not serialise or not to an array, or `id` exceeds
/// [`MAX_ACK_ID`](super::MAX_ACK_ID).
pub fn encode_event_args<T: json::Encode + ?Sized>(
    name: &str,
    args: &T,
    id: Option<u64>,
) -> Result<MessageFrame, EncodeError> {
    let mut writer = Writer::new(PacketKind::Event, 0, Namespace::ROOT, id)?;
    writer.push('[');
    writer.string(name);
    writer.array_tail(args)?;
    Ok(writer.finish())
}

/// The answer to the event with this `id`, with one argument.
///
/// # Errors
/// [`EncodeError`] if `payload` does not serialise or `id` exceeds
/// [`MAX_ACK_ID`](super::MAX_ACK_ID).
pub fn encode_ack<T: json::Encode + ?Sized>(id: u64, payload: &T) -> Result<MessageFrame, EncodeError> {
    let mut writer = Writer::new(PacketKind::Ack, 0, Namespace::ROOT, Some(id))?;
    writer.push('[');
    writer.json(payload)?;
    writer.push(']');
    Ok(writer.finish())
}

/// Joins a namespace (or confirms that). Data that serialises to `null`, such as `()`, is left out.
///
/// # Errors
/// [`EncodeError`] if `auth` does not serialise, or to neither an object nor `null`.
pub fn encode_connect<T: json::Encode + ?Sized>(nsp: Namespace<'_>, auth: &T) -> Result<MessageFrame, EncodeError> {
    let mut writer = Writer::new(PacketKind::Connect, 0, nsp, None)?;
    writer.object_or_null(auth)?;
    Ok(writer.finish())
}

/// Refuses a connect.
pub fn encode_connect_error(message: &str) -> MessageFrame {
    let mut writer = Writer::without_id(PacketKind::ConnectError, 0, Namespace::ROOT);
    writer.text("{\"message\":");
    writer.string(message);
    writer.push('}');
    writer.finish()
}

/// Leaves the namespace.
pub fn encode_disconnect() -> MessageFrame {
    Writer::without_id(PacketKind::Disconnect, 0, Namespace::ROOT).finish()
}

impl Packet<'_> {
    /// Writes the packet. The binary frames that a binary packet announces are the caller's to
    /// send after it.
    ///
    /// # Errors
    /// [`EncodeError`] if an ack id exceeds [`MAX_ACK_ID`](super::MAX_ACK_ID) or connect data is
    /// not an object.
    pub fn encode(&self) -> Result<MessageFrame, EncodeError> {
        let writer = match self {
            Self::Connect { nsp, data } => return encode_connect(*nsp, data),
            Self::Disconnect { nsp } => Writer::without_id(PacketKind::Disconnect, 0, *nsp),
            Self::ConnectError { nsp, message, data } => {
                let mut writer = Writer::without_id(PacketKind::ConnectError, 0, *nsp);
                writer.text("{\"message\":");
                writer.string(message);
                if let Some(data) = data {
                    writer.text(",\"data\":");
                    writer.text(data.get());
                }
                writer.push('}');
                writer
            }
            Self::Event { nsp, id, name, args } => {
                Writer::new(PacketKind::Event, 0, *nsp, *id)?.raw_array(Some(name), args)
            }
            Self::BinaryEvent { nsp, attachments, id, name, args } => {
                Writer::new(PacketKind::BinaryEvent, *attachments, *nsp, *id)?.raw_array(Some(name), args)
            }
            Self::Ack { nsp, id, args } => Writer::new(PacketKind::Ack, 0, *nsp, Some(*id))?.raw_array(None, args),
            Self::BinaryAck { nsp, attachments, id, args } => {
                Writer::new(PacketKind::BinaryAck, *attachments, *nsp, Some(*id))?.raw_array(None, args)
            }
        };
        Ok(writer.finish())
    }
}
