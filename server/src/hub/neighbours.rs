//! Who is present on other nodes (G-13): each node says what became of its users, in numbered frames, under a lease of
//! its own. A state replaces the one before it, so frames may come in any order; a hole in the numbers, or a node that
//! was never heard of, is asked for a whole account.

use std::collections::{BTreeMap, BTreeSet};

use roomcast_protocol::{Rev, RoomId, UserId, model::Role};

use super::NodeId;

mod said;
#[cfg(test)]
mod tests;

pub use said::{Account, Choice, Said, Seen, Stamp};

/// How long a node that is not heard counts as alive, in milliseconds.
pub const LEASE_MS: u64 = 15_000;

/// A node that is not heard for so long may be dead: what others say of its users comes first.
const SUSPECT_MS: u64 = 6_000;

/// How often a node is asked for an account, at most.
const ASK_MS: u64 = 1_000;

/// Most numbers that are kept of what came before its time; beyond, an account mends it.
const AHEAD: usize = 4_096;

/// Another node.
#[derive(Debug, Default)]
struct Neighbour {
    heard_ms: u64,
    /// When it last said how much it has said.
    counted_ms: u64,
    /// Whether it was not heard for so long that it may be dead, as of the last tick.
    suspect: bool,
    /// Everything up to this number is known.
    number: u64,
    /// Whether that holds at all.
    known: bool,
    /// The newest number that was heard of.
    newest: u64,
    /// Numbers that came before their time.
    ahead: BTreeSet<u64>,
    /// By user, with the number that said so. Who is gone is kept while an older account may still say otherwise.
    users: BTreeMap<UserId, (u64, Option<Seen>)>,
    asked_ms: Option<u64>,
    /// Whether what is known of it holds now.
    reachable: bool,
    /// Parts of an account: its number, which parts came, and whom they named.
    account: Option<(u64, BTreeSet<usize>, BTreeSet<UserId>)>,
}

impl Neighbour {
    const fn is_silent(&self, now_ms: u64) -> bool {
        self.heard_ms + SUSPECT_MS < now_ms
    }

    const fn worth(&self) -> Worth {
        match self.reachable {
            false => Worth::Lost,
            true if self.suspect => Worth::Suspect,
            true => Worth::Sure,
        }
    }

    fn is_whole(&self) -> bool {
        self.known && self.newest <= self.number
    }

    /// Counts on while there is no hole.
    fn settle(&mut self) {
        while self.ahead.remove(&(self.number + 1)) {
            self.number += 1;
        }
        let number = self.number;
        self.ahead.retain(|ahead| *ahead > number);
        if self.is_whole() {
            self.reachable = true;
            self.users.retain(|_, (_, seen)| seen.is_some());
        }
    }
}

/// All other nodes.
#[derive(Debug, Default)]
pub struct Neighbours {
    nodes: BTreeMap<NodeId, Neighbour>,
    whose: BTreeMap<UserId, BTreeSet<NodeId>>,
    rooms: BTreeMap<RoomId, BTreeSet<UserId>>,
}

/// How much what is known of a node's users is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    Lost,
    Suspect,
    Sure,
}

impl Neighbours {
    /// The nodes that become suspect at this time, or are no more: the next tick makes it so, and their users may be
    /// seen otherwise from then on.
    #[must_use]
    pub fn turning(&self, now_ms: u64) -> Vec<NodeId> {
        let turning = self.nodes.iter().filter(|(_, it)| it.suspect != it.is_silent(now_ms));
        turning.map(|(node, _)| node.clone()).collect()
    }

    /// It is so late now.
    pub fn tick(&mut self, now_ms: u64) {
        self.nodes.values_mut().for_each(|it| it.suspect = it.is_silent(now_ms));
    }

    /// A node says that it lives, and how many frames it has numbered. True where it was not known.
    pub fn alive(&mut self, node: &NodeId, number: u64, now_ms: u64) -> bool {
        let is_new = !self.nodes.contains_key(node);
        let it = self.nodes.entry(node.clone()).or_default();
        (it.heard_ms, it.counted_ms) = (now_ms, now_ms);
        it.newest = it.newest.max(number);
        if is_new && number == 0 {
            it.known = true;
        }
        if number == it.number {
            it.settle();
        }
        is_new
    }

    /// Whether no other node was heard of.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Something else was heard of a node that is known.
    pub fn heard(&mut self, node: &NodeId, now_ms: u64) {
        if let Some(it) = self.nodes.get_mut(node) {
            it.heard_ms = now_ms;
        }
    }

