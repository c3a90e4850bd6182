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
    others: BTreeMap<UserId, Seen>,
}

impl Presence {
    /// Takes the server's list in place of all that was known.
    pub(crate) fn replace(&mut self, list: Vec<UserPresence>) {
        let seen = |p: UserPresence| (p.user_id, Seen { status: p.status, text: p.text, last_seen_at: p.last_seen_at });
        if !planted::has(Bug::PresenceKept) {
            self.others.clear();
        }
        self.others.extend(list.into_iter().map(seen));
    }

    /// Takes one state; tells whether it is different.
    pub(crate) fn seen(&mut self, user_id: &UserId, seen: Seen) -> bool {
        self.others.insert(user_id.clone(), seen.clone()).as_ref() != Some(&seen)
    }

    /// Takes what a room's state says, unless more is known.
    pub(crate) fn meet(&mut self, user_id: &UserId, seen: Seen) {
        if self.of(user_id).is_none_or(|known| known.status != seen.status) {
            self.others.insert(user_id.clone(), seen);
        }
    }

    pub(crate) fn of(&self, user_id: &UserId) -> Option<&Seen> {
        self.others.get(user_id)
    }
}
