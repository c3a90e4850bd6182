//! Connections that are dead and look alive, and machines that slept.

use roomcast_protocol::{
    Command, CommandKind, ErrorCode, Reply, Rev,
    model::{DeltaKind, RoomDelta},
    reply::Synced,
};

use super::harness::*;
use crate::{Input, Network, Visibility, fixtures, view::Phase};

/// Time passes and nobody wakes the client.
fn sleep(session: &mut Session, mono_ms: u64, wall_ms: u64) {
    session.now.mono_ms += mono_ms;
    session.now.wall_ms += wall_ms;
}

fn question(session: &mut Session) -> Option<u64> {
    session.take_sent(CommandKind::Sync).pop().map(|(command, id)| {
        let Command::Sync(sync) = command else { unreachable!() };
        assert_eq!(sync.rooms, [(room_id("r"), Rev::new(1))].into());
        id.expect("it asks for an answer")
    })
}

fn answer(session: &mut Session, id: u64) {
    let messages = vec![fixtures::message("r", "bob", 2)];
    let delta = RoomDelta { messages, ..RoomDelta::bare(room_id("r"), DeltaKind::Delta, Rev::new(2)) };
    session.answer(id, &Ok(Reply::Sync(Synced { epoch: epoch("e"), rooms: vec![delta] })));
}

#[test]
fn a_machine_that_slept_asks_at_once_and_learns_what_it_missed() {
    for (mono_ms, wall_ms) in [(3_600_000, 3_600_000), (10, 3_600_000)] {
        let mut session = Session::live(1);
        sleep(&mut session, mono_ms, wall_ms);
        session.input(Input::Timeout);
        assert_eq!(session.phase(), Phase::Connected, "the connection may have lived on");
        let id = question(&mut session).expect("it asks");
        answer(&mut session, id);
        assert_eq!(session.told(), [2]);
        session.advance(10_000);
        assert_eq!(session.phase(), Phase::Connected);
    }
}

#[test]
fn a_question_that_is_not_answered_ends_the_connection_long_before_the_heartbeat() {
    let mut session = Session::live(1);
    let conn = session.conn.unwrap();
    sleep(&mut session, 3_600_000, 3_600_000);
    session.input(Input::Timeout);
    // What lay in a buffer all the while proves nothing.
    session.frame("2");
    session.advance(4_999);
    assert!(!session.closed.contains(&conn));
    session.advance(1);
    assert!(session.closed.contains(&conn));
    session.come_back();
    assert_eq!(session.phase(), Phase::Resuming);
}

#[test]
fn an_error_is_a_sign_of_life() {
    let mut session = Session::live(1);
    sleep(&mut session, 3_600_000, 3_600_000);
    session.input(Input::Timeout);
    let id = question(&mut session).unwrap();
    session.reject(id, ErrorCode::Unavailable, None);
    session.advance(20_000);
    assert_eq!(session.phase(), Phase::Connected);
}

#[test]
fn g8_whoever_comes_to_the_foreground_asks_for_what_was_missed() {
    let mut session = Session::live(1);
    session.input(Input::Visibility(Visibility::Hidden));
    session.advance(14_999);
    session.input(Input::Visibility(Visibility::Visible));
    assert_eq!(question(&mut session), None, "nothing can have been missed that no digest tells");
    session.input(Input::Visibility(Visibility::Hidden));
    session.input(Input::Visibility(Visibility::Hidden));
    session.advance(15_000);
    session.input(Input::Visibility(Visibility::Visible));
    let id = question(&mut session).expect("it asks");
    session.input(Input::Visibility(Visibility::Visible));
    assert_eq!(question(&mut session), None, "one question at a time");
    answer(&mut session, id);
    assert_eq!(session.told(), [2]);
}

#[test]
fn a_network_that_comes_back_is_asked_through_the_old_connection() {
    let mut session = Session::live(1);
    let conn = session.conn.unwrap();
    session.input(Input::Network(Network::Offline));
    session.input(Input::Network(Network::Online));
    assert!(question(&mut session).is_some());
    session.advance(5_000);
    assert!(session.closed.contains(&conn));
}

#[test]
fn the_question_goes_out_however_much_is_in_flight() {
    let mut session = Session::live(1);
    for n in 0..100 {
        session.post("r", &n.to_string());
    }
    sleep(&mut session, 1, 3_600_000);
    session.input(Input::Timeout);
    assert!(question(&mut session).is_some());
}

#[test]
fn a_client_that_is_woken_in_time_asks_nothing() {
    let mut session = Session::live(1);
    for _ in 0..20 {
        session.advance(20_000);
        session.frame("2");
    }
    session.now.wall_ms -= 86_400_000;
    session.input(Input::Timeout);
    assert_eq!(question(&mut session), None);
}

#[test]
fn an_answer_that_a_later_change_overtook_takes_no_room_away() {
    let mut session = Session::live(1);
    session.input(Input::Network(Network::Online));
    let id = question(&mut session).unwrap();
    session.event(new_message(2));
    let rooms = vec![RoomDelta::bare(room_id("r"), DeltaKind::Gone, Rev::default())];
    session.answer(id, &Ok(Reply::Sync(Synced { epoch: epoch("e"), rooms })));
    assert_eq!(session.seqs(), [1, 2]);
    let (asked, id) = session.take_sent(CommandKind::Sync).pop().expect("it asks again");
    assert!(matches!(asked, Command::Sync(sync) if sync.rooms[&room_id("r")] == Rev::new(2)));
    let rooms = vec![RoomDelta::bare(room_id("r"), DeltaKind::Gone, Rev::default())];
    session.answer(id.unwrap(), &Ok(Reply::Sync(Synced { epoch: epoch("e"), rooms })));
    assert!(session.client.room(&room_id("r")).is_none());
}

#[test]
fn a_late_wake_up_in_the_background_is_no_sleep() {
    let mut session = Session::live(1);
    session.input(Input::Visibility(Visibility::Hidden));
    session.request(Command::ListRooms(roomcast_protocol::command::ListRooms {
        scope: roomcast_protocol::command::RoomScope::Mine,
        query: None,
        cursor: None,
        limit: None,
    }));
    sleep(&mut session, 30_000, 30_000);
    session.input(Input::Timeout);
    assert_eq!(question(&mut session), None);
    session.input(Input::Visibility(Visibility::Visible));
    assert!(question(&mut session).is_some());
}

#[test]
fn another_life_of_the_database_is_noticed_by_the_question() {
    let mut session = Session::live(1);
    session.input(Input::Network(Network::Online));
    let id = question(&mut session).unwrap();
    session.answer(id, &Ok(Reply::Sync(Synced { epoch: epoch("another"), rooms: Vec::new() })));
    assert_ne!(session.phase(), Phase::Connected);
}
