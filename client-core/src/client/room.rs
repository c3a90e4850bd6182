//! Rooms come, change and go.

use std::sync::Arc;

use roomcast_protocol::{
    Command, ErrorBody, ErrorCode, Rev, RoomId, Seq, UserId,
    event::RemovalReason,
    model::{DeltaKind, Message, RoomDelta, RoomState},
    reply::{MessageStored, Synced},
};

use super::Client;
use crate::{
    gaps::Hope,
    notice::Notice,
    planted::{self, Bug},
    presence::Seen,
    rooms::{Change, Offered},
};

/// Where the server's answer brought nothing new, the same is not asked for before this, in milliseconds.
const ASK_AGAIN_MS: u64 = 1_000;

impl Client {
    /// A durable change, as the n-th of its room.
    pub(super) fn change(&mut self, room_id: &RoomId, rev: Rev, change: Change) {
        if let Change::Posted(message, _) = &change {
            self.confirm_own(message);
        }
        if let Change::Left(user_id) = &change
            && self.is_me(user_id)
        {
            return self.leave(room_id, RemovalReason::Left);
        }
        self.expect_pages(room_id);
        let me = self.me.as_ref().map(|me| &me.id);
        let mut notices = Vec::new();
        let Some(room) = self.rooms.get_mut(room_id) else {
            self.rooms.strays.keep(room_id, rev, change);
            return;
        };
        let counted = room.uncounted().is_none();
        if room.offer(rev, change, me, &mut notices) == Offered::Known {
            return;
        }
        let (behind, vague) = (room.is_behind(), room.uncounted().is_some());
        self.effects.room_changed(room_id);
        self.tell(room_id, notices);
        if counted && vague {
            self.count_unread(room_id);
        }
        if behind {
            let hope = if self.own_change_under_way(room_id) { Hope::Some } else { Hope::None };
            let now = self.now();
            self.gaps.open(room_id, hope, now);
        } else {
            self.gaps.closed_by_itself(room_id);
        }
    }

    /// The user is in this room: as an answer, an event or the initial state says.
    pub(super) fn enter(&mut self, state: RoomState) {
        self.meet_in_room(&state);
        let room_id = state.room.id.clone();
        self.confirm_created(&state);
        if let Some(message) = &state.last_message {
            self.confirm_own(message);
        }
        let typing: Vec<_> = state.typing.iter().filter(|typist| !self.is_me(&typist.user_id)).cloned().collect();
        let now = self.now();
        let moment = self.presence.moment();
        for user in state.users.iter().filter(|user| !self.is_me(&user.user_id)).cloned().collect::<Vec<_>>() {
            let seen = Seen { status: user.status, text: None, last_seen_at: user.last_seen_at };
            self.presence.meet(&user.user_id, seen);
        }
        if let Some(room) = self.rooms.get_mut(&room_id) {
            if state.room.rev == room.rev() {
                room.refresh(state);
            } else if state.room.rev > room.rev() {
                room.hear_of(state.room.rev);
                self.gaps.open(&room_id, Hope::None, now);
            }
        } else {
            self.rooms.insert(state, self.config.timeline_messages).members.entered = moment;
            self.effects.notice(Notice::RoomEntered(room_id.clone()));
            let stray = self.rooms.strays.take(&room_id);
            for (rev, change) in stray.changes {
                self.change(&room_id, rev, change);
            }
            for (user_id, seq) in stray.cursors {
                self.read_by(&room_id, &user_id, seq);
            }
            if stray.removed
                && let Some(room) = self.rooms.get_mut(&room_id)
            {
                room.hear_of(room.rev().next());
                self.gaps.open(&room_id, Hope::None, now);
            }
        }
        for typist in &typing {
            self.typing.show(&room_id, typist, now);
        }
        self.effects.room_changed(&room_id);
    }

