//! Presence: a user is online while any of their connections is, and for some seconds after (G-13).

use roomcast_protocol::{
    Event, RoomId, Timestamp, UserId,
    ack::Ack,
    command::UpdatePresence,
    event::{Occupancy, PresenceChanged, UserOffline, UserOnline},
    model::{Status, User},
    registry::Reply,
};

use super::{Departure, Inner, Service, Session, write::done};
use crate::{
    domain::{Act, Author, ConnId},
    hub::{Packet, Roster},
    planted::{self, Bug},
};

/// Last-seen times are written once so many have gathered or so much time has passed.
const LAST_SEEN_BATCH: usize = 500;

impl Service {
    pub(super) fn update_presence(&self, session: &Session, presence: UpdatePresence) -> Ack {
        let user = &session.user.id;
        let (before, after, text, rooms) = {
            let mut roster = self.inner.roster();
            let Some(local) = roster.users.get_mut(user) else { return Ok(Reply::UpdatePresence(done())) };
            let before = (local.status(), local.text.clone());
            local.availability = presence.status;
            local.text = presence.text;
            let after = (local.status(), local.text.clone());
            let text = local.text.clone();
            roster.occupancy_changed(user);
            (before, after, text, roster.presence_rooms(user, self.inner.settings.limits.presence_members))
        };
        if before != after {
            let event = match (before.0, after.0) {
                (Status::Offline, Status::Offline) => return Ok(Reply::UpdatePresence(done())),
                (_, Status::Offline) => Event::UserOffline(Box::new(UserOffline {
                    user_id: user.clone(),
                    last_seen_at: Some(self.inner.env.now()),
                })),
                (Status::Offline, Status::Online) => Event::UserOnline(Box::new(UserOnline { user_id: user.clone() })),
                (_, status) => {
                    Event::PresenceChanged(Box::new(PresenceChanged { user_id: user.clone(), status, text }))
                }
            };
            self.inner.transport.broadcast(&rooms, Some(session.conn), &Packet::from(&event));
        }
        Ok(Reply::UpdatePresence(done()))
    }

    /// Writes gathered last-seen times down, in batches.
    pub(super) fn write_last_seen(&self) {
        let seen: Vec<(UserId, Timestamp)> = {
            let mut roster = self.inner.roster();
            let mut seen = std::mem::take(&mut roster.last_seen);
            if seen.len() > LAST_SEEN_BATCH {
                let key = seen.keys().nth(LAST_SEEN_BATCH).cloned().expect("longer than a batch");
                roster.last_seen = seen.split_off(&key);
            }
            seen.into_iter().collect()
        };
        let Some((first, _)) = seen.first() else { return };
        // The author of a batch is nobody in particular; any of its users will do.
        let user = User { id: first.clone(), name: first.as_str().to_owned(), avatar_url: None };
        let outcome = self.write(Author { user, admin: false, conn: None }, Act::LastSeen(seen));
        self.inner.env.spawn(Box::pin(async move {
            if let Err(error) = outcome.await {
                tracing::warn!(%error, "unable to write last-seen times; they are dropped");
            }
        }));
    }
}

impl Inner {
    /// Tells others that a user is here, once.
    pub(super) fn announce_online(&self, user: &UserId, conn: ConnId) {
        let rooms = {
            let mut roster = self.roster();
            let Some(local) = roster.users.get_mut(user) else { return };
            if local.announced {
                return;
            }
            local.announced = true;
            let status = local.status();
            roster.occupancy_changed(user);
            if status == Status::Offline {
                return;
            }
            roster.presence_rooms(user, self.settings.limits.presence_members)
        };
        let event = Event::UserOnline(Box::new(UserOnline { user_id: user.clone() }));
        self.transport.broadcast(&rooms, Some(conn), &Packet::from(&event));
    }

    /// A connection is gone.
    pub(super) fn depart(&self, conn: ConnId, how: Departure) {
        let mut gone = None;
        {
            let mut roster = self.roster();
            let Some(user) = roster.conns.remove(&conn) else { return };
            let Some(local) = roster.users.get_mut(&user) else { return };
            local.conns.remove(&conn);
            if local.conns.is_empty() {
                let at_once = how == Departure::Asked || planted::has(Bug::NoGrace);
                let grace = if at_once { 0 } else { self.settings.presence_grace_ms };
                local.gone_at_ms = Some(self.env.mono_ms() + grace);
                if grace == 0 {
                    gone = Some(user);
                }
            }
        }
        if let Some(user) = gone {
            self.retire(&user);
        }
    }

    pub(super) fn expire_grace(&self) {
        if planted::has(Bug::EndlessGrace) {
            return;
        }
        let now = self.env.mono_ms();
        let over: Vec<UserId> = self
            .roster()
            .users
            .iter()
            .filter(|(_, local)| local.gone_at_ms.is_some_and(|at| at <= now))
            .map(|(user, _)| user.clone())
            .collect();
        for user in over {
            self.retire(&user);
        }
    }

    /// Forgets a user without connections and tells the others.
    fn retire(&self, user: &UserId) {
        let now = self.env.now();
        let (rooms, typing, visible) = {
            let mut roster = self.roster();
            // Somebody who came back in the meantime stays.
            if roster.users.get(user).is_none_or(|local| !local.conns.is_empty()) {
                return;
            }
            let rooms = roster.presence_rooms(user, self.settings.limits.presence_members);
            let typing: Vec<RoomId> = roster
                .rooms
                .iter()
                .filter(|(_, room)| room.typing.contains_key(user))
                .map(|(id, _)| id.clone())
                .collect();
            let local = roster.forget(user).expect("found above");
            roster.last_seen.insert(user.clone(), now);
            (rooms, typing, local.announced && local.status() != Status::Offline)
        };
        for room in typing {
            let told = roomcast_protocol::event::UserStoppedTyping { room_id: room.clone(), user_id: user.clone() };
            self.broadcast(&room, None, &Event::UserStoppedTyping(Box::new(told)));
        }
        if visible {
            let told = UserOffline { user_id: user.clone(), last_seen_at: Some(now) };
            self.transport.broadcast(&rooms, None, &Packet::from(&Event::UserOffline(Box::new(told))));
        }
    }

    /// Tells rooms too large for names how many are online, at most once a tick.
    pub(super) fn tell_occupancy(&self) {
        let told: Vec<Occupancy> = {
            let mut roster = self.roster();
            let largest = self.settings.limits.presence_members;
            let mut due = Vec::new();
            for (id, room) in &mut roster.rooms {
                if std::mem::take(&mut room.occupancy_changed) && room.member_count > largest {
                    due.push(id.clone());
                }
            }
            due.into_iter().map(|room_id| Occupancy { online: roster.online_count(&room_id), room_id }).collect()
        };
        for occupancy in told {
            let room = occupancy.room_id.clone();
            self.broadcast(&room, None, &Event::Occupancy(Box::new(occupancy)));
        }
    }
}

impl Roster {
    fn occupancy_changed(&mut self, user: &UserId) {
        let Some(local) = self.users.get(user) else { return };
        let rooms: Vec<RoomId> = local.active_rooms().cloned().collect();
        for room in rooms {
            if let Some(room) = self.rooms.get_mut(&room) {
                room.occupancy_changed = true;
            }
        }
    }
}
