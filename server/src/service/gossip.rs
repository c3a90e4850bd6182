//! What nodes tell each other of who is present (G-13): every change at once, a sign of life in between, an account to
//! whoever asks for one.

use std::collections::BTreeSet;

use roomcast_protocol::{Rev, RoomId, UserId};

use super::Inner;
use crate::{
    hub::{Account, Choice, Frame, NodeId, Said, Seen, Topic},
    planted::{self, Bug},
};

/// Most users of one frame.
const USERS: usize = 100;

/// How long a node may stand still before it gives the others the time that it missed.
const STOOD_STILL_MS: u64 = 2_000;

impl Inner {
    /// Tells other nodes of the users whom something has changed about.
    pub(super) fn tell_present(&self) {
        loop {
            let frame = {
                let mut roster = self.roster();
                if self.alone || roster.dirty.is_empty() {
                    roster.dirty.clear();
                    return;
                }
                let mut dirty = std::mem::take(&mut roster.dirty);
                if let Some(rest) = dirty.iter().nth(USERS).cloned() {
                    roster.dirty = dirty.split_off(&rest);
                }
                roster.number += 1;
                let said = |user| (roster.said_of(&user), user);
                let users = dirty.into_iter().map(said).map(|(seen, user)| (user, seen)).collect();
                Frame::Seen { number: roster.number, users }
            };
            self.spread(&Topic::Nodes, &frame);
        }
    }

    /// Says that this node lives.
    pub(super) fn tell_alive(&self, topic: &Topic) {
        let number = self.roster().number;
        self.spread(topic, &Frame::Alive { number });
    }

    pub(super) fn hear_alive(&self, from: &NodeId, number: u64) {
        let now = self.env.mono_ms();
        let users = self.users_in_doubt(from);
        let mut is_new = false;
        self.shift(&users, None, |roster| is_new = roster.neighbours.alive(from, number, now));
        self.greet(from, is_new);
    }

    pub(super) fn hear_seen(&self, from: &NodeId, number: u64, users: Vec<Said>) {
        let now = self.env.mono_ms();
        self.remind(from, users.iter().filter_map(|(user, seen)| Some((user, seen.as_ref()?))));
        self.tell_chosen(from, users.iter().filter_map(|(user, seen)| Some((user, seen.as_ref()?))));
        let mut whom = self.users_in_doubt(from);
        whom.extend(users.iter().map(|(user, _)| user.clone()));
        whom.sort_unstable();
        whom.dedup();
        let mut is_new = false;
        self.shift(&whom, None, |roster| {
            is_new = roster.neighbours.say(from, number, users, now);
            whom.iter().for_each(|user| roster.adopt(user));
        });
        self.greet(from, is_new);
        self.tell_present();
    }

    /// The users of a node of which what is known does not hold now: any word of it may show that it does.
    fn users_in_doubt(&self, node: &NodeId) -> Vec<UserId> {
        let roster = self.roster();
        if roster.neighbours.holds(node) { Vec::new() } else { roster.neighbours.users_of(node) }
    }