    /// A node says what became of some of its users. True where it was not known.
    pub fn say(&mut self, node: &NodeId, number: u64, users: Vec<Said>, now_ms: u64) -> bool {
        let is_new = !self.nodes.contains_key(node);
        let it = self.nodes.entry(node.clone()).or_default();
        (it.heard_ms, it.counted_ms) = (now_ms, now_ms);
        it.newest = it.newest.max(number);
        it.known |= is_new && number == 1;
        if it.known && number <= it.number {
            // All of it is known, and newer.
            return is_new;
        }
        let whole = it.known && number == it.number + 1;
        for (user, seen) in users {
            self.put(node, user, number, seen, whole);
        }
        let Some(it) = self.nodes.get_mut(node) else { return is_new };
        if it.ahead.len() < AHEAD {
            it.ahead.insert(number);
        }
        it.settle();
        is_new
    }

    /// A node gives a part of an account. True where it was not known.
    pub fn account(&mut self, node: &NodeId, account: Account, now_ms: u64) -> bool {
        let Account { number, part, parts, users } = account;
        let is_new = !self.nodes.contains_key(node);
        let it = self.nodes.entry(node.clone()).or_default();
        (it.heard_ms, it.counted_ms) = (now_ms, now_ms);
        if it.known && number < it.number {
            return is_new;
        }
        let (of, got, named) = it.account.get_or_insert_default();
        if *of != number {
            (*of, *got, *named) = (number, BTreeSet::new(), BTreeSet::new());
        }
        got.insert(part);
        named.extend(users.iter().map(|(user, _)| user.clone()));
        let is_whole = got.len() == parts;
        let gone: Vec<UserId> = if is_whole {
            let old =
                it.users.iter().filter(|(user, (at, seen))| *at <= number && seen.is_some() && !named.contains(*user));
            old.map(|(user, _)| user.clone()).collect()
        } else {
            Vec::new()
        };
        for (user, seen) in users {
            self.put(node, user, number, Some(seen), false);
        }
        for user in gone {
            self.put(node, user, number, None, false);
        }
        if is_whole && let Some(it) = self.nodes.get_mut(node) {
            it.account = None;
            it.number = it.number.max(number);
            it.newest = it.newest.max(number);
            it.known = true;
            it.settle();
        }
        is_new
    }

    /// `whole`: all that the node said before is known.
    fn put(&mut self, node: &NodeId, user: UserId, number: u64, mut seen: Option<Seen>, whole: bool) {
        let Some(it) = self.nodes.get_mut(node) else { return };
        let known = it.users.get(&user);
        if known.is_some_and(|(at, _)| *at > number) {
            return;
        }
        if let (Some(said), Some((_, Some(known)))) = (&mut seen, known) {
            // It says nothing of a room that it has yet to hear of, where they are to be seen going, too.
            for room in known.entered.iter().filter(|room| !said.rooms.contains_key(*room)).cloned().collect::<Vec<_>>()
            {
                said.rooms.extend(known.rooms.get(&room).map(|standing| (room.clone(), *standing)));
                said.entered.insert(room);
            }
            said.haunts.clone_from(&known.haunts);
        }
        let there = seen.is_some();
        let rooms: Vec<RoomId> = seen.iter().flat_map(|seen| seen.rooms.keys().cloned()).collect();
        let before = it.users.insert(user.clone(), (number, seen)).and_then(|(_, seen)| seen);
        let named = before.iter().flat_map(|seen| seen.rooms.keys().cloned()).collect::<Vec<_>>();
        self.index(node, &user, there, named.into_iter(), rooms);
        if let Some(before) = before.filter(|_| !there) {
            self.hand_on(&user, before, whole);
        }
    }

    /// A user is gone from a node. One that still names them may have yet to say that they are in these rooms: they go
    /// there with its word. Not by what was said before something that was lost, which may have been that they left:
    /// there, they are only to be seen going.
    fn hand_on(&mut self, user: &UserId, before: Seen, whole: bool) {
        let Seen { rooms, mut haunts, .. } = before;
        if whole {
            rooms.into_iter().for_each(|(room, (role, rev))| self.enter(user, &room, role, rev));
        } else {
            haunts.extend(rooms.into_iter().map(|(room, (_, rev))| (room, rev)));
        }
        for seen in words_of(&mut self.nodes, user) {
            seen.haunts.extend(haunts.clone());
        }
    }

