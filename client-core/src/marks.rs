//! Read marks on their way to the server: at most one in flight per room, the newest wins (G-12).

use roomcast_protocol::{RoomId, Seq, collections::BTreeMap};

use crate::time::Millis;

#[derive(Debug, Clone)]
struct Mark {
    wanted: Seq,
    in_flight: bool,
    hold_until: Option<Millis>,
}

/// The marks that the server does not have yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks(BTreeMap<RoomId, Mark>);

impl Marks {
    /// Wants a mark to be told.
    pub(crate) fn want(&mut self, room_id: &RoomId, seq: Seq) {
        let mark = self.0.entry(room_id.clone()).or_insert(Mark { wanted: seq, in_flight: false, hold_until: None });
        mark.wanted = mark.wanted.max(seq);
    }

    /// The next mark to send.
    pub(crate) fn start_next(&mut self, now: Millis) -> Option<(RoomId, Seq)> {
        let ready = |mark: &Mark| !mark.in_flight && mark.hold_until.is_none_or(|until| until <= now);
        let (room_id, mark) = self.0.iter_mut().find(|(_, mark)| ready(mark))?;
        (mark.in_flight, mark.hold_until) = (true, None);
        Some((room_id.clone(), mark.wanted))
    }

    /// The server has this mark, or refuses it for good.
    pub(crate) fn settled(&mut self, room_id: &RoomId, seq: Seq) {
        match self.0.get_mut(room_id) {
            Some(mark) if mark.wanted > seq => mark.in_flight = false,
            _ => drop(self.0.remove(room_id)),
        }
    }

    /// The server asks to come again later.
    pub(crate) fn deferred(&mut self, room_id: &RoomId, until: Millis) {
        if let Some(mark) = self.0.get_mut(room_id) {
            (mark.in_flight, mark.hold_until) = (false, Some(until));
        }
    }

    pub(crate) fn forget(&mut self, room_id: &RoomId) {
        self.0.remove(room_id);
    }

    /// Another life of the database: places of the old one are none of it.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// What was in flight is sent again on the next connection.
    pub(crate) fn connection_lost(&mut self) {
        for mark in self.0.values_mut() {
            (mark.in_flight, mark.hold_until) = (false, None);
        }
    }

    /// When a pause is over; those that are over wait for their turn only.
    pub(crate) fn deadline(&self, now: Millis) -> Option<Millis> {
        self.0.values().filter_map(|mark| mark.hold_until).filter(|until| *until > now).min()
    }
}
