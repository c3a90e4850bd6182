//! Connections between their subscription and their initial state (G-10): what is told meanwhile is held for them,
//! and what the initial state did not say already goes out behind it.

use std::collections::BTreeMap;

use roomcast_protocol::{Rev, RoomId};

use super::gate::Place;
use crate::{domain::ConnId, hub::Packet};

/// Most packets that are held for one connection; one that misses more must come again.
const HELD: usize = 1_000;

/// Whose initial state is not out yet. Its lock is held while news is told and while a connection is let go, so
/// that each event reaches a connection by exactly one of the two ways. It is always taken before the roster's.
#[derive(Debug, Default)]
pub(super) struct Arriving(BTreeMap<ConnId, Arrival>);

#[derive(Debug)]
struct Arrival {
    held: Vec<Held>,
    /// Others may begin once it is over.
    _place: Option<Place>,
}

#[derive(Debug)]
struct Held {
    /// Its place in a room's log; `None` for what stands beside it.
    place: Option<(RoomId, Rev)>,
    packet: Packet,
}

/// More was told to an arriving connection than is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unable to hold what a connection missed; there was too much")]
pub(super) struct TooMuch;

impl Arriving {
    pub(super) fn begin(&mut self, conn: ConnId, place: Option<Place>) {
        self.0.insert(conn, Arrival { held: Vec::new(), _place: place });
    }

    pub(super) fn forget(&mut self, conn: ConnId) {
        self.0.remove(&conn);
    }

    pub(super) fn contains(&self, conn: ConnId) -> bool {
        self.0.contains_key(&conn)
    }

    pub(super) fn connections(&self) -> Vec<ConnId> {
        self.0.keys().copied().collect()
    }

    /// Holds a packet for a connection that is arriving; false where it is not.
    pub(super) fn hold(&mut self, conn: ConnId, place: Option<(RoomId, Rev)>, packet: &Packet) -> bool {
        let Some(Arrival { held, .. }) = self.0.get_mut(&conn) else { return false };
        // One too many marks the overflow.
        if held.len() <= HELD {
            held.push(Held { place, packet: packet.clone() });
        }
        true
    }

    /// Lets a connection go; gives what it must still be told, after it was told everything up to `said`.
    pub(super) fn release(&mut self, conn: ConnId, said: &BTreeMap<RoomId, Rev>) -> Result<Vec<Packet>, TooMuch> {
        let held = self.0.remove(&conn).map(|arrival| arrival.held).unwrap_or_default();
        if held.len() > HELD {
            return Err(TooMuch);
        }
        let news = |held: &Held| match &held.place {
            Some((room, rev)) => said.get(room).is_none_or(|said| rev > said),
            None => true,
        };
        Ok(held.into_iter().filter(news).map(|held| held.packet).collect())
    }
}

#[cfg(test)]
mod tests {
    use roomcast_protocol::Event;

    use super::*;

    #[test]
    fn g10_only_what_was_not_said_goes_out_behind() {
        let (conn, room) = (ConnId(1), RoomId::parse("r").expect("an id"));
        let packet = Packet::from(&Event::TokenRevoked(Box::default()));
        let mut arriving = Arriving::default();
        assert!(!arriving.hold(conn, None, &packet));
        arriving.begin(conn, None);
        for rev in [4, 5, 6] {
            assert!(arriving.hold(conn, Some((room.clone(), Rev::new(rev))), &packet));
        }
        assert!(arriving.hold(conn, None, &packet));
        let said = BTreeMap::from([(room, Rev::new(5))]);
        assert_eq!(arriving.release(conn, &said).expect("little was held").len(), 2);
        assert!(!arriving.contains(conn));
    }

    #[test]
    fn what_overflows_is_not_half_told() {
        let conn = ConnId(1);
        let packet = Packet::from(&Event::TokenRevoked(Box::default()));
        let mut arriving = Arriving::default();
        arriving.begin(conn, None);
        for _ in 0..=HELD {
            arriving.hold(conn, None, &packet);
        }
        assert_eq!(arriving.release(conn, &BTreeMap::new()).expect_err("one too many"), TooMuch);
    }
}