    /// A node that lacks a room of one of its users has yet to hear that they entered it: it is told once more, before
    /// the user goes and nobody says so in that room.
    fn remind<'a>(&self, node: &NodeId, said: impl Iterator<Item = (&'a UserId, &'a Seen)>) {
        let lacks: Vec<_> = {
            let roster = self.roster();
            let here = |(_, room, _): &(UserId, RoomId, Rev)| roster.rooms.contains_key(room);
            said.flat_map(|(user, seen)| roster.neighbours.lacks(node, user, seen)).filter(here).collect()
        };
        for (user, room, rev) in lacks {
            self.spread(&Topic::User(user), &Frame::Member { room, rev: Some(rev) });
        }
    }

    /// A node that a user came to with no choice of their own may never have heard the one that they chose on, and that
    /// may be no more: it is told, and seen as they were there they stay.
    fn tell_chosen<'a>(&self, node: &NodeId, said: impl Iterator<Item = (&'a UserId, &'a Seen)>) {
        let chosen: Vec<_> = {
            let roster = self.roster();
            let anew = said.filter(|(_, seen)| seen.stamp.count == 0);
            anew.filter_map(|(user, _)| Some((user.clone(), roster.neighbours.chosen(user, node)?))).collect()
        };
        for (user, choice) in chosen {
            self.spread(&Topic::Node(node.clone()), &Frame::Chosen { user, choice });
        }
    }

    pub(super) fn hear_chosen(&self, user: &UserId, choice: Choice) {
        self.shift(std::slice::from_ref(user), None, |roster| roster.recall(user, choice));
        self.tell_present();
    }

    /// A node that was not known may not know this one. And it may stand where another one stood that was never heard:
    /// what that did it has told nobody.
    fn greet(&self, node: &NodeId, is_new: bool) {
        if is_new {
            self.tell_alive(&Topic::Node(node.clone()));
            self.sweep(false);
            self.doubt_all_cursors();
        }
    }

    pub(super) fn give_account(&self, to: &NodeId) {
        let accounts: Vec<Account> = {
            let roster = self.roster();
            let seen = |user: &UserId| Some((user.clone(), roster.said_of(user)?));
            let users: Vec<_> = roster.users.keys().filter_map(seen).collect();
            let parts = users.len().div_ceil(USERS).max(1);
            let mut chunks = users.chunks(USERS);
            let mut account = |part| Account {
                number: roster.number,
                part,
                parts,
                users: chunks.next().unwrap_or_default().to_vec(),
            };
            (0..parts).map(&mut account).collect()
        };
        for account in accounts {
            self.spread(&Topic::Node(to.clone()), &Frame::Account(account));
        }
    }

    pub(super) fn hear_account(&self, from: &NodeId, account: Account) {
        let now = self.env.mono_ms();
        self.remind(from, account.users.iter().map(|(user, seen)| (user, seen)));
        self.tell_chosen(from, account.users.iter().map(|(user, seen)| (user, seen)));
        let named: Vec<_> = account.users.iter().map(|(user, _)| user.clone()).collect();
        let mut whom = named.clone();
        {
            let roster = self.roster();
            if roster.neighbours.completes(from, &account) {
                whom.extend(roster.neighbours.users_of(from));
            }
        }
        whom.sort_unstable();
        whom.dedup();
        let mut is_new = false;
        self.shift(&whom, None, |roster| {
            is_new = roster.neighbours.account(from, account, now);
            named.iter().for_each(|user| roster.adopt(user));
        });
        self.greet(from, is_new);
        self.tell_present();
    }

    /// Nothing was heard for a while: who is only on other nodes is unknown.
    pub(super) fn lose_neighbours(&self) {
        let users = self.roster().neighbours.users();
        self.shift(&users, None, |roster| roster.neighbours.lose());
    }

    /// Looks after the leases of other nodes, and asks those that are not wholly known.
    pub(super) fn mind_neighbours(&self, now: u64, stood_still_ms: u64) {
        if stood_still_ms > STOOD_STILL_MS {
            // What they said meanwhile waits to be heard.
            self.roster().neighbours.renew(now);
        }
        // Whose node may be dead is seen as another one says: nobody else tells that.
        let turning: BTreeSet<UserId> = {
            let roster = self.roster();
            roster.neighbours.turning(now).iter().flat_map(|node| roster.neighbours.users_of(node)).collect()
        };
        let turning: Vec<UserId> = turning.into_iter().collect();
        self.shift(&turning, None, |roster| roster.neighbours.tick(now));
        let dead = self.roster().neighbours.dead(now);
        for node in dead.iter().filter(|_| !planted::has(Bug::EndlessLease)) {
            tracing::info!(%node, "holds a node for dead");
            let users = self.roster().neighbours.users_of(node);
            self.shift(&users, None, |roster| roster.neighbours.bury(node));
        }
        if !dead.is_empty() {
            // What it did last it may have told nobody.
            self.sweep(false);
            self.doubt_all_cursors();
        }
        let ask = self.roster().neighbours.to_ask(now);
        for node in ask {
            self.spread(&Topic::Node(node), &Frame::Ask);
        }
    }
}
