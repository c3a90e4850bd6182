//! What the server says unasked. Matched exhaustively: an event without a reducer does not compile.

use std::sync::Arc;

use roomcast_protocol::{
    Command, ErrorBody, ErrorCode, Event, RoomId, UserId,
    event::{InitialState, RemovalReason},
    handshake::Refusal,
    model::{DeltaKind, Status, Typist},
};

use super::{Client, Purpose};
use crate::{
    connection::{Role, Stage},
    effect::{Key, TokenReason},
    gaps::Hope,
    notice::Notice,
    people::People,
    planted::{self, Bug},
    presence::Seen,
    rooms::{Change, Mine, Room},
};

impl Client {
    pub(super) fn event(&mut self, event: Event) {
        self.meet_in_event(&event);
        match event {
            Event::NewMessage(new) => {
                let room_id = new.message.room_id.clone();
                self.change(&room_id, new.rev, Change::Posted(Arc::new(new.message), Some(new.user)));
            }
            Event::MessageEdited(changed) | Event::MessageDeleted(changed) => {
                let room_id = changed.message.room_id.clone();
                self.change(&room_id, changed.rev, Change::Edited(Arc::new(changed.message), Mine::Kept(None)));
            }
            Event::MessageUpdated(updated) => {
                let room_id = updated.message.room_id.clone();
                let change = Change::Edited(Arc::new(updated.message), Mine::Kept(updated.by));
                self.change(&room_id, updated.rev, change);
            }
            Event::UserJoined(joined) => self.change(&joined.room_id, joined.rev, Change::Joined(joined.user)),
            Event::UserLeft(left) => self.change(&left.room_id, left.rev, Change::Left(left.user_id)),
            Event::MemberUpdated(updated) => {
                self.change(&updated.room_id, updated.rev, Change::Member(updated.member));
            }
            Event::RoomUpdated(updated) => {
                let room_id = updated.room.id.clone();
                self.change(&room_id, updated.rev, Change::Settings(updated.room));
            }
            Event::RoomDeleted(deleted) => self.leave(&deleted.room_id, RemovalReason::Deleted),
            Event::AddedToRoom(added) => self.enter(added.room),
            Event::RemovedFromRoom(removed) => self.leave(&removed.room_id, removed.reason),
            Event::UserTyping(typing) => {
                let typist = Typist { user_id: typing.user_id, username: typing.username };
                let known = self.rooms.get(&typing.room_id).is_some();
                if known
                    && !self.is_me(&typist.user_id)
                    && self.typing.show(&typing.room_id, &typist, self.clock.now().mono_ms)
                {
                    self.effects.room_changed(&typing.room_id);
                    self.effects.notice(Notice::TypingStarted(typing.room_id, typist.user_id));
                }
            }
            Event::UserStoppedTyping(stopped) => {
                if self.typing.hide(&stopped.room_id, &stopped.user_id) {
                    self.effects.room_changed(&stopped.room_id);
                    self.effects.notice(Notice::TypingStopped(stopped.room_id, stopped.user_id));
                }
            }
            Event::MessagesRead(read) => self.read_by(&read.room_id, &read.user_id, read.read_seq),
            Event::UserOnline(online) => {
                self.seen(&online.user_id, Seen { status: Status::Online, text: None, last_seen_at: None });
            }
            Event::UserOffline(offline) => {
                let last_seen_at = offline.last_seen_at;
                self.seen(&offline.user_id, Seen { status: Status::Offline, text: None, last_seen_at });
            }
            Event::PresenceChanged(changed) => {
                self.seen(&changed.user_id, Seen { status: changed.status, text: changed.text, last_seen_at: None });
            }
            Event::Occupancy(occupancy) => {
                if let Some(room) = self.rooms.get_mut(&occupancy.room_id) {
                    room.members.set_occupancy(occupancy.online);
                    self.effects.room_changed(&occupancy.room_id);
                }
            }
            Event::InitialState(state) => self.initial_state(*state),
            Event::Heads(heads) => {
                let now = self.now();
                for (room_id, rev) in heads.rooms {
                    let behind = self.rooms.get_mut(&room_id).is_none_or(|room| {
                        room.hear_of(rev);
                        room.is_behind()
                    });
                    if behind {
                        self.gaps.open(&room_id, Hope::Some, now);
                    }
                }
            }
            Event::TokenExpiring(expiring) => {
                let now = self.now();
                self.auth.runs_out(expiring.expires_at);
                self.auth.fetch(TokenReason::Expiring, now, &mut self.effects);
            }
            Event::TokenRevoked(_) => self.refuse(Refusal::AccessRevoked),
            Event::ServerDraining(draining) => self.drain(&draining),
            Event::Degraded(degraded) => {
                self.degraded = degraded.features.into();
                self.effects.changed(Key::Connection);
                self.effects.notice(Notice::Degraded(Arc::clone(&self.degraded)));
            }
            Event::Debug(_) => {}
        }
    }

