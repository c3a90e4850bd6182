//! The wire codec: any bytes give a value or an error, and what was read is written and read again alike.

use roomcast_protocol::wire::{Assembler, EnginePacket, Header, Packet, WireLimits, WsFrame, decode_payload};

/// Feeds bytes to every decoder.
///
/// # Panics
/// Where a decoder does, or where a round trip changes something.
pub fn wire(data: &[u8]) {
    let limits = WireLimits::default();
    let _ = EnginePacket::decode_binary(data);
    let mut assembler = Assembler::new(limits);
    let _ = assembler.handle_binary(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(packet) = EnginePacket::decode_text(text) {
        match packet.encode() {
            WsFrame::Text(again) => assert_eq!(EnginePacket::decode_text(&again), Ok(packet.clone())),
            WsFrame::Binary(again) => assert_eq!(EnginePacket::decode_binary(again), packet),
        }
    }
    let _ = decode_payload(text, &limits);
    let _ = Header::decode(text);
    if let Ok(packet) = Packet::decode(text)
        && let Ok(again) = packet.encode()
    {
        // Raw JSON has no equality; its text must come back as it was.
        let read = Packet::decode(again.as_packet()).expect("what we wrote can be read");
        assert_eq!(format!("{read:?}"), format!("{packet:?}"));
    }
    // A packet, then an attachment of the same bytes, then a packet again: whatever state that leaves.
    let _ = assembler.handle_text(text);
    let _ = assembler.handle_binary(data);
    let _ = assembler.handle_text(text);
}
