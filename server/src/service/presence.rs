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
    hub::{Look, Roster},
    planted::{self, Bug},
};

/// Last-seen times are written once so many have gathered or so much time has passed.
const LAST_SEEN_BATCH: usize = 500;

/// What is told to which rooms.
pub(super) type Told = Vec<(Vec<RoomId>, Event)>;

impl Service {
    pub(super) fn update_presence(&self, session: &Session, presence: UpdatePresence) -> Ack {
        let user = &session.user.id;
        self.inner.shift(std::slice::from_ref(user), Some(session.conn), |roster| {
            let stamp = roster.next_stamp(user);
            let Some(local) = roster.users.get_mut(user) else { return };
            (local.availability, local.text, local.stamp) = (presence.status, presence.text, stamp);
            roster.dirty.insert(user.clone());
        });
        self.inner.tell_present();
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
    /// Changes how users are seen, and tells those here who share a room with them: once, and only where the whole of
    /// it is another, on whichever nodes they are.
    pub(super) fn shift(&self, users: &[UserId], except: Option<ConnId>, change: impl FnOnce(&mut Roster)) {
        // What is told of a user is told in the order in which it happened.
        let _telling = self.telling();
        let (came, told) = {
            let mut roster = self.roster();
            let came: Vec<_> = users.iter().filter_map(|user| self.still_untold(&mut roster, user)).collect();
            (came, self.shifted(&mut roster, users, change))
        };
        came.into_iter().for_each(|untold| self.tell_untold(untold));
        self.tell_rooms(told, except);
    }

    /// Changes how users are seen; gives what is to be told.
    pub(super) fn shifted(&self, roster: &mut Roster, users: &[UserId], change: impl FnOnce(&mut Roster)) -> Told {
        let largest = self.settings.limits.presence_members;
        let now = self.env.now();
        let mut told = Told::new();
        let mut before = Vec::with_capacity(users.len());
        for user in users {
            roster.occupancy_changed(user);
            before.push((roster.look(user), roster.presence_rooms(user, largest), roster.haunts(user, largest)));
        }
        change(roster);
        for (user, (look, rooms, haunts)) in users.iter().zip(before) {
            roster.occupancy_changed(user);
            let (after, there) = (roster.look(user), roster.presence_rooms(user, largest));
            // Where they are new, nobody knew how they are.
            let (whom, look): (Vec<RoomId>, Look) = if look == after {
                (there.difference(&rooms).cloned().collect(), Look { status: Status::Offline, text: None })
            } else {
                ((&(&there | &rooms) | &haunts).into_iter().collect(), look)
            };
            if !whom.is_empty() {
                let events = events(user, &look, after, now).into_iter();
                told.extend(events.map(|event| (whom.clone(), event)));
            }
        }
        told
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
            } else if local.announced {
                // How many connections they have left.
                roster.dirty.insert(user);
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
        let mut typing: Vec<RoomId> = Vec::new();
        self.shift(std::slice::from_ref(user), None, |roster| {
            // Somebody who came back in the meantime stays.
            if roster.users.get(user).is_none_or(|local| !local.conns.is_empty()) {
                return;
            }
            let typed = roster.rooms.iter().filter(|(_, room)| room.typing.contains_key(user));
            typing = typed.map(|(id, _)| id.clone()).collect();
            roster.forget(user);
            roster.last_seen.insert(user.clone(), now);
        });
        for room in typing {
            let told = roomcast_protocol::event::UserStoppedTyping { room_id: room.clone(), user_id: user.clone() };
            self.broadcast(&room, None, &Event::UserStoppedTyping(Box::new(told)));
        }
        self.tell_present();
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

/// What is told of a user who was seen in one way and is in another now.
fn events(user: &UserId, before: &Look, after: Look, now: Timestamp) -> Vec<Event> {
    let Look { status, text } = after;
    let user_id = user.clone();
    match (before.status, status) {
        (Status::Offline, Status::Offline) => Vec::new(),
        (_, Status::Offline) => vec![Event::UserOffline(Box::new(UserOffline { user_id, last_seen_at: Some(now) }))],
        (Status::Offline | Status::Unknown, Status::Online) => {
            let mut events = vec![Event::UserOnline(Box::new(UserOnline { user_id: user_id.clone() }))];
            if text.is_some() {
                events.push(Event::PresenceChanged(Box::new(PresenceChanged { user_id, status, text })));
            }
            events
        }
        _ => vec![Event::PresenceChanged(Box::new(PresenceChanged { user_id, status, text }))],
    }
}
