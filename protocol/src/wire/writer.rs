//! Building an encoded packet piece by piece.

use serde_json::value::RawValue;

use super::{EncodeError, MAX_ACK_ID, MessageFrame, Namespace, PacketKind};
use crate::json;

/// A frame under construction; always UTF-8.
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn without_id(kind: PacketKind, attachments: usize, nsp: Namespace<'_>) -> Self {
        let mut writer = Self(vec![b'4', kind.digit()]);
        if matches!(kind, PacketKind::BinaryEvent | PacketKind::BinaryAck) {
            writer.text(&attachments.to_string());
            writer.push('-');
        }
        if nsp != Namespace::ROOT {
            writer.text(nsp.as_str());
            writer.push(',');
        }
        writer
    }

    pub(super) fn new(
        kind: PacketKind,
        attachments: usize,
        nsp: Namespace<'_>,
        id: Option<u64>,
    ) -> Result<Self, EncodeError> {
        let mut writer = Self::without_id(kind, attachments, nsp);
        match id {
            Some(id) if id > MAX_ACK_ID => return Err(EncodeError::AckId(id)),
            Some(id) => writer.text(&id.to_string()),
            None => {}
        }
        Ok(writer)
    }

    pub(super) fn push(&mut self, ascii: char) {
        self.0.push(ascii as u8);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(super) fn string(&mut self, text: &str) {
        self.json(text).expect("a string always serialises into memory");
    }

    pub(super) fn json<T: json::Encode + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        json::append(&mut self.0, value).map_err(EncodeError::Payload)
    }

    /// Leaves out what serialises to `null`.
    pub(super) fn object_or_null<T: json::Encode + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        let start = self.0.len();
        self.json(value)?;
        match &self.0[start..] {
            b"null" => self.0.truncate(start),
            [b'{', ..] => {}
            _ => return Err(EncodeError::ConnectData),
        }
        Ok(())
    }

    /// Ends an open array that has an element already: turns the `[` of `args` into its comma.
    pub(super) fn array_tail<T: json::Encode + ?Sized>(&mut self, args: &T) -> Result<(), EncodeError> {
        let start = self.0.len();
        self.json(args)?;
        match &self.0[start..] {
            [b'[', inner @ .., b']'] if inner.trim_ascii().is_empty() => {
                self.0.truncate(start);
                self.push(']');
            }
            [b'[', ..] => self.0[start] = b',',
            _ => return Err(EncodeError::Args),
        }
        Ok(())
    }

    pub(super) fn raw_array(mut self, name: Option<&str>, args: &[&RawValue]) -> Self {
        self.push('[');
        if let Some(name) = name {
            self.string(name);
        }
        for (index, arg) in args.iter().enumerate() {
            if index > 0 || name.is_some() {
                self.push(',');
            }
            self.text(arg.get());
        }
        self.push(']');
        self
    }

    pub(super) fn finish(self) -> MessageFrame {
        let text = String::from_utf8(self.0).expect("every piece was written from a string");
        MessageFrame(text)
    }
}
