//! Rooms of which changes are missing, and when to ask for them (G-8, G-9).
//!
//! A gap may close by itself: an acknowledgement can come after the event behind it. So it is given a moment
//! where one is on its way, and asked for at once where none is. One question a room at a time.

use roomcast_protocol::{RoomId, collections::BTreeMap};

use crate::{
    planted::{self, Bug},
    time::Millis,
};

/// How long a gap may take to close by itself.
const PATIENCE_MS: Millis = 250;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    WaitingUntil(Millis),
    Asked,
}

/// Whether the missing change may be on its way already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hope {
    /// It may be: a command of ours is in flight.
    Some,
    /// Nothing that we know of will bring it.
    None,
}

/// All rooms with gaps.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gaps(BTreeMap<RoomId, Gap>);

impl Gaps {
    /// Notes that a room lacks changes.
    pub(crate) fn open(&mut self, room_id: &RoomId, hope: Hope, now: Millis) {
        if planted::has(Bug::GapNotAsked) {
            return;
        }
        let until = match hope {
            Hope::Some => now + PATIENCE_MS,
            Hope::None => now,
        };
        match self.0.get_mut(room_id) {
            Some(Gap::Asked) => {}
            Some(Gap::WaitingUntil(other)) => *other = until.min(*other),
            None => drop(self.0.insert(room_id.clone(), Gap::WaitingUntil(until))),
        }
    }

    /// Asks again after a failure.
    pub(crate) fn postpone(&mut self, room_id: &RoomId, until: Millis) {
        self.0.insert(room_id.clone(), Gap::WaitingUntil(until));
    }

    /// A room to ask for now; it counts as asked for.
    pub(crate) fn ask_next(&mut self, now: Millis) -> Option<RoomId> {
        let due = |gap: &Gap| matches!(gap, Gap::WaitingUntil(until) if *until <= now);
        let (room_id, gap) = self.0.iter_mut().find(|(_, gap)| due(gap))?;
        *gap = Gap::Asked;
        Some(room_id.clone())
    }

    pub(crate) fn close(&mut self, room_id: &RoomId) {
        self.0.remove(room_id);
    }

    /// Closes a gap that closed by itself; a question that is out stays out.
    pub(crate) fn closed_by_itself(&mut self, room_id: &RoomId) {
        if matches!(self.0.get(room_id), Some(Gap::WaitingUntil(_))) {
            self.0.remove(room_id);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn contains(&self, room_id: &RoomId) -> bool {
        self.0.contains_key(room_id)
    }

    /// When a gap's moment is over; those whose is over wait for the connection only.
    pub(crate) fn deadline(&self, now: Millis) -> Option<Millis> {
        let waiting = self.0.values().filter_map(|gap| match gap {
            Gap::WaitingUntil(until) => Some(*until),
            Gap::Asked => None,
        });
        waiting.filter(|until| *until > now).min()
    }
}
