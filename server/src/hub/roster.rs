//! Who is connected to this node, and in which rooms they are. Plain data behind one lock; whoever changes it
//! tells the transport under the same lock, so that a subscription can never outlive its membership. It asks the bus
//! for what those who are here need, and for no more (G-6).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use roomcast_protocol::{
    Event, Rev, RoomId, Timestamp, UserId,
    model::{Availability, Role, Status, User},
};

use super::{Bus, Choice, Neighbours, NodeId, Seen, Sequencer, Stamp, Tail, Topic};
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
    /// When they chose these.
    pub stamp: Stamp,
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

/// Most users who left that a room remembers.
const GONE: usize = 1_000;

/// Somebody types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typing {
    /// Until when, on the monotonic clock, in milliseconds.
    pub until_ms: u64,
    /// Shown name.
    pub name: String,
}

/// How a user is seen, on whichever nodes they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// What others see.
    pub status: Status,
    /// Their own words.
    pub text: Option<String>,
}

/// That a user came, before those here who share a room with them are told.
#[derive(Debug)]
pub struct Untold {
    /// By which connection, which is not told.
    pub conn: ConnId,
    /// When, on the monotonic clock, in milliseconds.
    pub since_ms: u64,
    /// What is to be told to which rooms.
    pub told: Vec<(Vec<RoomId>, Event)>,
}

impl Untold {
    /// The rooms of the first of it.
    #[must_use]
    pub fn rooms(&self) -> &[RoomId] {
        self.told.first().map_or(&[], |(rooms, _)| rooms)
    }
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
    /// The order of its news.
    pub sequencer: Sequencer,
    /// What this node was told of before this change it does not have: memberships that were read earlier may be
    /// ended ones.
    pub since: Rev,
    /// The newest cursor heard of from each node.
    pub cursors: BTreeMap<NodeId, u64>,
    /// Who left lately, and by which change: another node may not have said so yet.
    pub gone: BTreeMap<UserId, Rev>,
    /// From when on, on the monotonic clock, what other nodes say of their users can be taken for the room's people.
    pub settled_ms: u64,
    /// The head some time ago, and some more time ago.
    pub earlier: [Rev; 2],
    /// Who is typing.
    pub typing: BTreeMap<UserId, Typing>,
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

impl LocalRoom {
    fn at(head: Rev, member_count: u64) -> Self {
        Self {
            users: BTreeSet::new(),
            member_count,
            tail: Tail::after(head),
            sequencer: Sequencer::default(),
            since: head,
            cursors: BTreeMap::new(),
            gone: BTreeMap::new(),
            settled_ms: u64::MAX,
            earlier: [head; 2],
            typing: BTreeMap::new(),
            changed: 0,
            occupancy_changed: false,
        }
    }

    /// Takes note that somebody left, on whichever node they are.
    fn note_gone(&mut self, user: &UserId, rev: Rev) {
        self.typing.remove(user);
        self.tail.forget_cursor(user);
        let known = self.gone.entry(user.clone()).or_default();
        *known = rev.max(*known);
        if self.gone.len() > GONE {
            let mut revs: Vec<Rev> = self.gone.values().copied().collect();
            revs.sort_unstable();
            let middle = revs[revs.len() / 2];
            self.gone.retain(|_, rev| *rev > middle);
            self.since = self.since.max(middle);
        }
    }

    /// Takes note of how many are in it; beyond `named` nobody hears of others' cursors.
    pub fn recount(&mut self, member_count: u64, named: u64) {
        self.member_count = member_count;
        if member_count > named {
            self.tail.forget_cursors();
        }
    }

    /// Whether all that other nodes tell of it is heard.
    #[must_use]
    pub const fn is_heard(&self) -> bool {
        self.settled_ms < u64::MAX
    }

