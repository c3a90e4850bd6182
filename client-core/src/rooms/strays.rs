//! Changes of rooms that the user has entered without knowing it yet: an event can overtake the acknowledgement
//! of `join-room`, or `added-to-room`.

use std::collections::VecDeque;

use roomcast_protocol::{Rev, RoomId};

use super::change::Change;

const ROOMS_MOST: usize = 64;
const CHANGES_MOST: usize = 256;

/// The newest changes of the newest unknown rooms.
#[derive(Debug, Clone, Default)]
pub(crate) struct Strays(VecDeque<(RoomId, VecDeque<(Rev, Change)>)>);

impl Strays {
    pub(crate) fn keep(&mut self, room_id: &RoomId, rev: Rev, change: Change) {
        let changes = match self.0.iter().position(|(id, _)| id == room_id) {
            Some(place) => &mut self.0[place].1,
            None => {
                if self.0.len() == ROOMS_MOST {
                    self.0.pop_front();
                }
                self.0.push_back((room_id.clone(), VecDeque::new()));
                &mut self.0.back_mut().expect("just pushed").1
            }
        };
        if changes.len() == CHANGES_MOST {
            changes.pop_front();
        }
        changes.push_back((rev, change));
    }

    pub(crate) fn take(&mut self, room_id: &RoomId) -> impl Iterator<Item = (Rev, Change)> + use<> {
        let place = self.0.iter().position(|(id, _)| id == room_id);
        place.and_then(|place| self.0.remove(place)).into_iter().flat_map(|(_, changes)| changes)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
