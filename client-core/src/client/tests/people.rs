//! Names of those whom the user sees.

use roomcast_protocol::{
    Command, Event, Reply, Rev, Timestamp,
    command::{GetMessages, GetRoomUsers},
    event::{UserJoined, UserLeft, UserTyping},
    model::{DeltaKind, Member, Role, RoomDelta, RoomUser, Status, User},
    reply,
};

use super::harness::*;
use crate::{Key, fixtures::message};

fn named(id: &str, name: &str) -> User {
    User { name: name.to_owned(), ..user(id) }
}

fn name(session: &mut Session, id: &str) -> String {
    session.client.view().people.name(&user_id(id)).to_owned()
}

#[test]
fn whoever_is_not_known_is_called_by_their_id() {
    let mut session = Session::live(1);
    assert_eq!(name(&mut session, "stranger"), "stranger");
    assert_eq!(name(&mut session, ME), ME, "the user knows their own name");
}

#[test]
fn history_names_its_authors() {
    let mut session = Session::live(3);
    let page = GetMessages {
        room_id: room_id("r"),
        before: None,
        after: None,
        around: None,
        thread_id: None,
        pinned: false,
        limit: None,
    };
    session.request(Command::GetMessages(page));
    let (_, ack) = session.take_sent(roomcast_protocol::CommandKind::GetMessages).pop().unwrap();
    let authors = vec![named("dora", "Dora")];
    let page = reply::Messages { messages: vec![message("r", "dora", 2)], has_more: true, authors };
    session.answer(ack.unwrap(), &Ok(Reply::GetMessages(page)));
    assert_eq!(name(&mut session, "dora"), "Dora");
    assert!(session.changed.contains(&Key::People));
}

#[test]
fn a_resume_names_authors_and_members() {
    let mut session = Session::live(3);
    session.reconnect();
    let erik = Member {
        user_id: user_id("erik"),
        username: "Erik".to_owned(),
        avatar_url: None,
        role: Role::Member,
        joined_at: Timestamp::new(1),
        left_at: None,
        muted_until: None,
        rev: Rev::new(5),
    };
    let delta = RoomDelta {
        messages: vec![message("r", "dora", 4)],
        authors: vec![named("dora", "Dora")],
        members: vec![erik],
        member_count: Some(9),
        ..RoomDelta::bare(room_id("r"), DeltaKind::Delta, Rev::new(5))
    };
    session.enter_with(Vec::new(), vec![delta]);
    assert_eq!(name(&mut session, "dora"), "Dora");
    assert_eq!(name(&mut session, "erik"), "Erik");
    assert_eq!(session.room().room.member_count, 9, "the server has counted");
}

#[test]
fn whatever_carries_a_name_is_learned_from() {
    let mut session = Session::new();
    session.connect();
    let mut state = room_state("r", 1);
    state.authors = vec![named("bob", "Bob")];
    let fay = RoomUser {
        user_id: user_id("fay"),
        username: "Fay".to_owned(),
        role: Role::Member,
        status: Status::Online,
        last_seen_at: None,
    };
    state.users = vec![fay.clone()];
    session.enter_with(vec![state], Vec::new());
    assert_eq!((name(&mut session, "bob"), name(&mut session, "fay")), ("Bob".to_owned(), "Fay".to_owned()));

    let typing = UserTyping { room_id: room_id("r"), user_id: user_id("gus"), username: "Gus".to_owned() };
    session.event(Event::UserTyping(Box::new(typing)));
    assert_eq!(name(&mut session, "gus"), "Gus");

    let query = GetRoomUsers { room_id: room_id("r"), all: true, cursor: None, limit: None };
    session.request(Command::GetRoomUsers(query));
    let (_, ack) = session.take_sent(roomcast_protocol::CommandKind::GetRoomUsers).pop().unwrap();
    let page = reply::RoomUsers { users: vec![RoomUser { username: "Fay II".to_owned(), ..fay }], next: None };
    session.answer(ack.unwrap(), &Ok(Reply::GetRoomUsers(page)));
    assert_eq!(name(&mut session, "fay"), "Fay II", "the newest word counts");
}

#[test]
fn a_list_of_users_that_a_leave_overtakes_brings_nobody_back() {
    let mut session = Session::live(1);
    let bob = RoomUser {
        user_id: user_id("bob"),
        username: "Bob".to_owned(),
        role: Role::Member,
        status: Status::Online,
        last_seen_at: None,
    };
    let query = GetRoomUsers { room_id: room_id("r"), all: true, cursor: None, limit: None };
    let page = reply::RoomUsers { users: vec![bob], next: None };
    let ask = |session: &mut Session, meanwhile: Event| {
        session.request(Command::GetRoomUsers(query.clone()));
        let (_, ack) = session.take_sent(roomcast_protocol::CommandKind::GetRoomUsers).pop().unwrap();
        session.event(meanwhile);
        session.answer(ack.unwrap(), &Ok(Reply::GetRoomUsers(page.clone())));
        session.room().members.contains_key(&user_id("bob"))
    };
    let left = UserLeft { room_id: room_id("r"), user_id: user_id("bob"), rev: Rev::new(2) };
    assert!(!ask(&mut session, Event::UserLeft(Box::new(left))));
    let joined = UserJoined { room_id: room_id("r"), user: named("bob", "Bob"), rev: Rev::new(3) };
    assert!(ask(&mut session, Event::UserJoined(Box::new(joined))));
}

#[test]
fn a_known_name_changes_nothing() {
    let mut session = Session::live(1);
    session.event(new_message(2));
    assert!(session.changed.contains(&Key::People));
    session.event(new_message(3));
    assert!(!session.changed.contains(&Key::People));
}
