use roomcast_protocol::{
    Command, CommandKind, ErrorCode, Reply,
    command::{AddMembers, GetRoomUsers, LeaveRoom, RefreshToken},
    reply::{self, RoomUsers},
};

use super::{connecting::up_to_date, harness::*};
use crate::Input;

fn users() -> Command {
    Command::GetRoomUsers(GetRoomUsers { room_id: room_id("r"), all: false, cursor: None, limit: None })
}

fn add() -> Command {
    Command::AddMembers(AddMembers { room_id: room_id("r"), user_ids: vec![user_id("bob")] })
}

#[test]
fn a_question_without_an_answer_times_out() {
    let mut session = Session::live(1);
    let id = session.request(users());
    session.advance(9_999);
    assert!(session.resolved.is_empty());
    session.advance(1);
    assert_eq!(session.error(id), ErrorCode::Timeout);
    let (_, ack) = session.take_sent(CommandKind::GetRoomUsers).remove(0);
    session.answer(ack.unwrap(), &Ok(Reply::GetRoomUsers(RoomUsers { users: Vec::new(), next: None })));
}

#[test]
fn questions_are_asked_again_on_the_next_connection_and_changes_are_not() {
    let mut session = Session::live(1);
    let (read, write) = (session.request(users()), session.request(add()));
    session.lose();
    assert_eq!(session.error(write), ErrorCode::Unavailable);
    session.advance(500);
    session.open();
    session.take_sent(CommandKind::GetRoomUsers);
    session.enter_with(Vec::new(), vec![up_to_date(1)]);
    let (_, ack) = session.take_sent(CommandKind::GetRoomUsers).remove(0);
    session.answer(ack.unwrap(), &Ok(Reply::GetRoomUsers(RoomUsers { users: Vec::new(), next: None })));
    assert!(session.resolved[&read].is_ok());
    assert!(session.take_sent(CommandKind::AddMembers).len() == 1, "only the first time");
}

#[test]
fn what_was_not_sent_yet_waits_for_the_connection() {
    let mut session = Session::new();
    session.input(Input::Connect);
    session.request(add());
    session.answer_fetch("token");
    session.open();
    session.enter_with(vec![room_state("r", 1)], Vec::new());
    assert_eq!(session.take_sent(CommandKind::AddMembers).len(), 1);
}

#[test]
fn without_hope_of_a_connection_the_answer_is_immediate() {
    let mut session = Session::new();
    let idle = session.request(users());
    assert_eq!(session.error(idle), ErrorCode::Unavailable);
    session.connect();
    let waiting = session.request(users());
    session.refuse("Access revoked");
    assert_eq!(session.error(waiting), ErrorCode::Unavailable);
}

#[test]
fn tokens_are_the_clients_own_affair() {
    let mut session = Session::live(1);
    let id = session.request(Command::RefreshToken(RefreshToken { token: "mine".to_owned() }));
    assert_eq!(session.error(id), ErrorCode::Unsupported);
}

#[test]
fn a_packet_over_the_limit_is_not_sent() {
    let mut session = Session::live(1);
    let user_ids = (0..1_000).map(|n| user_id(&format!("{n:\"<128}"))).collect();
    let id = session.request(Command::AddMembers(AddMembers { room_id: room_id("r"), user_ids }));
    assert_eq!(session.error(id), ErrorCode::TooLarge);
    assert!(session.take_sent(CommandKind::AddMembers).is_empty());
}

#[test]
fn what_was_done_after_its_time_is_taken_in_all_the_same() {
    let mut session = Session::live(1);
    let leave = session.request(Command::LeaveRoom(LeaveRoom { room_id: room_id("r") }));
    let (_, ack) = session.take_sent(CommandKind::LeaveRoom).remove(0);
    // The server may be slow, and is not silent.
    for _ in 0..10 {
        session.advance(1_500);
        session.frame("2");
    }
    assert_eq!(session.error(leave), ErrorCode::Timeout);
    // Nobody else tells this connection: it has its answer.
    session.answer(ack.expect("an id"), &Ok(Reply::LeaveRoom(reply::Changed { rev: None })));
    assert!(session.client.room(&room_id("r")).is_none());
}
