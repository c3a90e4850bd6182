//! The wire: Engine.IO v4 and Socket.IO v5, encoded and decoded without a session.
//!
//! Every function here maps text or bytes to values or back, for both roles, and keeps nothing
//! between calls ([`Assembler`] aside, which is a value that its caller owns). Three layers, from
//! the outside in:
//!
//! 1. [`EnginePacket`] is one Engine.IO packet, as a WebSocket frame carries it;
//!    [`decode_payload`] and [`encode_payload`] carry many in one long-polling body.
//! 2. [`Header`] is the part of a Socket.IO packet before its JSON: enough to route it.
//! 3. [`Packet`] is the whole Socket.IO packet. Its arguments stay raw JSON, borrowed from the
//!    frame, until somebody who knows their type parses them.
//!
//! What holds for every decoder: any input gives a value or a [`DecodeError`], never a panic; the
//! time taken is linear in the input; no recursion follows the input's nesting. Size is the
//! caller's to bound before it decodes, with [`WireLimits`].

mod attachments;
mod encode;
mod engine;
mod error;
mod handshake;
mod header;
mod limits;
mod namespace;
mod packet;
mod polling;
#[cfg(test)]
mod tests;
mod writer;

pub use attachments::{Arg, Assembler, BinaryPacket, Incoming, Placeholder};
pub use encode::{
    MessageFrame, encode_ack, encode_connect, encode_connect_error, encode_disconnect, encode_event, encode_event_args,
};
pub use engine::{EnginePacket, Heartbeat, WsFrame};
pub use error::{DecodeError, EncodeError, Part};
pub use handshake::Handshake;
pub use header::{Header, MAX_ACK_ID, PacketKind};
pub use limits::WireLimits;
pub use namespace::Namespace;
pub use packet::Packet;
pub use polling::{SEPARATOR, decode_payload, encode_payload, encode_payload_within};
