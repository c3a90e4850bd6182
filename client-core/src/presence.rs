//! How the user wants to be seen, and how others are (G-13).

use roomcast_protocol::{
    Timestamp, UserId,
    collections::BTreeMap,
    command::UpdatePresence,
    model::{Status, UserPresence},
};

use crate::planted::{self, Bug};

/// What is known of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) status: Status,
    pub(crate) text: Option<String>,
    pub(crate) last_seen_at: Option<Timestamp>,
}

/// Own choice and others' states. A server forgets the choice with the connection, so it is told anew.
#[derive(Debug, Clone, Default)]
pub(crate) struct Presence {
    pub(crate) chosen: Option<UpdatePresence>,
    /// With the moment at which it was said.
    others: BTreeMap<UserId, (Seen, u64)>,
    /// Counts what was said.
    moment: u64,
}

impl Presence {
    /// Takes the server's list in place of all that was known.
    pub(crate) fn replace(&mut self, list: Vec<UserPresence>) {
        let seen = |p: UserPresence| (p.user_id, Seen { status: p.status, text: p.text, last_seen_at: p.last_seen_at });
        if !planted::has(Bug::PresenceKept) {
            self.others.clear();
        }
        self.moment += 1;
        let moment = self.moment;
        self.others.extend(list.into_iter().map(seen).map(|(user, seen)| (user, (seen, moment))));
    }

    /// Takes one state; tells whether it is different.
    pub(crate) fn seen(&mut self, user_id: &UserId, seen: Seen) -> bool {
        self.moment += 1;
        let before = self.others.insert(user_id.clone(), (seen.clone(), self.moment));
        before.is_none_or(|(before, _)| before != seen)
    }

    /// Takes what a room's state says, unless more is known.
    pub(crate) fn meet(&mut self, user_id: &UserId, seen: Seen) {
        self.moment += 1;
        match self.others.get_mut(user_id) {
            Some((known, moment)) if known.status == seen.status => *moment = self.moment,
            _ => drop(self.others.insert(user_id.clone(), (seen, self.moment))),
        }
    }

    /// What was said last was said now.
    pub(crate) const fn moment(&self) -> u64 {
        self.moment
    }

    /// What was said of somebody after a moment. What was said before may be of a room that was shared then: whatever
    /// became of them since is told to others.
    pub(crate) fn since(&self, user_id: &UserId, moment: u64) -> Option<&Seen> {
        self.others.get(user_id).filter(|(_, said)| *said > moment).map(|(seen, _)| seen)
    }

    pub(crate) fn of(&self, user_id: &UserId) -> Option<&Seen> {
        self.others.get(user_id).map(|(seen, _)| seen)
    }
}