    /// Its newest change that was told here.
    #[must_use]
    pub const fn head(&self) -> Rev {
        self.tail.head()
    }
}

/// Everybody here.
pub struct Roster {
    bus: Arc<dyn Bus>,
    node: NodeId,
    /// Who is on other nodes.
    pub neighbours: Neighbours,
    /// Users of whom other nodes are to be told.
    pub dirty: BTreeSet<UserId>,
    /// Who came and was not told of yet, here.
    pub untold: BTreeMap<UserId, Untold>,
    /// How often other nodes were told of users.
    pub number: u64,
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
    /// Nobody yet.
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>, node: NodeId) -> Self {
        Self {
            bus,
            node,
            neighbours: Neighbours::default(),
            dirty: BTreeSet::new(),
            untold: BTreeMap::new(),
            number: 0,
            users: BTreeMap::new(),
            rooms: BTreeMap::new(),
            conns: BTreeMap::new(),
            changes: 0,
            last_seen: BTreeMap::new(),
        }
    }

    /// Registers a connection.
    pub fn connect(&mut self, conn: ConnId, user: &User) -> Connected {
        self.conns.insert(conn, user.id.clone());
        match self.users.get_mut(&user.id) {
            Some(local) => {
                local.user = user.clone();
                local.conns.insert(conn);
                local.gone_at_ms = None;
                if local.announced {
                    self.dirty.insert(user.id.clone());
                }
                Connected::Again
            }
            None => {
                // Who comes over from another node is seen as they were there.
                let chosen = self.neighbours.of(&user.id).map(|(seen, _)| seen).max_by_key(|seen| &seen.stamp);
                let chosen = chosen.filter(|seen| seen.stamp.count > 0);
                let stamp = Stamp { count: 0, node: self.node.clone() };
                let local = LocalUser {
                    user: user.clone(),
                    conns: BTreeSet::from([conn]),
                    rooms: BTreeMap::new(),
                    availability: chosen.map_or(Availability::Online, |seen| seen.availability),
                    text: chosen.and_then(|seen| seen.text.clone()),
                    stamp: chosen.map_or(stamp, |seen| seen.stamp.clone()),
                    gone_at_ms: None,
                    announced: false,
                };
                self.users.insert(user.id.clone(), local);
                self.bus.subscribe(Topic::User(user.id.clone()));
                Connected::First
            }
        }
    }

    /// Takes note of a membership, unless it or something newer is known. Returns whether it is news. A room that
    /// nobody here was in begins at `head`.
    pub fn note_membership(
        &mut self,
        user: &UserId,
        room: &RoomId,
        news: Membership,
        head: Rev,
        member_count: u64,
    ) -> bool {
        // Whoever came here after that has no memberships yet, and is told of this one by a reading from before.
        if news.active && self.gone_by(user, room) > news.rev {
            return false;
        }
        let Some(local) = self.users.get_mut(user) else { return false };
        let before = local.rooms.get(room);
        if before.is_some_and(|known| known.rev > news.rev || *known == news) {
            return false;
        }
        if local.announced {
            self.dirty.insert(user.clone());
        }
        // One that had ended for this node ends once, even where its end's own place is learnt later.
        let ended = !news.active && before.is_some_and(|known| !known.active);
        local.rooms.insert(room.clone(), news);
        if news.active {
            let entry = self.rooms.entry(room.clone()).or_insert_with(|| {
                self.bus.subscribe(Topic::Room(room.clone()));
                // What was noted before went without any word of who left.
                self.neighbours.close(room);
                LocalRoom::at(head, member_count)
            });
            entry.users.insert(user.clone());
            entry.occupancy_changed = true;
        } else {
            self.forget_in_room(user, room);
        }
        !ended
    }

    /// Takes a user out of a room's local list; a room without anybody here is forgotten.
    fn forget_in_room(&mut self, user: &UserId, room: &RoomId) {
        if let Some(local) = self.rooms.get_mut(room) {
            local.users.remove(user);
            local.typing.remove(user);
            local.occupancy_changed = true;
            if local.users.is_empty() {
                self.rooms.remove(room);
                self.bus.unsubscribe(&Topic::Room(room.clone()));
                self.neighbours.close(room);
            }
        }
    }

