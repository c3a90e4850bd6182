//! What nodes say to each other. A payload is a version, then the database's life and the frame: what another version
//! says is dropped, so that nodes of two versions can stand beside each other, and what was said in another life of the
//! database is of rooms that are no more.

use std::sync::Arc;

use roomcast_protocol::{Epoch, Rev, RoomId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Account, Choice, Said};
use crate::domain::{News, Unit};

/// The version that this node speaks.
const VERSION: u8 = 1;

/// What a node says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Frame {
    /// To a room: what a decision did.
    News(Unit),
    /// To a room, or to a user: a moved cursor, which stands beside the log. So the node numbers those of a room.
    Cursor {
        /// What to tell.
        news: News,
        /// Its number among this node's.
        number: u64,
        /// The number of the room's one before it, unless that is long ago.
        before: Option<u64>,
    },
    /// To a room, again and again for a while: how far its last news went.
    Heads {
        /// Its newest change.
        rev: Option<Rev>,
        /// The number of its newest cursor.
        cursor: Option<u64>,
    },
    /// To a room: somebody types, or types no more.
    Typing {
        /// Who.
        user: UserId,
        /// Their name; `None` where they stopped.
        name: Option<String>,
    },
    /// To a user: one of their memberships changed, or may have.
    Member {
        /// Which.
        room: RoomId,
        /// By which change; `None` where that is not known.
        rev: Option<Rev>,
    },
    /// To a user: some of their tokens count no more. It says no more than "look": the database knows which.
    Revoked,
    /// To all nodes, or to one that was not heard of before: this node lives, and has numbered so many [`Frame::Seen`].
    Alive {
        /// How many.
        number: u64,
    },
    /// To all nodes: what became of some of this node's users (G-13).
    Seen {
        /// Its number, from 1, without holes.
        number: u64,
        /// Users; `None` of those who are gone.
        users: Vec<Said>,
    },
    /// To one node: who is on it?
    Ask,
    /// To the node that asked.
    Account(Account),
    /// To a node that a user came to, and that does not know how they chose to be seen on one that may be no more.
    Chosen {
        /// Who.
        user: UserId,
        /// How.
        choice: Choice,
    },
}

/// Why a payload was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    /// It is of a version that this node does not speak.
    #[error("unable to read a frame; it is of another version")]
    Version,
    /// It is of another life of the database.
    #[error("unable to use a frame; it is of another life of the database")]
    Epoch,
    /// It does not parse.
    #[error("unable to read a frame; it does not parse")]
    Malformed,
}

impl Frame {
    /// Its name in metrics.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::News(_) => "news",
            Self::Cursor { .. } => "cursor",
            Self::Heads { .. } => "heads",
            Self::Typing { .. } => "typing",
            Self::Member { .. } => "member",
            Self::Revoked => "revoked",
            Self::Alive { .. } => "alive",
            Self::Seen { .. } => "seen",
            Self::Ask => "ask",
            Self::Account(_) => "account",
            Self::Chosen { .. } => "chosen",
        }
    }

    /// As it travels.
    #[must_use]
    pub fn encode(&self, epoch: &Epoch) -> Arc<[u8]> {
        let mut bytes = vec![VERSION];
        serde_json::to_writer(&mut bytes, &(epoch, self)).expect("frames have string keys, and a vector takes all");
        bytes.into()
    }

    /// What a payload says.
    ///
    /// # Errors
    /// [`Dropped`]
    pub fn decode(payload: &[u8], epoch: &Epoch) -> Result<Self, Dropped> {
        let (version, rest) = payload.split_first().ok_or(Dropped::Malformed)?;
        if *version != VERSION {
            return Err(Dropped::Version);
        }
        let (of, frame): (Epoch, Box<RawValue>) = serde_json::from_slice(rest).map_err(|_| Dropped::Malformed)?;
        if of != *epoch {
            return Err(Dropped::Epoch);
        }
        serde_json::from_str(frame.get()).map_err(|_| Dropped::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_another_version_or_life_is_dropped() {
        let epoch = |name: &str| Epoch::parse(name).expect("a good id");
        let frame = Frame::Heads { rev: Some(Rev::new(3)), cursor: None };
        let mut payload = frame.encode(&epoch("e")).to_vec();
        let back = Frame::decode(&payload, &epoch("e")).expect("what was written reads");
        assert_eq!(format!("{back:?}"), format!("{frame:?}"));
        assert_eq!(Frame::decode(&payload, &epoch("f")).expect_err("another life"), Dropped::Epoch);
        let end = payload.len() - 1;
        assert_eq!(Frame::decode(&payload[..end], &epoch("e")).expect_err("cut"), Dropped::Malformed);
        assert_eq!(Frame::decode(&[], &epoch("e")).expect_err("nothing"), Dropped::Malformed);
        let later = b"\x01[\"e\",{\"SomethingLater\":{\"n\":1}}]";
        assert_eq!(Frame::decode(later, &epoch("e")).expect_err("a kind of a later node"), Dropped::Malformed);
        payload[0] = 2;
        assert_eq!(Frame::decode(&payload, &epoch("e")).expect_err("another version"), Dropped::Version);
    }
}
