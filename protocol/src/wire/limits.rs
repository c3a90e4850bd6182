//! How much of a peer's input is worth decoding.

/// Bounds on one peer's input.
///
/// [`decode_payload`](super::decode_payload) and [`Assembler`](super::Assembler) apply them
/// themselves; before decoding a WebSocket frame the caller compares its length with
/// [`max_frame_bytes`](Self::max_frame_bytes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireLimits {
    /// The largest WebSocket frame or long-polling body, in bytes.
    pub max_frame_bytes: usize,
    /// The most Engine.IO packets in one long-polling body.
    pub max_packets: usize,
    /// The most binary attachments of one Socket.IO packet.
    pub max_attachments: usize,
}

impl Default for WireLimits {
    /// 128 KiB, 256 packets, 4 attachments.
    fn default() -> Self {
        Self { max_frame_bytes: 128 * 1024, max_packets: 256, max_attachments: 4 }
    }
}