    /// Takes note that somebody on whichever node is in a room, unless they have left it since.
    pub fn enter(&mut self, user: &UserId, room: &RoomId, role: Role, rev: Rev) {
        if rev > self.gone_by(user, room) {
            self.neighbours.enter(user, room, role, rev);
        }
    }

    /// Takes note that somebody left a room, on whichever node they are.
    pub fn note_gone(&mut self, user: &UserId, room: &RoomId, rev: Rev) {
        if let Some(local) = self.rooms.get_mut(room) {
            local.note_gone(user, rev);
        }
        self.neighbours.leave(user, room, rev);
    }

    /// Forgets a user who is gone for good.
    pub fn forget(&mut self, user: &UserId) -> Option<LocalUser> {
        let local = self.users.remove(user)?;
        self.bus.unsubscribe(&Topic::User(user.clone()));
        if local.announced {
            self.dirty.insert(user.clone());
        }
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
            || known.is_none() && self.gone_by(user, room) > after
    }

    /// The change by which somebody left a room last, as far as the room remembers.
    fn gone_by(&self, user: &UserId, room: &RoomId) -> Rev {
        self.rooms.get(room).and_then(|local| local.gone.get(user)).copied().unwrap_or_default()
    }

    /// How a user is seen: as they last chose, on whichever node they are. Those who are only on nodes that are out of
    /// reach are unknown (G-13).
    #[must_use]
    pub fn look(&self, user: &UserId) -> Look {
        let local = self.users.get(user).filter(|local| local.announced);
        let mut newest = local.map(|local| (&local.stamp, local.availability, &local.text));
        let mut unknown = false;
        for (seen, holds) in self.neighbours.of(user) {
            if !holds {
                unknown = true;
            } else if newest.is_none_or(|(stamp, ..)| *stamp < seen.stamp) {
                newest = Some((&seen.stamp, seen.availability, &seen.text));
            }
        }
        match newest {
            Some((_, availability, text)) => Look { status: availability.status(), text: text.clone() },
            None if unknown => Look { status: Status::Unknown, text: None },
            None => Look { status: Status::Offline, text: None },
        }
    }

    /// The status of a user, as this node sees it.
    #[must_use]
    pub fn status(&self, user: &UserId) -> Status {
        self.look(user).status
    }

    /// Those of a room's members who are here or on another node, whatever they are seen as.
    #[must_use]
    pub fn present(&self, room: &RoomId) -> BTreeSet<&UserId> {
        let here = self.rooms.get(room).into_iter().flat_map(|local| &local.users);
        here.chain(self.neighbours.in_room(room)).filter(|user| self.standing(user, room).is_some()).collect()
    }

    /// The name and the membership of somebody who is present in a room.
    #[must_use]
    pub fn standing(&self, user: &UserId, room: &RoomId) -> Option<(&str, Role, Rev)> {
        // Who is still coming in may have no memberships here yet; of anybody else this node has read them.
        if let Some(local) = self.users.get(user).filter(|it| it.announced || it.rooms.contains_key(room)) {
            let membership = local.rooms.get(room).filter(|membership| membership.active)?;
            return Some((local.user.name.as_str(), membership.role, membership.rev));
        }
        let gone = self.gone_by(user, room);
        self.neighbours.of(user).find_map(|(seen, _)| {
            let (role, rev) = seen.rooms.get(room).filter(|(_, rev)| *rev > gone)?;
            Some((seen.name.as_str(), *role, *rev))
        })
    }

    /// How many of the room's members are seen as online.
    #[must_use]
    pub fn online_count(&self, room: &RoomId) -> u64 {
        self.present(room).into_iter().filter(|user| self.status(user) != Status::Offline).count() as u64
    }

