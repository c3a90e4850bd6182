//! What this node has told other nodes a moment ago. It is said again, in short, for a while: a frame that was lost has
//! no successor to betray it (G-8).

use std::collections::BTreeMap;

use roomcast_protocol::{Rev, RoomId, UserId};

/// For how long it is said again, in milliseconds. No frame between two nodes is lost for longer without one of them
/// holding the other for dead, which makes it look for itself.
const AGAIN_MS: u64 = 30_000;

/// Most rooms, and most users, of whom it is said again; what is beyond is found in the database.
const MOST: usize = 10_000;

/// How far the news of a room went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spoken {
    /// Its newest change.
    pub rev: Option<Rev>,
    /// The number of its newest cursor.
    pub cursor: Option<u64>,
    at_ms: u64,
    fresh: bool,
}

/// A membership that changed, and by which change, where that is known.
pub type Hint = (UserId, RoomId, Option<Rev>);

/// What was told lately.
#[derive(Debug, Default)]
pub struct Recent {
    rooms: BTreeMap<RoomId, Spoken>,
    members: BTreeMap<(UserId, RoomId), (Option<Rev>, u64)>,
    cursors: u64,
}

impl Recent {
    /// A room has come to a change.
    pub fn told(&mut self, room: &RoomId, rev: Rev, now_ms: u64) {
        if let Some(spoken) = self.room(room, now_ms) {
            spoken.rev = spoken.rev.max(Some(rev));
        }
    }

    /// A room's cursor moved: its number, and that of the one before it.
    pub fn number_cursor(&mut self, room: &RoomId, now_ms: u64) -> (u64, Option<u64>) {
        self.cursors += 1;
        let number = self.cursors;
        let before = self.room(room, now_ms).and_then(|spoken| spoken.cursor.replace(number));
        (number, before)
    }

    /// A membership changed, or may have.
    pub fn hinted(&mut self, user: &UserId, room: &RoomId, rev: Option<Rev>, now_ms: u64) {
        if self.members.len() < MOST {
            let known = self.members.get(&(user.clone(), room.clone())).and_then(|(rev, _)| *rev);
            self.members.insert((user.clone(), room.clone()), (rev.max(known), now_ms));
        }
    }

    /// What was said while nobody heard it is said again for its whole time.
    pub fn renew(&mut self, now_ms: u64) {
        self.rooms.values_mut().for_each(|spoken| (spoken.at_ms, spoken.fresh) = (now_ms, true));
        self.members.values_mut().for_each(|(_, at_ms)| *at_ms = now_ms);
    }

    fn room(&mut self, room: &RoomId, now_ms: u64) -> Option<&mut Spoken> {
        if self.rooms.len() >= MOST && !self.rooms.contains_key(room) {
            return None;
        }
        let spoken = self.rooms.entry(room.clone()).or_default();
        (spoken.at_ms, spoken.fresh) = (now_ms, true);
        Some(spoken)
    }

    /// The rooms that changed since this was asked last.
    pub fn fresh(&mut self) -> Vec<(RoomId, Spoken)> {
        let taken = |spoken: &mut Spoken| std::mem::take(&mut spoken.fresh).then_some(*spoken);
        self.rooms.iter_mut().filter_map(|(room, spoken)| Some((room.clone(), taken(spoken)?))).collect()
    }

    /// All that is to be said again, once what is long ago is forgotten.
    pub fn again(&mut self, now_ms: u64) -> (Vec<(RoomId, Spoken)>, Vec<Hint>) {
        self.rooms.retain(|_, spoken| spoken.at_ms + AGAIN_MS > now_ms);
        self.members.retain(|_, (_, at_ms)| *at_ms + AGAIN_MS > now_ms);
        let rooms = self.rooms.iter().map(|(room, spoken)| (room.clone(), *spoken)).collect();
        let members = self.members.iter();
        (rooms, members.map(|((user, room), (rev, _))| (user.clone(), room.clone(), *rev)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g8_what_was_told_is_said_once_more_at_once_and_again_for_a_while() {
        let (room, user) = (RoomId::parse("r").expect("a good id"), UserId::parse("u").expect("a good id"));
        let mut recent = Recent::default();
        recent.told(&room, Rev::new(5), 0);
        assert_eq!(recent.number_cursor(&room, 0), (1, None));
        assert_eq!(recent.number_cursor(&room, 10), (2, Some(1)));
        recent.hinted(&user, &room, Some(Rev::new(5)), 0);
        let fresh = recent.fresh();
        assert_eq!((fresh.len(), fresh[0].1.rev, fresh[0].1.cursor), (1, Some(Rev::new(5)), Some(2)));
        assert!(recent.fresh().is_empty());
        let (rooms, members) = recent.again(29_999);
        assert_eq!((rooms.len(), members.len()), (1, 1));
        let (rooms, members) = recent.again(30_005);
        assert_eq!((rooms.len(), members.len()), (1, 0), "its last cursor was later");
        assert!(recent.again(30_010).0.is_empty());
        assert_eq!(recent.number_cursor(&room, 30_010), (3, None), "the one before is long ago");
    }
}
