//! What is looked after again and again, so that nothing that was lost on the bus stays lost (G-8).

use std::collections::{BTreeMap, BTreeSet};

use roomcast_protocol::{RoomId, UserId};

use super::Inner;
use crate::{
    domain::News,
    hub::{Frame, Hint, Recent, Spoken, Topic},
    planted::{self, Bug},
};

/// How often other nodes are told the heads of rooms that changed.
const FRESH_MS: u64 = 1_000;

/// How often they are told again, and how often this node's rooms are compared with the database.
const AGAIN_MS: u64 = 5_000;

/// How often rooms are compared while nothing comes from the bus.
const DOWN_MS: u64 = 500;

/// How often other nodes hear that this one lives: some of it may be lost within a lease.
const ALIVE_MS: u64 = 4_000;

/// How long after its subscription what other nodes said before it counts as heard.
const SETTLES_MS: u64 = 2_000;

/// How often everybody's memberships are read although nothing seems to be missed.
const SWEEP_MS: u64 = 60_000;

/// How long the bus may be away before clients are told.
const DEGRADED_MS: u64 = 1_000;

/// How often a room's head is kept as that of earlier.
const EARLIER_MS: u64 = 20_000;

/// Most rooms of one question to the database.
const ROOMS: usize = 1_000;

/// Most cursors that wait for the bus to come back.
const CURSORS: usize = 10_000;

/// What this node has in mind.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// What other nodes were told lately.
    pub(super) recent: Recent,
    /// Users whose memberships are being read, and whether they are to be read again.
    pub(super) learning: BTreeMap<UserId, bool>,
    /// Whether everybody's memberships are to be read, and their cursors.
    pub(super) sweep: Option<bool>,
    /// Whether they are being read.
    pub(super) sweeping: bool,
    /// Cursors that the bus did not take, the newest of each.
    unsent: BTreeMap<(RoomId, UserId), News>,
    /// Cursors of transactions that ended without an answer, and when they are to be read.
    pub(super) unsure: BTreeMap<(RoomId, UserId), u64>,
    /// Whether somebody waits for that.
    pub(super) retelling: bool,
    /// Rooms that are to be compared with the database at once.
    due: BTreeSet<RoomId>,
    /// Whether rooms are being compared.
    checking: bool,
    /// Since when nothing comes from the bus.
    down_since: Option<u64>,
    /// Whether clients were told that it does not.
    degraded: bool,
    /// When this was last looked at.
    beat_ms: u64,
    alive_at: u64,
    fresh_at: u64,
    again_at: u64,
    check_at: u64,
    sweep_at: u64,
    earlier_at: u64,
}

impl Watch {
    /// A node that has heard nothing yet.
    pub(super) fn begin(now_ms: u64) -> Self {
        Self {
            down_since: Some(now_ms),
            beat_ms: now_ms,
            check_at: now_ms + AGAIN_MS,
            sweep_at: now_ms + SWEEP_MS,
            earlier_at: now_ms + EARLIER_MS,
            ..Self::default()
        }
    }

    /// Whether nothing comes from the bus.
    pub(super) const fn is_deaf(&self) -> bool {
        self.down_since.is_some()
    }

    pub(super) fn keep_cursor(&mut self, key: (RoomId, UserId), news: News) {
        if self.unsent.len() < CURSORS || self.unsent.contains_key(&key) {
            self.unsent.insert(key, news);
        }
    }
}

/// What is due.
#[derive(Debug, Default)]
struct Due {
    rooms: Vec<(RoomId, Spoken)>,
    members: Vec<Hint>,
    check: Option<Check>,
    sweep: bool,
    earlier: bool,
    degraded: bool,
    down: bool,
    alive: bool,
    stood_still_ms: u64,
}

#[derive(Debug)]
enum Check {
    All,
    These(Vec<RoomId>),
}

impl Inner {
    /// Whether other nodes are out of reach.
    pub(super) fn is_degraded(&self) -> bool {
        !self.alone && self.watch().degraded
    }