    /// The user is not in this room any more. What waits to be sent there stays, as failed.
    pub(super) fn leave(&mut self, room_id: &RoomId, reason: RemovalReason) {
        self.gaps.close(room_id);
        self.marks.forget(room_id);
        self.typing.forget(room_id);
        let known = self.rooms.remove(room_id).is_some();
        // What lets them in may be of a moment before this.
        if !known || self.entry_under_way(room_id) {
            self.rooms.strays.mark_removed(room_id);
        }
        if !known {
            return;
        }
        self.effects.room_changed(room_id);
        self.effects.notice(Notice::RoomLeft(room_id.clone(), reason));
        let error = ErrorBody::new(ErrorCode::NotMember, "unable to send; you are not in this room any more");
        for departed in self.outbox.park_room(room_id, &error, &mut self.effects) {
            self.given_up(departed, &error);
        }
    }

    fn entry_under_way(&self, room_id: &RoomId) -> bool {
        self.requests.iter().any(|request| match &request.command {
            Command::JoinRoom(join) => join.room_id == *room_id,
            Command::CreateRoom(create) => create.room_id.as_ref() == Some(room_id),
            _ => false,
        })
    }

    /// The answer to a `sync`, whatever was the reason to ask.
    pub(super) fn synced(&mut self, asked: &Command, synced: Synced) {
        let Command::Sync(asked) = asked else { return };
        if self.epoch.as_ref() != Some(&synced.epoch) {
            // The database was restored under us: begin again, and let the handshake sort it out.
            return self.drop_connection("the server's history is another");
        }
        let now = self.now();
        for delta in synced.rooms {
            let since = asked.rooms.get(&delta.room_id);
            let vague = matches!(delta.kind, DeltaKind::Gone | DeltaKind::Reset);
            match self.rooms.get_mut(&delta.room_id) {
                // A room that moved since may have been left and entered again, or know more than this: it is no word
                // on what the room is now.
                Some(room) if vague && since != Some(&room.rev()) => {
                    room.hear_of(room.rev().next());
                    self.gaps.open(&delta.room_id, Hope::None, now);
                }
                _ => self.catch_up(delta),
            }
        }
    }

    /// What happened in a room since our `rev`.
    pub(super) fn catch_up(&mut self, delta: RoomDelta) {
        self.meet_in_delta(&delta);
        let (room_id, kind, more) = (delta.room_id.clone(), delta.kind, delta.has_more);
        if kind == DeltaKind::Gone {
            return self.leave(&room_id, RemovalReason::Removed);
        }
        for message in &delta.messages {
            self.confirm_own(message);
        }
        self.expect_pages(&room_id);
        let me = self.me.as_ref().map(|me| &me.id);
        let mut notices = Vec::new();
        let Some(room) = self.rooms.get_mut(&room_id) else {
            if let Some(state) = delta.room {
                self.enter(*state);
            }
            return;
        };
        let before = room.rev();
        let stored_seq = delta.room.as_ref().filter(|_| kind == DeltaKind::Reset).map(|state| state.read_seq);
        room.catch_up(delta, me, &mut notices);
        let vague = room.uncounted().is_some();
        // A restored database may know less of what we have read than we do.
        let read_seq = room.unread.read_seq;
        if stored_seq.is_some_and(|stored| stored < read_seq) {
            self.marks.want(&room_id, read_seq);
        }
        let (advanced, behind) = (room.rev() > before, room.is_behind());
        self.effects.room_changed(&room_id);
        self.tell(&room_id, notices);
        if vague {
            self.count_unread(&room_id);
        }
        if kind == DeltaKind::Reset {
            self.ask_anew(&room_id);
        }
        let now = self.now();
        if kind == DeltaKind::Delta && more && advanced {
            if let Some(room) = self.rooms.get_mut(&room_id) {
                room.hear_of(room.rev().next());
            }
            self.gaps.open(&room_id, Hope::None, now);
        } else if behind && advanced {
            self.gaps.open(&room_id, Hope::None, now);
        } else if behind {
            self.gaps.postpone(&room_id, now + ASK_AGAIN_MS);
        } else {
            self.gaps.close(&room_id);
        }
    }

