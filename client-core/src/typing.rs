//! Who is typing, and telling others that we are (G-14).

use std::sync::Arc;

use roomcast_protocol::{RoomId, UserId, collections::BTreeMap, model::Typist};

use crate::{
    planted::{self, Bug},
    time::Millis,
};

/// `typing-start` goes out at most once in this time.
const START_EVERY_MS: Millis = 2_000;
/// Without another keystroke we have stopped.
const IDLE_MS: Millis = 5_000;
/// Without another `user-typing` they have stopped, whatever happens.
const SHOWN_MS: Millis = 6_000;

#[derive(Debug, Clone)]
struct Own {
    started_at: Millis,
    idle_at: Millis,
}

/// Something to tell the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tell {
    Start,
    Stop,
}

/// Both directions of typing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Typing {
    own: BTreeMap<RoomId, Own>,
    shown: BTreeMap<RoomId, BTreeMap<UserId, (Arc<str>, Millis)>>,
}

impl Typing {
    /// The user pressed a key.
    pub(crate) fn pressed(&mut self, room_id: &RoomId, now: Millis) -> Option<Tell> {
        let idle_at = now + IDLE_MS;
        if let Some(own) = self.own.get_mut(room_id) {
            own.idle_at = idle_at;
            if now < own.started_at + START_EVERY_MS {
                return None;
            }
            own.started_at = now;
        } else {
            self.own.insert(room_id.clone(), Own { started_at: now, idle_at });
        }
        Some(Tell::Start)
    }

    /// The user stopped, sent or left.
    pub(crate) fn stopped(&mut self, room_id: &RoomId) -> Option<Tell> {
        self.own.remove(room_id).map(|_| Tell::Stop)
    }

    /// A room in which the user has been idle for long enough.
    pub(crate) fn idle_next(&mut self, now: Millis) -> Option<RoomId> {
        let room_id = self.own.iter().find(|(_, own)| own.idle_at <= now)?.0.clone();
        self.own.remove(&room_id);
        Some(room_id)
    }

    /// Somebody types; tells whether they did not before.
    pub(crate) fn show(&mut self, room_id: &RoomId, typist: &Typist, now: Millis) -> bool {
        let shown = self.shown.entry(room_id.clone()).or_default();
        let until = if planted::has(Bug::EndlessTyping) { Millis::MAX } else { now + SHOWN_MS };
        shown.insert(typist.user_id.clone(), (Arc::from(&*typist.username), until)).is_none()
    }

    /// Somebody stopped, posted or left; tells whether they were shown.
    pub(crate) fn hide(&mut self, room_id: &RoomId, user_id: &UserId) -> bool {
        let Some(shown) = self.shown.get_mut(room_id) else { return false };
        let was = shown.remove(user_id).is_some();
        if shown.is_empty() {
            self.shown.remove(room_id);
        }
        was
    }

    /// Hides somebody whose time is over.
    pub(crate) fn expire_next(&mut self, now: Millis) -> Option<(RoomId, UserId)> {
        let mut all =
            self.shown.iter().flat_map(|(room, users)| users.iter().map(move |(user, shown)| (room, user, shown)));
        let (room_id, user_id, _) = all.find(|(_, _, (_, until))| *until <= now)?;
        let (room_id, user_id) = (room_id.clone(), user_id.clone());
        self.hide(&room_id, &user_id);
        Some((room_id, user_id))
    }

    /// Who types in a room.
    pub(crate) fn in_room(&self, room_id: &RoomId) -> Arc<[Typist]> {
        let shown = self.shown.get(room_id).into_iter().flatten();
        shown.map(|(user_id, (name, _))| Typist { user_id: user_id.clone(), username: name.to_string() }).collect()
    }

    pub(crate) fn forget(&mut self, room_id: &RoomId) {
        self.own.remove(room_id);
        self.shown.remove(room_id);
    }

    /// Nothing is heard any more: the rooms in which somebody was shown.
    pub(crate) fn connection_lost(&mut self) -> Vec<RoomId> {
        self.own.clear();
        std::mem::take(&mut self.shown).into_keys().collect()
    }

    pub(crate) fn deadline(&self) -> Option<Millis> {
        let own = self.own.values().map(|own| own.idle_at);
        let shown = self.shown.values().flat_map(BTreeMap::values).map(|(_, until)| *until);
        own.chain(shown).min()
    }
}
