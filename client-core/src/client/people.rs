//! Names, from everything that carries one.

use roomcast_protocol::{
    Event, Reply,
    model::{RoomDelta, RoomState, User},
};

use super::Client;
use crate::effect::Key;

impl Client {
    pub(super) fn meet<'a>(&mut self, users: impl IntoIterator<Item = &'a User>) {
        for user in users {
            if self.people.meet(user) {
                self.effects.changed(Key::People);
            }
        }
    }

    /// Names of an event that a connection brings on its own; those of rooms and deltas are met with these.
    pub(super) fn meet_in_event(&mut self, event: &Event) {
        match event {
            Event::NewMessage(new) => self.meet([&new.user]),
            Event::UserJoined(joined) => self.meet([&joined.user]),
            Event::MemberUpdated(updated) => self.meet([&updated.member.user()]),
            Event::InitialState(state) => self.meet([&state.user]),
            Event::UserTyping(typing) => self.meet_names([(&typing.user_id, typing.username.as_str())]),
            _ => {}
        }
    }

    pub(super) fn meet_in_reply(&mut self, reply: &Reply) {
        match reply {
            Reply::GetMessages(page) => self.meet(&page.authors),
            Reply::SearchMessages(found) => self.meet(&found.authors),
            Reply::GetRoomUsers(page) => {
                self.meet_names(page.users.iter().map(|user| (&user.user_id, user.username.as_str())));
            }
            _ => {}
        }
    }

    pub(super) fn meet_in_room(&mut self, state: &RoomState) {
        self.meet(&state.authors);
        self.meet_names(state.users.iter().map(|user| (&user.user_id, user.username.as_str())));
        self.meet_names(state.typing.iter().map(|typist| (&typist.user_id, typist.username.as_str())));
    }

    pub(super) fn meet_in_delta(&mut self, delta: &RoomDelta) {
        self.meet(&delta.authors);
        for member in &delta.members {
            self.meet([&member.user()]);
        }
        if let Some(state) = &delta.room {
            self.meet_in_room(state);
        }
    }

    fn meet_names<'a>(&mut self, names: impl IntoIterator<Item = (&'a roomcast_protocol::UserId, &'a str)>) {
        for (id, name) in names {
            if self.people.meet_name(id, name) {
                self.effects.changed(Key::People);
            }
        }
    }
}