    /// The rooms here that a user is in, on whichever node, and that are small enough for presence by name.
    #[must_use]
    pub fn presence_rooms(&self, user: &UserId, largest: u64) -> BTreeSet<RoomId> {
        let here = self.users.get(user).into_iter().flat_map(LocalUser::active_rooms);
        let there = self.neighbours.of(user).flat_map(|(seen, _)| seen.rooms.keys());
        self.small(here.chain(there), largest)
    }

    /// Where a change of how a user is seen is to be told, beside the rooms that they are in: whoever saw them there last
    /// was not told that they went.
    #[must_use]
    pub fn haunts(&self, user: &UserId, largest: u64) -> BTreeSet<RoomId> {
        self.small(self.neighbours.haunts(user), largest)
    }

    /// Those of the rooms that are known here and have at most so many members.
    fn small<'a>(&self, rooms: impl Iterator<Item = &'a RoomId>, largest: u64) -> BTreeSet<RoomId> {
        let is_small = |room: &&RoomId| self.rooms.get(*room).is_some_and(|local| local.member_count <= largest);
        rooms.filter(is_small).cloned().collect()
    }

    /// Takes note that a user comes, goes or is seen otherwise, where only numbers are told.
    pub fn occupancy_changed(&mut self, user: &UserId) {
        let here = self.users.get(user).into_iter().flat_map(LocalUser::active_rooms);
        let there = self.neighbours.of(user).flat_map(|(seen, _)| seen.rooms.keys());
        for room in here.chain(there).cloned().collect::<Vec<_>>() {
            if let Some(room) = self.rooms.get_mut(&room) {
                room.occupancy_changed = true;
            }
        }
    }

    /// Takes over how users chose to be seen on another node, where that is later.
    pub fn adopt(&mut self, user: &UserId) {
        let newest = self.neighbours.of(user).map(|(seen, _)| seen).max_by_key(|seen| &seen.stamp);
        if let (Some(local), Some(seen)) = (self.users.get_mut(user), newest)
            && seen.stamp > local.stamp
            && seen.stamp.count > 0
        {
            (local.availability, local.text, local.stamp) = (seen.availability, seen.text.clone(), seen.stamp.clone());
            self.dirty.insert(user.clone());
        }
    }

    /// Takes over how a user chose to be seen on a node that this one never heard, unless they have chosen here.
    pub fn recall(&mut self, user: &UserId, choice: Choice) {
        if let Some(local) = self.users.get_mut(user).filter(|local| local.stamp.count == 0) {
            (local.availability, local.text, local.stamp) = (choice.availability, choice.text, choice.stamp);
            self.dirty.insert(user.clone());
        }
    }

    /// The stamp of a choice that a user makes here now.
    #[must_use]
    pub fn next_stamp(&self, user: &UserId) -> Stamp {
        let here = self.users.get(user).map(|local| local.stamp.count);
        let there = self.neighbours.of(user).map(|(seen, _)| seen.stamp.count);
        Stamp { count: here.into_iter().chain(there).max().unwrap_or_default() + 1, node: self.node.clone() }
    }

    /// What other nodes are told of a user; `None` where they are not here.
    #[must_use]
    pub fn said_of(&self, user: &UserId) -> Option<Seen> {
        let local = self.users.get(user).filter(|local| local.announced)?;
        let active = local.rooms.iter().filter(|(_, membership)| membership.active);
        Some(Seen {
            name: local.user.name.clone(),
            availability: local.availability,
            text: local.text.clone(),
            stamp: local.stamp.clone(),
            rooms: active.map(|(room, membership)| (room.clone(), (membership.role, membership.rev))).collect(),
            connections: local.conns.len(),
            entered: BTreeSet::new(),
            haunts: BTreeMap::new(),
        })
    }

    /// On how many other nodes a user is, and with how many connections, as far as that is known and holds.
    #[must_use]
    pub fn elsewhere(&self, user: &UserId) -> (usize, usize) {
        let there = self.neighbours.of(user).filter(|(_, holds)| *holds);
        there.fold((0, 0), |(nodes, connections), (seen, _)| (nodes + 1, connections + seen.connections))
    }
}