    fn index(
        &mut self,
        node: &NodeId,
        user: &UserId,
        there: bool,
        before: impl Iterator<Item = RoomId>,
        after: Vec<RoomId>,
    ) {
        if there {
            self.whose.entry(user.clone()).or_default().insert(node.clone());
        } else if let Some(nodes) = self.whose.get_mut(user) {
            nodes.remove(node);
            if nodes.is_empty() {
                self.whose.remove(user);
            }
        }
        for room in before {
            if !self.all_of(user).any(|(seen, _)| seen.rooms.contains_key(&room))
                && let Some(users) = self.rooms.get_mut(&room)
            {
                users.remove(user);
                if users.is_empty() {
                    self.rooms.remove(&room);
                }
            }
        }
        for room in after {
            self.rooms.entry(room).or_default().insert(user.clone());
        }
    }

    /// How a user is on other nodes, and whether that holds now. What is worth less is left out.
    pub fn of(&self, user: &UserId) -> impl Iterator<Item = (&Seen, bool)> {
        let most = self.all_of(user).map(|(_, worth)| worth).max();
        let best = self.all_of(user).filter(move |(_, worth)| Some(*worth) == most);
        best.map(|(seen, worth)| (seen, worth > Worth::Lost))
    }

    /// Whether something of what is known of a room's users may be wrong: what a node said may have been lost on the way,
    /// and one that has not told how much that was since then may have said it all before.
    #[must_use]
    pub fn doubts(&self, room: &RoomId, since_ms: u64) -> bool {
        let users = self.rooms.get(room).into_iter().flatten();
        let nodes = users.filter_map(|user| self.whose.get(user)).flatten().filter_map(|node| self.nodes.get(node));
        nodes.into_iter().any(|it| it.worth() < Worth::Sure || !it.is_whole() || it.counted_ms < since_ms)
    }

    /// A user is in a room, which their node may not have said yet: what becomes of them is told there, too.
    pub fn enter(&mut self, user: &UserId, room: &RoomId, role: Role, rev: Rev) {
        for seen in words_of(&mut self.nodes, user) {
            if !seen.rooms.contains_key(room) {
                seen.entered.insert(room.clone());
            }
            let known = seen.rooms.entry(room.clone()).or_insert((role, rev));
            if known.1 < rev {
                *known = (role, rev);
            }
            self.rooms.entry(room.clone()).or_default().insert(user.clone());
        }
    }

    /// A user has left a room by a change, whatever their node has heard of that.
    pub fn leave(&mut self, user: &UserId, room: &RoomId, rev: Rev) {
        for seen in words_of(&mut self.nodes, user) {
            seen.haunts.retain(|haunt, entered| haunt != room || *entered >= rev);
        }
        self.take_out(user, room, |seen| seen.rooms.get(room).is_some_and(|(_, entered)| *entered < rev));
    }

    /// Nobody here is in a room any more, or hears who leaves it: who is in it is their nodes' to say.
    pub fn close(&mut self, room: &RoomId) {
        let users: Vec<UserId> = self.rooms.get(room).into_iter().flatten().cloned().collect();
        users.iter().for_each(|user| self.take_out(user, room, |seen| seen.entered.contains(room)));
    }

    fn take_out(&mut self, user: &UserId, room: &RoomId, is_out: impl Fn(&Seen) -> bool) {
        let nodes: Vec<NodeId> = self.whose.get(user).into_iter().flatten().cloned().collect();
        for node in nodes {
            let seen = self.nodes.get_mut(&node).and_then(|it| it.users.get_mut(user)?.1.as_mut());
            if let Some(seen) = seen.filter(|seen| is_out(seen)) {
                seen.entered.remove(room);
                seen.rooms.remove(room);
                self.index(&node, user, true, std::iter::once(room.clone()), Vec::new());
            }
        }
    }

    /// The rooms of a user that are known here and that their node does not name, and by which change they entered.
    pub fn lacks(&self, node: &NodeId, user: &UserId, said: &Seen) -> Vec<(UserId, RoomId, Rev)> {
        let known = self.nodes.get(node).and_then(|it| it.users.get(user)?.1.as_ref());
        let rooms = known.into_iter().flat_map(|seen| &seen.rooms);
        let lacking = rooms.filter(|(room, _)| !said.rooms.contains_key(*room));
        lacking.map(|(room, (_, rev))| (user.clone(), room.clone(), *rev)).collect()
    }