    /// Does what is due.
    pub(super) fn beat(&self) {
        if self.alone {
            return;
        }
        let now = self.env.mono_ms();
        let due = self.due(now);
        self.tell_present();
        if due.alive {
            self.tell_alive(&Topic::Nodes);
            let roster = self.roster();
            let only_there = |user: &&UserId| !roster.users.contains_key(*user);
            let count = roster.neighbours.users().iter().filter(only_there).count();
            self.metrics.nodes.remote_users.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        if !due.down {
            self.mind_neighbours(now, due.stood_still_ms);
        }
        for (room, Spoken { rev, cursor, .. }) in due.rooms {
            self.spread(&Topic::Room(room), &Frame::Heads { rev, cursor });
        }
        for (user, room, rev) in due.members {
            self.spread(&Topic::User(user), &Frame::Member { room, rev });
        }
        if due.earlier {
            for local in self.roster().rooms.values_mut() {
                local.earlier = [local.tail.head(), local.earlier[0]];
            }
        }
        if due.degraded {
            self.lose_neighbours();
            self.tell_degraded();
        }
        if due.sweep {
            self.sweep(false);
        }
        if let Some(check) = due.check {
            self.check(check);
        }
    }

    fn due(&self, now: u64) -> Due {
        let mut watch = self.watch();
        let mut due = Due::default();
        let down = watch.down_since.is_some();
        due.down = down;
        due.stood_still_ms = now - std::mem::replace(&mut watch.beat_ms, now);
        if now >= watch.alive_at {
            watch.alive_at = now + ALIVE_MS;
            due.alive = true;
        }
        if now >= watch.fresh_at {
            watch.fresh_at = now + FRESH_MS;
            due.rooms = watch.recent.fresh();
        }
        if now >= watch.again_at {
            watch.again_at = now + AGAIN_MS;
            // While nobody hears it, it does not become old.
            if !down {
                (due.rooms, due.members) = watch.recent.again(now);
            }
            due.sweep |= down;
        }
        if now >= watch.sweep_at {
            watch.sweep_at = now + SWEEP_MS;
            due.sweep = true;
        }
        if now >= watch.earlier_at && !down {
            watch.earlier_at = now + EARLIER_MS;
            due.earlier = true;
        }
        due.degraded = watch.down_since.is_some_and(|at| now >= at + DEGRADED_MS) && !watch.degraded;
        watch.degraded |= due.degraded;
        if !watch.checking {
            if now >= watch.check_at {
                watch.check_at = now + if down { DOWN_MS } else { AGAIN_MS };
                watch.due.clear();
                due.check = Some(Check::All);
            } else if !watch.due.is_empty() {
                due.check = Some(Check::These(std::mem::take(&mut watch.due).into_iter().collect()));
            }
            watch.checking = due.check.is_some();
        }
        due
    }

    /// Compares the heads of rooms with the database, beside everything else.
    fn check(&self, check: Check) {
        let Some(inner) = self.this.upgrade() else { return };
        let rooms = match check {
            Check::All => self.roster().rooms.keys().cloned().collect(),
            Check::These(rooms) => rooms,
        };
        self.env.spawn(Box::pin(async move {
            for rooms in rooms.chunks(ROOMS).filter(|_| !planted::has(Bug::HeadsUnchecked)) {
                match inner.store.heads(rooms).await {
                    Ok(heads) => inner.hear_heads(heads.iter().map(|head| (&head.room, head.rev))),
                    // They are due again soon.
                    Err(error) => {
                        tracing::warn!(%error, "unable to compare rooms with the database");
                        inner.watch().due.extend(rooms.iter().cloned());
                    }
                }
            }
            inner.watch().checking = false;
        }));
    }

    /// The bus works again: what it did not take is told, and what it did not bring is looked for.
    pub(super) fn bus_is_up(&self) {
        let (unsent, degraded) = {
            let mut watch = self.watch();
            watch.down_since = None;
            watch.recent.renew(self.env.mono_ms());
            (std::mem::take(&mut watch.unsent), std::mem::take(&mut watch.degraded))
        };
        unsent.into_values().for_each(|news| self.tell_cursor(news));
        if degraded {
            self.tell_degraded();
        }
        self.roster().neighbours.renew(self.env.mono_ms());
        self.tell_alive(&Topic::Nodes);
        self.sweep(false);
        self.doubt_all_cursors();
    }

    /// Nothing comes from the bus until it is up again.
    pub(super) fn bus_is_down(&self) {
        let now = self.env.mono_ms();
        let mut watch = self.watch();
        watch.down_since.get_or_insert(now);
        watch.check_at = now;
        watch.again_at = now;
    }

    pub(super) fn subscribed(&self, topic: Topic) {
        match topic {
            // What was told between the reading and the subscription was told to nobody here; all rooms are compared some
            // seconds later, but nobody is to wait for that.
            Topic::Room(room) => {
                if let Some(local) = self.roster().rooms.get_mut(&room) {
                    local.settled_ms = local.settled_ms.min(self.env.mono_ms() + SETTLES_MS);
                }
                self.watch().due.insert(room);
            }
            // Who was there before may not have heard of this node, and tells it of itself when it does.
            Topic::Nodes => self.tell_alive(&Topic::Nodes),
            // The greeting of who heard this node before it heard anybody is lost.
            Topic::Node(node) if node == self.node && self.roster().neighbours.is_empty() => {
                self.spread(&Topic::Nodes, &Frame::Ask);
            }
            _ => {}
        }
    }

    /// Cursors may have been missed for longer than they are told again.
    pub(super) fn doubt_all_cursors(&self) {
        let most = self.settings.limits.receipts_members;
        let rooms: Vec<RoomId> = {
            let mut roster = self.roster();
            let named = roster.rooms.iter_mut().filter(|(_, local)| local.member_count <= most);
            named
                .map(|(room, local)| {
                    local.sequencer.doubt_cursors(local.earlier[1]);
                    room.clone()
                })
                .collect()
        };
        rooms.iter().for_each(|room| self.mind(room));
    }
}
