//! Putting binary packets together: a text packet and the binary frames that follow it.
//!
//! Roomcast's own events carry no binary data. This reads what other Socket.IO peers may send,
//! within bounds.

use crate::json::small::{FromJson, Malformed, Reader};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{DecodeError, Packet, WireLimits};

/// Collects the attachments of one packet at a time.
///
/// After an error nothing is pending: the packet under assembly is dropped, and the connection
/// with it, if the caller is wise.
#[derive(Debug, Clone)]
pub struct Assembler {
    limits: WireLimits,
    pending: Option<Pending>,
}

#[derive(Debug, Clone)]
struct Pending {
    packet: BinaryPacket,
    announced: usize,
}

/// What a text packet was.
#[derive(Debug, Clone)]
pub enum Incoming<'a> {
    /// A whole packet: one without attachments.
    Packet(Packet<'a>),
    /// The start of a binary packet, kept until its attachments are here.
    Pending,
}

/// A binary packet with all its attachments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinaryPacket {
    text: String,
    attachments: Vec<Vec<u8>>,
}

/// One argument of a binary packet.
#[derive(Debug, Clone, Copy)]
pub enum Arg<'a> {
    /// JSON, which may hold [`Placeholder`]s further down.
    Json(&'a RawValue),
    /// An attachment.
    Bytes(&'a [u8]),
}

/// What stands in the JSON where an attachment belongs: `{"_placeholder":true,"num":0}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawPlaceholder")]
pub struct Placeholder {
    /// The attachment's place, counted from 0.
    pub num: usize,
}

impl Assembler {
    /// An assembler with nothing pending.
    pub fn new(limits: WireLimits) -> Self {
        Self { limits, pending: None }
    }

    /// Takes a Socket.IO packet's text, without the leading Engine.IO `4`.
    ///
    /// # Errors
    /// [`DecodeError`] if the packet is malformed or above the limits, or if the packet before it
    /// still waits for attachments.
    pub fn handle_text<'a>(&mut self, packet: &'a str) -> Result<Incoming<'a>, DecodeError> {
        if self.pending.take().is_some() {
            return Err(DecodeError::TextMidAssembly);
        }
        self.check_size(packet.len())?;
        let decoded = Packet::decode(packet)?;
        let announced = match decoded {
            Packet::BinaryEvent { attachments, .. } | Packet::BinaryAck { attachments, .. } => attachments,
            _ => 0,
        };
        if announced == 0 {
            return Ok(Incoming::Packet(decoded));
        }
        if announced > self.limits.max_attachments {
            return Err(DecodeError::TooManyAttachments { announced, max: self.limits.max_attachments });
        }
        self.pending = Some(Pending {
            packet: BinaryPacket { text: packet.to_owned(), attachments: Vec::with_capacity(announced) },
            announced,
        });
        Ok(Incoming::Pending)
    }

    /// Takes an attachment, and gives the packet back when it was the last one.
    ///
    /// # Errors
    /// [`DecodeError`] if no packet waits for it or it is above the limits.
    pub fn handle_binary(&mut self, bytes: &[u8]) -> Result<Option<BinaryPacket>, DecodeError> {
        let mut pending = self.pending.take().ok_or(DecodeError::StrayAttachment)?;
        self.check_size(bytes.len())?;
        pending.packet.attachments.push(bytes.to_owned());
        if pending.packet.attachments.len() == pending.announced {
            return Ok(Some(pending.packet));
        }
        self.pending = Some(pending);
        Ok(None)
    }

    /// Whether a packet waits for attachments.
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    fn check_size(&self, bytes: usize) -> Result<(), DecodeError> {
        let max_bytes = self.limits.max_frame_bytes;
        if bytes > max_bytes {
            return Err(DecodeError::TooLarge { bytes, max_bytes });
        }
        Ok(())
    }
}

impl BinaryPacket {
    /// The packet as it was sent, with placeholders in its arguments.
    ///
    /// # Errors
    /// None in practice: the [`Assembler`] has decoded the same text before.
    pub fn packet(&self) -> Result<Packet<'_>, DecodeError> {
        Packet::decode(&self.text)
    }

    /// The attachments in order.
    pub fn attachments(&self) -> &[Vec<u8>] {
        &self.attachments
    }

    /// The attachment that a placeholder stands for.
    ///
    /// # Errors
    /// [`DecodeError::Placeholder`] if there is none of that number.
    pub fn resolve(&self, placeholder: Placeholder) -> Result<&[u8], DecodeError> {
        let Placeholder { num } = placeholder;
        match self.attachments.get(num) {
            Some(bytes) => Ok(bytes),
            None => Err(DecodeError::Placeholder { num }),
        }
    }

    /// The packet's arguments, with every argument that is a placeholder replaced by its
    /// attachment. Placeholders inside an argument's JSON are left to whoever parses it, who reads
    /// them as [`Placeholder`] and calls [`resolve`](Self::resolve).
    ///
    /// # Errors
    /// [`DecodeError::Placeholder`] if one points past the attachments.
    pub fn args(&self) -> Result<Vec<Arg<'_>>, DecodeError> {
        let args = match self.packet()? {
            Packet::BinaryEvent { args, .. } | Packet::BinaryAck { args, .. } => args,
            _ => Vec::new(),
        };
        args.into_iter()
            .map(|json| match crate::json::from_str(json.get()) {
                Ok(placeholder) => self.resolve(placeholder).map(Arg::Bytes),
                Err(_) => Ok(Arg::Json(json)),
            })
            .collect()
    }
}

#[derive(Deserialize, FromJson)]
#[serde(deny_unknown_fields)]
struct RawPlaceholder {
    #[serde(rename = "_placeholder")]
    marker: bool,
    num: usize,
}

impl FromJson<'_> for Placeholder {
    fn blank() -> Self {
        Self { num: 0 }
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        *self = RawPlaceholder::take(reader)?.try_into().map_err(|_| Malformed)?;
        Ok(())
    }
}

impl TryFrom<RawPlaceholder> for Placeholder {
    type Error = &'static str;

    fn try_from(raw: RawPlaceholder) -> Result<Self, Self::Error> {
        if raw.marker { Ok(Self { num: raw.num }) } else { Err("not a placeholder") }
    }
}