    fn initial_state(&mut self, state: InitialState) {
        if self.connection.stage(Role::Primary) != Some(Stage::Entering) {
            return;
        }
        self.connection.advance(Role::Primary, Stage::Live);
        self.plan_upgrade(Role::Primary);
        let beside = self.connection.link(Role::Primary).is_some_and(|link| link.beside);
        self.server_time = (state.server_time, self.now());
        let same_life = self.epoch.as_ref() == Some(&state.epoch) || planted::has(Bug::EpochIgnored);
        let same_user = self.me.as_ref().is_none_or(|me| me.id == state.user.id);
        if !same_life || !same_user {
            self.forget_rooms(&state);
        }
        if !same_user {
            self.people = People::default();
            self.meet([&state.user]);
            self.presence.chosen = None;
            let why = "unable to ask the server; another user asked for this";
            self.fail_waiting(&ErrorBody::new(ErrorCode::Forbidden, why));
        }
        self.epoch = Some(state.epoch);
        self.auth.set_server_clock(state.server_time, self.clock.now().mono_ms);
        self.me = Some(Arc::new(state.user));
        let now = self.now();
        self.pace.set_rate(state.limits.sends_per_second, now);
        self.limits = Arc::new(state.limits);
        self.effects.changed(Key::Connection);
        self.presence.replace(state.presence);
        self.blocked = Arc::new(state.blocked.into_iter().collect());
        for room in state.rooms {
            self.enter(room);
        }
        let resumed: Vec<_> = state.deltas.iter().map(|delta| delta.room_id.clone()).collect();
        for delta in state.deltas {
            // Of a connection that was made beside another, a reset can be older than what that one has brought since.
            let old = |room: &Room| room.rev() > delta.rev;
            let known = self.rooms.get(&delta.room_id).is_some_and(old);
            if !(beside && same_life && known && delta.kind == DeltaKind::Reset) {
                self.catch_up(delta);
            }
        }
        self.show_presence(&resumed);
        self.park_others();
        if let Some(presence) = self.presence.chosen.clone() {
            self.push(Purpose::Announce, Command::UpdatePresence(presence));
        }
        if let Some(cursor) = state.next {
            self.push_list_mine(cursor);
        }
    }

    /// Another life of the database, or another user: no `rev` of before says anything. Rooms that the server
    /// resets keep what they know until then, so that it is told what is new.
    fn forget_rooms(&mut self, state: &InitialState) {
        let told = |kind| matches!(kind, DeltaKind::Reset | DeltaKind::Gone);
        let reset = |id| state.deltas.iter().any(|delta| delta.room_id == id && told(delta.kind));
        let stale: Vec<_> = self.rooms.iter().map(|room| room.id().clone()).filter(|id| !reset(id.clone())).collect();
        for room_id in stale {
            self.rooms.remove(&room_id);
            self.effects.room_changed(&room_id);
        }
        self.rooms.iter_mut().for_each(Room::begin_anew);
        self.marks.clear();
    }

    fn park_others(&mut self) {
        let Some(me) = self.me.clone() else { return };
        let error = ErrorBody::new(ErrorCode::Forbidden, "unable to send; another user wrote this");
        for departed in self.outbox.park_others(&me.id, &error, &mut self.effects) {
            self.given_up(departed, &error);
        }
    }

    fn seen(&mut self, user_id: &UserId, seen: Seen) {
        for room in self.rooms.iter_mut() {
            if room.members.seen(user_id, seen.status, seen.last_seen_at) {
                self.effects.room_changed(&room.info.id);
            }
        }
        let status = seen.status;
        if self.presence.seen(user_id, seen) && !self.is_me(user_id) {
            self.effects.notice(Notice::Presence(user_id.clone(), status));
        }
    }

    /// The list names all who are online, in rooms small enough for names: others of a resumed room are not.
    fn show_presence(&mut self, resumed: &[RoomId]) {
        let absent = Seen { status: Status::Offline, text: None, last_seen_at: None };
        let me = self.me.as_ref().map(|me| &me.id);
        for room_id in resumed {
            let Some(room) = self.rooms.get_mut(room_id) else { continue };
            if room.info.member_count > self.limits.presence_members {
                continue;
            }
            let others: Vec<_> = room.members.by_id().keys().filter(|user| me != Some(user)).cloned().collect();
            for user_id in others {
                let seen = self.presence.of(&user_id).unwrap_or(&absent);
                room.members.seen(&user_id, seen.status, seen.last_seen_at);
            }
            self.effects.room_changed(room_id);
        }
    }

    pub(super) fn is_me(&self, user_id: &UserId) -> bool {
        self.me.as_ref().is_some_and(|me| me.id == *user_id)
    }
}
