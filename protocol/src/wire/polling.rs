//! How HTTP long-polling carries Engine.IO packets: many in one body, separated by U+001E, binary
//! ones as `b` and base64.

use std::borrow::Cow;

use super::{DecodeError, EncodeError, EnginePacket, WireLimits, WsFrame};
use crate::base64::{self, Alphabet};

/// Stands between the packets of a body; JSON always escapes it.
pub const SEPARATOR: char = '\u{1e}';
const BINARY: char = 'b';

/// Reads a long-polling body: all its packets, or none of them.
///
/// # Errors
/// [`DecodeError`] if the body is above `limits` or any of its packets is malformed; an empty body
/// holds one empty, hence malformed, packet.
pub fn decode_payload<'a>(body: &'a str, limits: &WireLimits) -> Result<Vec<EnginePacket<'a>>, DecodeError> {
    if body.len() > limits.max_frame_bytes {
        return Err(DecodeError::TooLarge { bytes: body.len(), max_bytes: limits.max_frame_bytes });
    }
    let mut packets = Vec::new();
    for text in body.split(SEPARATOR) {
        if packets.len() == limits.max_packets {
            return Err(DecodeError::TooManyPackets { max: limits.max_packets });
        }
        packets.push(decode_packet(text)?);
    }
    Ok(packets)
}

/// Writes all `packets` into one body.
///
/// # Errors
/// [`EncodeError::Separator`] if a message holds U+001E, which JSON always escapes.
pub fn encode_payload(packets: &[EnginePacket<'_>]) -> Result<String, EncodeError> {
    encode_payload_within(packets, usize::MAX).map(|(body, _)| body)
}

/// Writes as many `packets`, in order, as fit into a body of `max_payload_bytes`, and gives back
/// the rest for the next body.
///
/// # Errors
/// [`EncodeError::TooLarge`] if the first packet does not fit into a body of its own, and
/// [`EncodeError::Separator`] as [`encode_payload`].
pub fn encode_payload_within<'p, 'a>(
    packets: &'p [EnginePacket<'a>],
    max_payload_bytes: usize,
) -> Result<(String, &'p [EnginePacket<'a>]), EncodeError> {
    let mut body = String::new();
    for (index, packet) in packets.iter().enumerate() {
        let end = body.len();
        if index > 0 {
            body.push(SEPARATOR);
        }
        push_packet(&mut body, packet)?;
        if body.len() <= max_payload_bytes {
            continue;
        }
        if index == 0 {
            return Err(EncodeError::TooLarge { bytes: body.len(), max_bytes: max_payload_bytes });
        }
        body.truncate(end);
        return Ok((body, &packets[index..]));
    }
    Ok((body, &[]))
}

fn decode_packet(text: &str) -> Result<EnginePacket<'_>, DecodeError> {
    match text.strip_prefix(BINARY) {
        Some(text) => base64::decode(Alphabet::Standard, text)
            .map(|bytes| EnginePacket::Binary(Cow::Owned(bytes)))
            .ok_or(DecodeError::Base64),
        None => EnginePacket::decode_text(text),
    }
}

fn push_packet(body: &mut String, packet: &EnginePacket<'_>) -> Result<(), EncodeError> {
    match packet.encode() {
        WsFrame::Text(text) if text.contains(SEPARATOR) => return Err(EncodeError::Separator),
        WsFrame::Text(text) => body.push_str(&text),
        WsFrame::Binary(bytes) => {
            body.push(BINARY);
            base64::encode(Alphabet::Standard, bytes, body);
        }
    }
    Ok(())
}
