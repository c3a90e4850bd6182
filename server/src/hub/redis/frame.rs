//! Frames as they travel: `version, length of the node's name, the node's name, MAC, payload`.
//!
//! The MAC covers the channel and the node too, so a frame cannot be moved to another topic or be put into another
//! node's mouth. It can be said again; what frames carry bears that, as the bus itself may double them.

use std::sync::Arc;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::{channel::Prefix, key::BusKey};
use crate::hub::{NodeId, Topic};

const VERSION: u8 = 1;
const MAC_BYTES: usize = 32;

/// Why a frame is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// This node said it itself, which is no fault.
    Own,
    /// A later version of Roomcast said it, during an upgrade.
    Version,
    /// Its sender has not got the key, or it was changed on the way.
    Mac,
    /// It is no frame.
    Malformed,
}

/// Writes and reads the frames of one node.
#[derive(Debug, Clone)]
pub(super) struct Codec {
    key: BusKey,
    node: NodeId,
    prefix: Prefix,
}

impl Codec {
    pub(super) const fn new(key: BusKey, node: NodeId, prefix: Prefix) -> Self {
        Self { key, node, prefix }
    }

    pub(super) const fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// A frame of this node.
    pub(super) fn seal(&self, channel: &str, payload: &[u8]) -> Vec<u8> {
        let node = self.node.as_str().as_bytes();
        let length = u8::try_from(node.len()).expect("names of nodes are short");
        let mac = self.mac(channel, node, payload).finalize().into_bytes();
        let mut frame = Vec::with_capacity(2 + node.len() + MAC_BYTES + payload.len());
        frame.extend_from_slice(&[VERSION, length]);
        frame.extend_from_slice(node);
        frame.extend_from_slice(&mac);
        frame.extend_from_slice(payload);
        frame
    }

    /// Who said what on this channel.
    pub(super) fn open(&self, channel: &str, frame: &[u8]) -> Result<(NodeId, Topic, Arc<[u8]>), Refusal> {
        let (version, rest) = frame.split_first().ok_or(Refusal::Malformed)?;
        if *version != VERSION {
            return Err(Refusal::Version);
        }
        let (length, rest) = rest.split_first().ok_or(Refusal::Malformed)?;
        let (node, rest) = rest.split_at_checked(usize::from(*length)).ok_or(Refusal::Malformed)?;
        // Before the MAC: each frame comes back to its sender, and nothing is done with it.
        if node == self.node.as_str().as_bytes() {
            return Err(Refusal::Own);
        }
        let (mac, payload) = rest.split_at_checked(MAC_BYTES).ok_or(Refusal::Malformed)?;
        self.mac(channel, node, payload).verify_slice(mac).map_err(|_| Refusal::Mac)?;
        let node = String::from_utf8(node.to_vec()).map_err(|_| Refusal::Malformed)?;
        let topic = self.prefix.topic(channel).ok_or(Refusal::Malformed)?;
        Ok((NodeId::new(node), topic, payload.into()))
    }

    fn mac(&self, channel: &str, node: &[u8], payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.key.mac();
        mac.update(&[VERSION]);
        for part in [channel.as_bytes(), node] {
            // With its length before it, so that no part can be taken for the begin of the next.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.update(payload);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: &str = "roomcast:nodes";

    fn codec(secret: &str, node: &str) -> Codec {
        let prefix = Prefix::parse("roomcast:").expect("a good prefix");
        Codec::new(BusKey::derived_from(secret.as_bytes()), NodeId::new(node.to_owned()), prefix)
    }

    #[test]
    fn a_frame_says_who_and_what() {
        let frame = codec("secret", "one").seal(CHANNEL, b"hi");
        let (node, topic, payload) = codec("secret", "two").open(CHANNEL, &frame).expect("a good frame");
        assert_eq!((node.as_str(), topic, &*payload), ("one", Topic::Nodes, &b"hi"[..]));
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let frame = codec("secret", "one").seal(CHANNEL, b"hi");
        let other = codec("secret", "two");
        for bit in 0..frame.len() * 8 {
            let mut changed = frame.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(other.open(CHANNEL, &changed).is_err(), "bit {bit}");
        }
        for length in 0..frame.len() {
            assert!(other.open(CHANNEL, &frame[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_frame_counts_only_where_it_was_said_and_with_the_key() {
        let frame = codec("secret", "one").seal(CHANNEL, b"hi");
        assert_eq!(codec("secret", "two").open("roomcast:room:a", &frame).unwrap_err(), Refusal::Mac);
        assert_eq!(codec("another", "two").open(CHANNEL, &frame).unwrap_err(), Refusal::Mac);
        assert_eq!(codec("secret", "one").open(CHANNEL, &frame).unwrap_err(), Refusal::Own);
        let mut later = frame;
        later[0] = VERSION + 1;
        assert_eq!(codec("secret", "two").open(CHANNEL, &later).unwrap_err(), Refusal::Version);
    }
}
