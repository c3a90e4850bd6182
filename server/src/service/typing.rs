//! Typing: never stored, gone after three seconds whatever happens (G-14).

use roomcast_protocol::{
    ErrorBody, ErrorCode, Event, RoomId, UserId,
    ack::Ack,
    event::{UserStoppedTyping, UserTyping},
    model::{Typist, Visibility},
    registry::Reply,
};

use super::{
    Inner, Plan, Service, Session,
    shed::Feature,
    write::{done, ready},
};
use crate::{
    domain::ConnId,
    hub::{Frame, Packet, Roster, Topic, Typing},
    planted::{self, Bug},
};

impl Service {
    pub(super) fn typing(&self, session: &Session, room: RoomId, starts: bool) -> Plan {
        let reply = if starts { Reply::TypingStart } else { Reply::TypingStop };
        if !self.inner.roster().is_member(&session.user.id, &room) {
            return self.not_a_member(room);
        }
        if !starts {
            self.inner.clear_typing(&session.user.id, &room, Some(session.conn));
        } else if !self.sheds(Feature::Typing) {
            self.inner.start_typing(session, &room);
        }
        ready(Ok(reply(done())))
    }

    /// Whether a room that one is not in may be known to exist is the database's to say.
    fn not_a_member(&self, room: RoomId) -> Plan {
        let inner = self.inner.clone();
        Plan::Read(Box::pin(async move {
            let ack: Ack = match inner.store.room(&room).await {
                Ok(Some(room)) if room.visibility == Visibility::Public => {
                    let why = "unable to show typing; you are not a member of the room";
                    Err(ErrorBody::new(ErrorCode::NotMember, why))
                }
                Ok(_) => Err(ErrorBody::new(ErrorCode::NotFound, "unable to show typing; there is no such room")),
                Err(error) => Err(error.told()),
            };
            ack
        }))
    }
}

impl Inner {
    fn start_typing(&self, session: &Session, room: &RoomId) {
        let until = self.env.mono_ms() + self.settings.typing_ms;
        {
            let mut roster = self.roster();
            let Some(local) = roster.rooms.get_mut(room) else { return };
            if local.member_count > self.settings.limits.typing_members {
                return;
            }
            // Repeated starts only move the end; others are told again, since their own clocks run too.
            let typing = Typing { until_ms: until, name: session.user.name.clone() };
            local.typing.insert(session.user.id.clone(), typing);
        }
        let told =
            UserTyping { room_id: room.clone(), user_id: session.user.id.clone(), username: session.user.name.clone() };
        self.broadcast(room, Some(session.conn), &Event::UserTyping(Box::new(told)));
        let frame = Frame::Typing { user: session.user.id.clone(), name: Some(session.user.name.clone()) };
        self.spread(&Topic::Room(room.clone()), &frame);
    }

    /// Hears that somebody types on another node, or types no more. Its end is this node's own matter (G-14).
    pub(super) fn hear_typing(&self, room: RoomId, user: UserId, name: Option<String>) {
        let Some(name) = name else {
            let was = self.roster().rooms.get_mut(&room).and_then(|local| local.typing.remove(&user)).is_some();
            if was {
                self.tell_stopped(&room, &user, None);
            }
            return;
        };
        let until_ms = self.env.mono_ms() + self.settings.typing_ms;
        {
            let mut roster = self.roster();
            let Some(local) = roster.rooms.get_mut(&room) else { return };
            if local.member_count > self.settings.limits.typing_members {
                return;
            }
            local.typing.insert(user.clone(), Typing { until_ms, name: name.clone() });
        }
        let told = UserTyping { room_id: room.clone(), user_id: user, username: name };
        self.broadcast(&room, None, &Event::UserTyping(Box::new(told)));
    }

    /// Ends a user's typing, if there is any.
    pub(super) fn clear_typing(&self, user: &UserId, room: &RoomId, except: Option<ConnId>) {
        let was = self.roster().rooms.get_mut(room).and_then(|local| local.typing.remove(user)).is_some();
        if was {
            self.tell_stopped(room, user, except);
            self.spread(&Topic::Room(room.clone()), &Frame::Typing { user: user.clone(), name: None });
        }
    }

    pub(super) fn expire_typing(&self) {
        let now = self.env.mono_ms();
        let mut over = Vec::new();
        for (id, local) in &mut self.roster().rooms {
            local.typing.retain(|user, typing| {
                let stays = typing.until_ms > now || planted::has(Bug::EndlessTyping);
                if !stays {
                    over.push((id.clone(), user.clone()));
                }
                stays
            });
        }
        for (room, user) in over {
            self.tell_stopped(&room, &user, None);
        }
    }

    fn tell_stopped(&self, room: &RoomId, user: &UserId, except: Option<ConnId>) {
        let told = UserStoppedTyping { room_id: room.clone(), user_id: user.clone() };
        self.broadcast(room, except, &Event::UserStoppedTyping(Box::new(told)));
    }

    pub(super) fn broadcast(&self, room: &RoomId, except: Option<ConnId>, event: &Event) {
        self.transport.broadcast(std::slice::from_ref(room), except, &Packet::from(event));
    }
}

/// Who is typing in a room.
pub(super) fn typists(roster: &Roster, room: &RoomId) -> Vec<Typist> {
    let Some(local) = roster.rooms.get(room) else { return Vec::new() };
    let typing = local.typing.iter();
    typing.map(|(id, typing)| Typist { user_id: id.clone(), username: typing.name.clone() }).collect()
}