    /// How a user chose to be seen, as another node than this one says, whatever that is worth.
    #[must_use]
    pub fn chosen(&self, user: &UserId, except: &NodeId) -> Option<Choice> {
        let others = self.whose.get(user).into_iter().flatten().filter(|node| *node != except);
        let seen = others.filter_map(|node| self.nodes.get(node)?.users.get(user)?.1.as_ref());
        let newest = seen.filter(|seen| seen.stamp.count > 0).max_by_key(|seen| &seen.stamp)?;
        let Seen { availability, text, stamp, .. } = newest;
        Some(Choice { availability: *availability, text: text.clone(), stamp: stamp.clone() })
    }

    fn all_of(&self, user: &UserId) -> impl Iterator<Item = (&Seen, Worth)> {
        let nodes = self.whose.get(user).into_iter().flatten().filter_map(|node| self.nodes.get(node));
        nodes.filter_map(|it| Some((it.users.get(user)?.1.as_ref()?, it.worth())))
    }

    /// The users of a room who are on other nodes.
    pub fn in_room(&self, room: &RoomId) -> impl Iterator<Item = &UserId> {
        let users = self.rooms.get(room).into_iter().flatten();
        users.filter(|user| self.of(user).any(|(seen, _)| seen.rooms.contains_key(room)))
    }

    /// Whether what is known of a node holds now.
    #[must_use]
    pub fn holds(&self, node: &NodeId) -> bool {
        self.nodes.get(node).is_some_and(|it| it.reachable)
    }

    /// Whether an account is whole with this part.
    #[must_use]
    pub fn completes(&self, node: &NodeId, account: &Account) -> bool {
        let Account { number, part, parts, .. } = account;
        let so_far = self.nodes.get(node).and_then(|it| it.account.as_ref()).filter(|(of, ..)| of == number);
        let got = so_far.map_or(0, |(_, got, _)| got.iter().filter(|other| *other != part).count());
        got + 1 >= *parts
    }

    /// The users of a node.
    #[must_use]
    pub fn users_of(&self, node: &NodeId) -> Vec<UserId> {
        self.nodes.get(node).map(|it| it.users.keys().cloned().collect()).unwrap_or_default()
    }

    /// All users who are on other nodes.
    #[must_use]
    pub fn users(&self) -> Vec<UserId> {
        self.whose.keys().cloned().collect()
    }

    /// Nothing can be heard: what is known of others does not hold any more.
    pub fn lose(&mut self) {
        self.nodes.values_mut().for_each(|it| it.reachable = false);
    }

    /// Others have their whole lease from now on: nothing could be heard of them until now.
    pub fn renew(&mut self, now_ms: u64) {
        self.nodes.values_mut().for_each(|it| it.heard_ms = now_ms);
    }

    /// The nodes whose lease is over.
    #[must_use]
    pub fn dead(&self, now_ms: u64) -> Vec<NodeId> {
        let dead = self.nodes.iter().filter(|(_, it)| it.heard_ms + LEASE_MS <= now_ms);
        dead.map(|(node, _)| node.clone()).collect()
    }

    /// Forgets a node and its users, with the rooms that only it named: its word is old.
    pub fn bury(&mut self, node: &NodeId) {
        let users = self.nodes.remove(node).map(|it| it.users).unwrap_or_default();
        for (user, (_, seen)) in users {
            let rooms = seen.iter().flat_map(|seen| seen.rooms.keys().cloned()).collect::<Vec<_>>();
            self.index(node, &user, false, rooms.into_iter(), Vec::new());
            if let Some(seen) = seen {
                self.hand_on(&user, seen, false);
            }
        }
    }

    /// Where a user was seen last, by the word of nodes that say no more than that they are gone.
    pub fn haunts(&self, user: &UserId) -> impl Iterator<Item = &RoomId> {
        self.all_of(user).flat_map(|(seen, _)| seen.haunts.keys())
    }

    /// The nodes that are to be asked for an account now.
    pub fn to_ask(&mut self, now_ms: u64) -> Vec<NodeId> {
        let lacking = self
            .nodes
            .iter_mut()
            .filter(|(_, it)| (!it.is_whole() || !it.reachable) && it.asked_ms.is_none_or(|at| at + ASK_MS <= now_ms));
        lacking
            .map(|(node, it)| {
                it.asked_ms = Some(now_ms);
                node.clone()
            })
            .collect()
    }
}

/// What nodes say of a user, to be changed.
fn words_of<'a>(nodes: &'a mut BTreeMap<NodeId, Neighbour>, user: &'a UserId) -> impl Iterator<Item = &'a mut Seen> {
    nodes.values_mut().filter_map(|it| it.users.get_mut(user)?.1.as_mut())
}
