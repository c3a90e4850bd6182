use roomcast_protocol::{
    Command, CommandKind, Event,
    command::{TypingStart, TypingStop, UpdatePresence},
    event,
    model::{Availability, Member, Role, RoomUser, Status},
};

use super::{connecting::up_to_date, harness::*};
use crate::{Answer, Notice, fixtures};

fn press(session: &mut Session) {
    let id = session.request(Command::TypingStart(TypingStart(room_id("r"))));
    assert_eq!(session.resolved[&id], Ok(Answer::Done));
}

fn types(user: &str) -> Event {
    let typing = event::UserTyping { room_id: room_id("r"), user_id: user_id(user), username: user.to_owned() };
    Event::UserTyping(Box::new(typing))
}

fn typists(session: &mut Session) -> Vec<String> {
    session.room().typing.iter().map(|typist| typist.username.clone()).collect()
}

#[test]
fn g14_typing_start_goes_out_once_in_two_seconds() {
    let mut session = Session::live(1);
    for _ in 0..30 {
        press(&mut session);
        session.advance(100);
    }
    assert_eq!(session.take_sent(CommandKind::TypingStart).len(), 2);
    assert!(session.frames.iter().any(|frame| frame == r#"42["typing-start","r"]"#));
}

#[test]
fn g14_typing_stop_goes_out_when_idle_on_send_and_when_told() {
    let mut session = Session::live(1);
    press(&mut session);
    session.advance(5_000);
    assert_eq!(session.take_sent(CommandKind::TypingStop).len(), 1);
    press(&mut session);
    session.post("r", "done");
    assert_eq!(session.take_sent(CommandKind::TypingStop).len(), 1);
    press(&mut session);
    session.request(Command::TypingStop(TypingStop(room_id("r"))));
    session.request(Command::TypingStop(TypingStop(room_id("r"))));
    assert_eq!(session.take_sent(CommandKind::TypingStop).len(), 1);
    session.advance(60_000);
    assert!(session.take_sent(CommandKind::TypingStop).is_empty());
}

#[test]
fn g14_typing_of_others_ends_after_six_seconds_whatever_happens() {
    let mut session = Session::live(1);
    session.event(types("bob"));
    session.advance(3_000);
    session.event(types("bob"));
    session.advance(5_999);
    assert_eq!(typists(&mut session), ["bob"]);
    session.advance(1);
    assert!(typists(&mut session).is_empty());
    assert!(session.notices.contains(&Notice::TypingStopped(room_id("r"), user_id("bob"))));
}

#[test]
fn g14_a_message_ends_its_authors_typing() {
    let mut session = Session::live(1);
    session.event(types("bob"));
    session.event(types("carol"));
    session.event(new_message(2));
    assert_eq!(typists(&mut session), ["carol"]);
}

#[test]
fn g14_ones_own_typing_is_not_shown() {
    let mut session = Session::live(1);
    session.event(types(ME));
    assert!(typists(&mut session).is_empty());
}

#[test]
fn typing_does_not_outlive_the_connection() {
    let mut session = Session::live(1);
    session.event(types("bob"));
    press(&mut session);
    session.lose();
    assert!(typists(&mut session).is_empty());
    session.advance(60_000);
    assert!(session.take_sent(CommandKind::TypingStop).is_empty());
}

#[test]
fn g13_the_chosen_presence_is_told_anew_after_a_reconnect() {
    let mut session = Session::live(1);
    let away = UpdatePresence { status: Availability::Away, text: None };
    session.request(Command::UpdatePresence(away.clone()));
    let (_, ack) = session.take_sent(CommandKind::UpdatePresence).remove(0);
    let done = roomcast_protocol::Reply::UpdatePresence(roomcast_protocol::reply::Done {});
    session.answer(ack.unwrap(), &Ok(done));
    session.reconnect();
    session.enter_with(Vec::new(), vec![up_to_date(1)]);
    assert_eq!(session.take_sent(CommandKind::UpdatePresence)[0].0, Command::UpdatePresence(away));
}

#[test]
fn g13_presence_shows_in_every_room_of_a_user() {
    let mut session = Session::new();
    session.connect();
    let bob = RoomUser {
        user_id: user_id("bob"),
        username: "bob".to_owned(),
        role: Role::Member,
        status: Status::Online,
        last_seen_at: None,
    };
    let mut state = room_state("r", 1);
    state.users = vec![bob];
    session.enter_with(vec![state], Vec::new());
    assert_eq!(session.room().online, 1);
    let offline = event::UserOffline { user_id: user_id("bob"), last_seen_at: None };
    session.event(Event::UserOffline(Box::new(offline)));
    assert_eq!(session.room().online, 0);
    assert!(session.notices.contains(&Notice::Presence(user_id("bob"), Status::Offline)));
    session.event(Event::UserOnline(Box::new(event::UserOnline { user_id: user_id("bob") })));
    assert_eq!(session.client.view().rooms[0].online, 1);
}

/// Carol, a moderator by the second change of a room.
fn carol() -> Member {
    Member {
        user_id: user_id("carol"),
        username: "carol".to_owned(),
        avatar_url: None,
        role: Role::Moderator,
        joined_at: roomcast_protocol::Timestamp::new(1),
        left_at: None,
        muted_until: None,
        rev: roomcast_protocol::Rev::new(2),
    }
}

#[test]
fn g13_who_becomes_known_by_a_new_role_is_shown_as_they_were_last_seen() {
    let mut session = Session::live(1);
    session.event(Event::UserOnline(Box::new(event::UserOnline { user_id: user_id("carol") })));
    assert!(!session.room().members.contains_key(&user_id("carol")), "the room's state does not name her");
    let member = carol();
    let updated = event::MemberUpdated { room_id: room_id("r"), rev: member.rev, member };
    session.event(Event::MemberUpdated(Box::new(updated)));
    assert_eq!(session.room().members[&user_id("carol")].status, Status::Online);
    assert_eq!(session.room().online, 1);
}

#[test]
fn g13_what_was_last_seen_of_somebody_in_another_room_says_nothing_in_one_that_is_entered_later() {
    let mut session = Session::live(1);
    session.event(Event::UserOnline(Box::new(event::UserOnline { user_id: user_id("carol") })));
    // She leaves the only room that is shared, and then the server, which is told to others. Later there is another room.
    session.event(Event::AddedToRoom(Box::new(event::AddedToRoom { room: room_state("s", 1) })));
    let mut member = carol();
    let updated = event::MemberUpdated { room_id: room_id("s"), rev: member.rev, member: member.clone() };
    session.event(Event::MemberUpdated(Box::new(updated)));
    let status = |session: &mut Session| {
        let room = session.client.room(&room_id("s")).expect("entered");
        (room.members[&user_id("carol")].status, room.online)
    };
    assert_eq!(status(&mut session), (Status::Offline, 0), "the room's state did not name her");
    session.event(Event::UserOnline(Box::new(event::UserOnline { user_id: user_id("carol") })));
    assert_eq!(status(&mut session), (Status::Online, 1));
    member.rev = member.rev.next();
    let updated = event::MemberUpdated { room_id: room_id("s"), rev: member.rev, member };
    session.event(Event::MemberUpdated(Box::new(updated)));
    assert_eq!(status(&mut session), (Status::Online, 1));
}

#[test]
fn members_come_and_go_in_rev_order() {
    let mut session = Session::live(1);
    let rev = roomcast_protocol::Rev::new;
    let left = event::UserLeft { room_id: room_id("r"), user_id: user_id("carol"), rev: rev(3) };
    session.event(Event::UserLeft(Box::new(left)));
    let joined = event::UserJoined { room_id: room_id("r"), user: user("carol"), rev: rev(2) };
    session.event(Event::UserJoined(Box::new(joined)));
    assert!(!session.room().members.contains_key(&user_id("carol")));
    assert_eq!(session.room().room.member_count, 2);
    session.event(posted({
        let mut message = fixtures::message("r", "dave", 2);
        message.rev = rev(4);
        message
    }));
    assert!(session.room().members.contains_key(&user_id("dave")), "who posts is a member");
}

#[test]
fn g13_who_is_not_in_the_list_after_a_reconnect_is_not_online() {
    let mut session = Session::live(1);
    session.event(Event::UserJoined(Box::new(event::UserJoined {
        room_id: room_id("r"),
        user: user("carol"),
        rev: roomcast_protocol::Rev::new(2),
    })));
    session.event(Event::UserOnline(Box::new(event::UserOnline { user_id: user_id("carol") })));
    assert_eq!(session.room().online, 1);
    session.reconnect();
    session.enter_with(Vec::new(), vec![up_to_date(2)]);
    assert_eq!(session.room().online, 0);
}
