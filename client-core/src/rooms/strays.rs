//! Changes of rooms that the user has entered without knowing it yet: an event can overtake the acknowledgement
//! of `join-room`, or `added-to-room`.

use std::collections::VecDeque;

use roomcast_protocol::{Rev, RoomId, Seq, UserId, collections::BTreeMap};

use super::change::Change;

const ROOMS_MOST: usize = 64;
const CHANGES_MOST: usize = 256;

/// The newest changes of the newest unknown rooms.
#[derive(Debug, Clone, Default)]
pub(crate) struct Strays(VecDeque<(RoomId, Stray)>);

/// What is known of such a room.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stray {
    pub(crate) changes: VecDeque<(Rev, Change)>,
    /// Cursors stand beside the log: nobody would notice that they are missing (G-12).
    pub(crate) cursors: BTreeMap<UserId, Seq>,
    /// Whether the user was said to be out of it: what lets them in may be of a moment before that.
    pub(crate) removed: bool,
}

impl Strays {
    pub(crate) fn keep(&mut self, room_id: &RoomId, rev: Rev, change: Change) {
        let changes = &mut self.of(room_id).changes;
        if changes.len() == CHANGES_MOST {
            changes.pop_front();
        }
        changes.push_back((rev, change));
    }

    pub(crate) fn keep_cursor(&mut self, room_id: &RoomId, user_id: UserId, seq: Seq) {
        let cursors = &mut self.of(room_id).cursors;
        if cursors.len() < CHANGES_MOST || cursors.contains_key(&user_id) {
            let known = cursors.entry(user_id).or_default();
            *known = seq.max(*known);
        }
    }

    pub(crate) fn mark_removed(&mut self, room_id: &RoomId) {
        self.of(room_id).removed = true;
    }

    pub(crate) fn take(&mut self, room_id: &RoomId) -> Stray {
        let place = self.0.iter().position(|(id, _)| id == room_id);
        place.and_then(|place| self.0.remove(place)).map(|(_, stray)| stray).unwrap_or_default()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    fn of(&mut self, room_id: &RoomId) -> &mut Stray {
        if let Some(place) = self.0.iter().position(|(id, _)| id == room_id) {
            return &mut self.0[place].1;
        }
        if self.0.len() == ROOMS_MOST {
            self.0.pop_front();
        }
        self.0.push_back((room_id.clone(), Stray::default()));
        &mut self.0.back_mut().expect("just pushed").1
    }
}
