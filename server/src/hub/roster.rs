//! Who is connected to this node, and in which rooms they are. Plain data behind one lock; whoever changes it
//! tells the transport under the same lock, so that a subscription can never outlive its membership.

use std::collections::{BTreeMap, BTreeSet};

use roomcast_protocol::{
    Rev, RoomId, Timestamp, UserId,
    model::{Availability, Role, Status, User},
};

use super::Tail;
use crate::domain::ConnId;

/// A user with a connection here, or whose last one was lost a moment ago.
#[derive(Debug)]
pub struct LocalUser {
    /// Who.
    pub user: User,
    /// Their connections.
    pub conns: BTreeSet<ConnId>,
    /// Their memberships; ended ones stay, so that an older reading cannot bring them back.
    pub rooms: BTreeMap<RoomId, Membership>,
    /// How they want to be seen.
    pub availability: Availability,
    /// Their own words.
    pub text: Option<String>,
    /// Without a connection: when they count as gone (G-13), on the monotonic clock, in milliseconds.
    pub gone_at_ms: Option<u64>,
    /// Whether others were told that they are online.
    pub announced: bool,
}

impl LocalUser {
    /// The rooms that they are in.
    pub fn active_rooms(&self) -> impl Iterator<Item = &RoomId> {
        self.rooms.iter().filter(|(_, membership)| membership.active).map(|(room, _)| room)
    }

    /// What others see.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.availability.status()
    }
}

/// A membership, as this node last heard of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// The room's change that last touched it: news of an older one is stale.
    pub rev: Rev,
    /// The role.
    pub role: Role,
    /// Whether it holds.
    pub active: bool,
}

/// A room that somebody here is in.
#[derive(Debug)]
pub struct LocalRoom {
    /// Those of its members who are here.
    pub users: BTreeSet<UserId>,
    /// How many are in it in all.
    pub member_count: u64,
    /// Its last changes.
    pub tail: Tail,
    /// Who is typing, until when on the monotonic clock, in milliseconds.
    pub typing: BTreeMap<UserId, u64>,
    /// The node's count of changes when this room last changed; a digest names the rooms above its own mark.
    pub changed: u64,
    /// Whether the number of those online has changed since it was last told.
    pub occupancy_changed: bool,
}

/// What registering a connection found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connected {
    /// The user's rooms must be read.
    First,
    /// The user was here already.
    Again,
}

/// Everybody here.
#[derive(Debug, Default)]
pub struct Roster {
    /// By user.
    pub users: BTreeMap<UserId, LocalUser>,
    /// By room.
    pub rooms: BTreeMap<RoomId, LocalRoom>,
    /// By connection.
    pub conns: BTreeMap<ConnId, UserId>,
    /// Counts changes of rooms, for the digests.
    pub changes: u64,
    /// When users were last connected, not yet written.
    pub last_seen: BTreeMap<UserId, Timestamp>,
}

impl Roster {
    /// Registers a connection.
    pub fn connect(&mut self, conn: ConnId, user: &User) -> Connected {
        self.conns.insert(conn, user.id.clone());
        match self.users.get_mut(&user.id) {
            Some(local) => {
                local.user = user.clone();
                local.conns.insert(conn);
                local.gone_at_ms = None;
                Connected::Again
            }
            None => {
                let local = LocalUser {
                    user: user.clone(),
                    conns: BTreeSet::from([conn]),
                    rooms: BTreeMap::new(),
                    availability: Availability::Online,
                    text: None,
                    gone_at_ms: None,
                    announced: false,
                };
                self.users.insert(user.id.clone(), local);
                Connected::First
            }
        }
    }

    /// Takes note of a membership, unless something newer is known. Returns whether it is news.
    pub fn note_membership(&mut self, user: &UserId, room: &RoomId, news: Membership, member_count: u64) -> bool {
        let Some(local) = self.users.get_mut(user) else { return false };
        if local.rooms.get(room).is_some_and(|known| known.rev > news.rev) {
            return false;
        }
        local.rooms.insert(room.clone(), news);
        if news.active {
            let entry = self.rooms.entry(room.clone()).or_insert_with(|| LocalRoom {
                users: BTreeSet::new(),
                member_count,
                tail: Tail::after(news.rev),
                typing: BTreeMap::new(),
                changed: 0,
                occupancy_changed: false,
            });
            entry.users.insert(user.clone());
            entry.occupancy_changed = true;
        } else {
            self.forget_in_room(user, room);
        }
        true
    }

    /// Takes a user out of a room's local list; a room without anybody here is forgotten.
    fn forget_in_room(&mut self, user: &UserId, room: &RoomId) {
        if let Some(local) = self.rooms.get_mut(room) {
            local.users.remove(user);
            local.typing.remove(user);
            local.occupancy_changed = true;
            if local.users.is_empty() {
                self.rooms.remove(room);
            }
        }
    }

    /// Forgets a user who is gone for good.
    pub fn forget(&mut self, user: &UserId) -> Option<LocalUser> {
        let local = self.users.remove(user)?;
        for room in local.active_rooms() {
            self.forget_in_room(user, room);
        }
        Some(local)
    }

    /// Whether the user is in the room, as far as this node has heard.
    #[must_use]
    pub fn is_member(&self, user: &UserId, room: &RoomId) -> bool {
        self.users.get(user).and_then(|local| local.rooms.get(room)).is_some_and(|membership| membership.active)
    }

    /// Whether the user was put out of the room by a change after this one, as far as this node has heard.
    #[must_use]
    pub fn is_out(&self, user: &UserId, room: &RoomId, after: Rev) -> bool {
        let known = self.users.get(user).and_then(|local| local.rooms.get(room));
        known.is_some_and(|membership| !membership.active && membership.rev > after)
    }

    /// The status of a user, as this node sees it.
    #[must_use]
    pub fn status(&self, user: &UserId) -> Status {
        self.users.get(user).filter(|local| local.announced).map_or(Status::Offline, LocalUser::status)
    }

    /// How many of the room's members are seen as online.
    #[must_use]
    pub fn online_count(&self, room: &RoomId) -> u64 {
        let Some(local) = self.rooms.get(room) else { return 0 };
        local.users.iter().filter(|user| self.status(user) != Status::Offline).count() as u64
    }

    /// The user's rooms that are small enough for presence by name.
    #[must_use]
    pub fn presence_rooms(&self, user: &UserId, largest: u64) -> Vec<RoomId> {
        let Some(local) = self.users.get(user) else { return Vec::new() };
        local
            .active_rooms()
            .filter(|room| self.rooms.get(*room).is_some_and(|room| room.member_count <= largest))
            .cloned()
            .collect()
    }
}