    /// Somebody has read up to here, as the server says.
    pub(super) fn read_by(&mut self, room_id: &RoomId, user_id: &UserId, seq: Seq) {
        let me = self.me.as_ref().map(|me| &me.id);
        let Some(room) = self.rooms.get_mut(room_id) else {
            return self.rooms.strays.keep_cursor(room_id, user_id.clone(), seq);
        };
        let moved = room.read(user_id, seq, me);
        if me == Some(user_id) {
            room.confirm_mark(seq);
        }
        if moved {
            self.effects.room_changed(room_id);
            self.count_unread(room_id);
            self.effects.notice(Notice::Read(room_id.clone(), user_id.clone(), seq));
        }
    }

    pub(super) fn read_by_me(&mut self, room_id: &RoomId, seq: Seq) {
        let me = self.me.as_ref().map(|me| &me.id);
        if let (Some(room), Some(me)) = (self.rooms.get_mut(room_id), me)
            && room.read(me, seq, Some(me))
        {
            self.effects.room_changed(room_id);
        }
        self.count_unread(room_id);
    }

    pub(super) fn confirm_own(&mut self, message: &Message) {
        if let Some(client_id) = &message.client_id
            && !planted::has(Bug::EchoNotMerged)
            && self.is_me(&message.user_id)
            && self.outbox.contains(client_id)
        {
            let stored = MessageStored { message: message.clone(), rev: message.rev };
            self.confirm(client_id, &stored);
        }
    }

    /// Tells what took effect, and lets the other features follow.
    fn tell(&mut self, room_id: &RoomId, notices: Vec<Notice>) {
        for notice in notices {
            match &notice {
                // A message ends its author's typing (G-14).
                Notice::NewMessage(message) => {
                    self.typing.hide(room_id, &message.user_id);
                    self.show_presence_of(room_id, &message.user_id);
                }
                Notice::MemberLeft(_, user_id) => drop(self.typing.hide(room_id, user_id)),
                Notice::MemberJoined(_, user) => self.show_presence_of(room_id, &user.id),
                Notice::MemberUpdated(_, user_id) => self.show_presence_of(room_id, user_id),
                _ => {}
            }
            self.effects.notice(notice);
        }
    }

    /// Somebody who becomes known by name in a room is shown as they were last seen elsewhere, since it was entered: its
    /// state named all who were there, where it is small enough for names.
    fn show_presence_of(&mut self, room_id: &RoomId, user_id: &UserId) {
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        let by_name = room.info.member_count <= self.limits.presence_members;
        let since = if by_name { room.members.entered } else { 0 };
        match self.presence.since(user_id, since) {
            Some(seen) => drop(room.members.seen(user_id, seen.status, seen.last_seen_at)),
            None if by_name => room.members.absent(user_id),
            None => {}
        }
    }

    /// Whether an acknowledgement may be on its way that is the missing change: its event does not come here.
    fn own_change_under_way(&self, room_id: &RoomId) -> bool {
        self.requests.iter().any(|request| match &request.command {
            Command::SendMessage(send) => send.room_id == *room_id,
            Command::JoinRoom(join) => join.room_id == *room_id,
            Command::LeaveRoom(leave) => leave.room_id == *room_id,
            Command::UpdateRoom(update) => update.room_id == *room_id,
            Command::EditMessage(edit) => self.is_in(&edit.message_id, room_id),
            Command::DeleteMessage(delete) => self.is_in(&delete.message_id, room_id),
            Command::AddReaction(react) | Command::RemoveReaction(react) => self.is_in(&react.message_id, room_id),
            Command::PinMessage(pin) | Command::UnpinMessage(pin) => self.is_in(&pin.message_id, room_id),
            _ => false,
        })
    }

    /// Whether a message is in a room, or may be: of one that is not loaded, nothing is known.
    fn is_in(&self, message_id: &roomcast_protocol::MessageId, room_id: &RoomId) -> bool {
        self.rooms.place_of(message_id).is_none_or(|(place, _)| place == room_id)
    }

    pub(super) fn own_held(&self, room_id: &RoomId) -> Vec<Arc<Message>> {
        let (Some(room), Some(me)) = (self.rooms.get(room_id), &self.me) else { return Vec::new() };
        room.held_messages_of(&me.id).cloned().collect()
    }
}
