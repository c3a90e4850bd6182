//! What nodes say of their users.

use std::collections::{BTreeMap, BTreeSet};

use roomcast_protocol::{
    Rev, RoomId, UserId,
    model::{Availability, Role},
};
use serde::{Deserialize, Serialize};

use crate::hub::NodeId;

/// When a user last chose how to be seen: the later one holds, whichever node took it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    /// Counts the user's choices.
    pub count: u64,
    /// Which node took it.
    pub node: NodeId,
}

/// How a user chose to be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// How.
    pub availability: Availability,
    /// Their own words.
    pub text: Option<String>,
    /// When they chose that.
    pub stamp: Stamp,
}

/// How a user is on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Shown name.
    pub name: String,
    /// How they want to be seen.
    pub availability: Availability,
    /// Their own words.
    pub text: Option<String>,
    /// When they chose that.
    pub stamp: Stamp,
    /// The rooms that they are in: as what, and by which change.
    pub rooms: BTreeMap<RoomId, (Role, Rev)>,
    /// How many connections they have there.
    #[serde(default = "one")]
    pub connections: usize,
    /// Those of the rooms that are known here and that their node may have yet to hear of.
    #[serde(skip)]
    pub entered: BTreeSet<RoomId>,
    /// Rooms that another node saw them in last and is not asked about any more, and by which change they were in. Nobody
    /// says that they still are, but who saw them there is to see them going.
    #[serde(skip)]
    pub haunts: BTreeMap<RoomId, Rev>,
}

/// What a node of before says nothing of.
const fn one() -> usize {
    1
}

/// What a node says of one of its users; `None` where they are gone.
pub type Said = (UserId, Option<Seen>);

/// A part of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    /// The last number that it knows.
    pub number: u64,
    /// Which part it is, from 0.
    pub part: usize,
    /// How many there are.
    pub parts: usize,
    /// Users.
    pub users: Vec<(UserId, Seen)>,
}
