//! Listens in on what servers say to a device: a client would hide what was not for it.

use std::sync::Arc;

use roomcast_protocol::{
    event::NewMessage,
    wire::{EnginePacket, Packet},
};

use crate::book::{Book, Heard, now_us};

/// One connection, as it comes from the server. Only WebSockets are understood; the rest passes unheard.
#[derive(Debug)]
pub struct Wiretap {
    device: usize,
    book: Arc<Book>,
    bytes: Vec<u8>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Head,
    Frames,
    Deaf,
}

impl Wiretap {
    /// Of a connection of this device.
    #[must_use]
    pub const fn new(device: usize, book: Arc<Book>) -> Self {
        Self { device, book, bytes: Vec::new(), state: State::Head }
    }

    /// Hears bytes.
    pub fn hear(&mut self, bytes: &[u8]) {
        if self.state == State::Deaf {
            return;
        }
        self.bytes.extend_from_slice(bytes);
        if self.state == State::Head {
            let Some(end) = self.bytes.windows(4).position(|end| end == b"\r\n\r\n") else { return };
            let upgraded = self.bytes.starts_with(b"HTTP/1.1 101");
            self.state = if upgraded { State::Frames } else { State::Deaf };
            self.bytes.drain(..end + 4);
        }
        while let Some((text, length)) = frame(&self.bytes) {
            if let Some(heard) = text.and_then(|text| self.message(text)) {
                self.book.open().heard.push(heard);
            }
            self.bytes.drain(..length);
        }
    }

    fn message(&self, text: &str) -> Option<Heard> {
        if !text.starts_with(r#"42["new-message""#) {
            return None;
        }
        let Ok(EnginePacket::Message(packet)) = EnginePacket::decode_text(text) else { return None };
        let Ok(Packet::Event { args, .. }) = Packet::decode(packet) else { return None };
        let event: NewMessage = serde_json::from_str(args.first()?.get()).ok()?;
        let (room, rev) = (event.message.room_id, event.message.rev);
        Some(Heard { device: self.device, room, rev, at_us: now_us() })
    }
}

/// The text of the first whole frame, if it is one of text, and its length with its head. A server masks nothing.
fn frame(bytes: &[u8]) -> Option<(Option<&str>, usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let (head, length) = match second & 0x7f {
        126 => (4, u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)),
        short => (2, u64::from(short)),
    };
    let end = head + usize::try_from(length).ok()?;
    let payload = bytes.get(head..end)?;
    let text = (first == 0x81).then(|| std::str::from_utf8(payload).ok()).flatten();
    Some((text, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_heard_however_they_are_cut() {
        let message = serde_json::json!({
            "id": "m", "roomId": "r", "userId": "u", "type": "text", "content": "words ".repeat(30), "seq": 4, "rev": 7,
            "version": 1, "createdAt": 1,
        });
        let text = format!(
            "42{}",
            serde_json::json!(["new-message", { "message": message, "user": { "id": "u", "name": "U" }, "rev": 7 }])
        );
        let mut bytes = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n\x81\x012\x81\x7e".to_vec();
        bytes.extend(u16::try_from(text.len()).expect("it is short").to_be_bytes());
        bytes.extend(text.as_bytes());
        for size in [1, 7, bytes.len()] {
            let book = Arc::<Book>::default();
            let mut tap = Wiretap::new(3, Arc::clone(&book));
            bytes.chunks(size).for_each(|chunk| tap.hear(chunk));
            let pages = book.open();
            let [heard] = &pages.heard[..] else { panic!("{:?}", pages.heard) };
            assert_eq!((heard.device, heard.rev.value()), (3, 7));
        }
    }
}
