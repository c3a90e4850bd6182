//! Topics as the names of channels.

use roomcast_protocol::{RoomId, UserId};

use crate::hub::{NodeId, Topic};

const PREFIX_MAX_BYTES: usize = 64;

/// What channel names begin with, so that several installations can share one Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(String);

/// Why a prefix cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unable to use the prefix; it has 1 to {PREFIX_MAX_BYTES} of A-Z a-z 0-9 _ - . :")]
pub struct PrefixError;

impl Prefix {
    /// Checks a prefix. No braces: in a cluster all channels would live on one node.
    ///
    /// # Errors
    /// [`PrefixError`]
    pub fn parse(text: &str) -> Result<Self, PrefixError> {
        let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte));
        let good = fits && (1..=PREFIX_MAX_BYTES).contains(&text.len());
        good.then(|| Self(text.to_owned())).ok_or(PrefixError)
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The channel of a topic.
    pub(super) fn channel(&self, topic: &Topic) -> String {
        let prefix = &self.0;
        match topic {
            Topic::Room(room) => format!("{prefix}room:{room}"),
            Topic::User(user) => format!("{prefix}user:{user}"),
            Topic::Nodes => format!("{prefix}nodes"),
            Topic::Node(node) => format!("{prefix}node:{node}"),
        }
    }

    /// The topic of a channel, if it is one of ours.
    pub(super) fn topic(&self, channel: &str) -> Option<Topic> {
        let name = channel.strip_prefix(&self.0)?;
        if name == "nodes" {
            return Some(Topic::Nodes);
        }
        let (kind, id) = name.split_once(':')?;
        match kind {
            "room" => RoomId::parse(id).ok().map(Topic::Room),
            "user" => UserId::parse(id).ok().map(Topic::User),
            "node" => Some(Topic::Node(NodeId::new(id.to_owned()))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_comes_back_from_its_channel() {
        let prefix = Prefix::parse("chat.v1:").expect("a good prefix");
        let topics = [
            Topic::Room(RoomId::parse("general").expect("a good id")),
            Topic::User(UserId::parse("auth0|a:b {c}").expect("a good id")),
            Topic::Nodes,
            Topic::Node(NodeId::new("one.1f".to_owned())),
        ];
        for topic in topics {
            assert_eq!(prefix.topic(&prefix.channel(&topic)), Some(topic));
        }
        for other in ["roomcast:nodes", "chat.v1:", "chat.v1:room:", "chat.v1:room:a b", "chat.v1:else:a"] {
            assert_eq!(prefix.topic(other), None, "{other}");
        }
    }

    #[test]
    fn a_prefix_that_pins_a_slot_is_refused() {
        for bad in ["", "{chat}:", "a b", &"x".repeat(65)] {
            assert_eq!(Prefix::parse(bad), Err(PrefixError), "{bad:?}");
        }
    }
}
