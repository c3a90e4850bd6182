//! Who came online is told with the next tick, and not by a write of its own to everybody: ten thousand who lost their
//! node come back within seconds, and would be told of each other a million times over, a write each. While connections
//! wait at the gate their coming is gathered for longer. Whatever else becomes of them is told at once, behind their
//! coming (G-13).

use std::collections::BTreeSet;

use roomcast_protocol::{RoomId, UserId};

use super::{Inner, presence::Told};
use crate::{
    domain::ConnId,
    hub::{Packet, Roster, Untold},
};

/// How long it is gathered at most while many come.
const GATHERED_MS: u64 = 2_000;

impl Inner {
    /// A user is here: others are told soon.
    pub(super) fn announce_online(&self, user: &UserId, conn: ConnId) {
        let now = self.env.mono_ms();
        let mut roster = self.roster();
        if roster.users.get(user).is_none_or(|local| local.announced) {
            return;
        }
        let told = self.shifted(&mut roster, std::slice::from_ref(user), |roster| {
            if let Some(local) = roster.users.get_mut(user) {
                local.announced = true;
                roster.dirty.insert(user.clone());
            }
        });
        if !told.is_empty() {
            roster.untold.entry(user.clone()).or_insert(Untold { conn, since_ms: now, told });
        }
    }

    /// Tells those who are here who came.
    pub(super) fn tell_arrivals(&self) {
        let now = self.env.mono_ms();
        let _telling = self.telling();
        let due = {
            let mut roster = self.roster();
            let waits = |untold: &Untold| now < untold.since_ms + GATHERED_MS;
            if roster.untold.is_empty() || self.gate.is_crowded() && roster.untold.values().all(waits) {
                return;
            }
            let users: Vec<UserId> = roster.untold.keys().cloned().collect();
            let mut due: Vec<Untold> = users.iter().filter_map(|user| self.still_untold(&mut roster, user)).collect();
            // Those of a room one after the other: what is queued for a connection at once leaves in one write.
            due.sort_by(|one, other| one.rooms().cmp(other.rooms()));
            due
        };
        due.into_iter().for_each(|untold| self.tell_untold(untold));
        self.tell_present();
    }

    /// What is not told yet of a user's coming, as far as it is still true of their rooms.
    pub(super) fn still_untold(&self, roster: &mut Roster, user: &UserId) -> Option<Untold> {
        let mut untold = roster.untold.remove(user)?;
        let rooms: BTreeSet<RoomId> = roster.presence_rooms(user, self.settings.limits.presence_members);
        untold.told.iter_mut().for_each(|(whom, _)| whom.retain(|room| rooms.contains(room)));
        Some(untold)
    }

    pub(super) fn tell_untold(&self, Untold { conn, told, .. }: Untold) {
        self.tell_rooms(told, Some(conn));
    }

    pub(super) fn tell_rooms(&self, told: Told, except: Option<ConnId>) {
        for (rooms, event) in told.into_iter().filter(|(rooms, _)| !rooms.is_empty()) {
            self.transport.broadcast(&rooms, except, &Packet::from(&event));
        }
    }
}
