//! A server that goes down is left for another before it is gone.

use roomcast_protocol::{Event, Timestamp, event::ServerDraining, handshake::Refusal};

use super::{connecting::up_to_date, harness::*};
use crate::{ConnId, Input, Network, TokenReason, view::Phase};

/// In use, and told to leave in three seconds; the server stays for ten.
fn draining() -> (Session, ConnId) {
    let mut session = Session::live(1);
    let old = session.conn.unwrap();
    drain(&mut session, 3_000, 10_000);
    (session, old)
}

fn drain(session: &mut Session, reconnect_in_ms: u64, deadline_ms: u64) {
    let deadline = Timestamp::new(1 + deadline_ms);
    session.event(Event::ServerDraining(Box::new(ServerDraining { reconnect_in_ms, deadline })));
}

fn message(seq: u64) -> String {
    roomcast_protocol::wire::encode_event("new-message", &new_message(seq), None).unwrap().into_frame()
}

#[test]
fn the_next_connection_is_made_while_the_old_one_works() {
    let (mut session, old) = draining();
    assert_eq!(session.phase(), Phase::Draining);
    session.advance(2_999);
    assert_eq!(session.conn, Some(old), "each client has a moment of its own");
    session.advance(1);
    let new = session.conn.unwrap();
    assert!(new != old && session.open.len() == 2);
    session.open();
    session.frame_on(old, &message(2));
    session.accept();
    session.frame_on(old, &message(3));
    assert_eq!((session.told(), session.phase()), (vec![2, 3], Phase::Draining));
    assert_eq!(session.auth().resume.as_ref().unwrap().rooms[&room_id("r")].value(), 1);
    assert!(!session.closed.contains(&old));

    session.event(initial_state(Vec::new(), vec![up_to_date(1)]));
    assert_eq!((session.phase(), session.closed.last()), (Phase::Connected, Some(&old)));
    session.input(Input::Frame(old, message(4)));
    assert_eq!(session.told(), [2, 3], "nothing of the old one any more");
    for seq in 2..=4 {
        session.event(new_message(seq));
    }
    assert_eq!(session.told(), [2, 3, 4], "what both bring is told once");
}

#[test]
fn nothing_of_the_next_connection_is_applied_before_it_is_in_use() {
    let (mut session, _) = draining();
    session.advance(3_000);
    session.open();
    session.accept();
    session.event(new_message(2));
    assert!(session.told().is_empty());
    session.event(initial_state(Vec::new(), vec![up_to_date(1)]));
    session.event(new_message(2));
    assert_eq!(session.told(), [2]);
}

#[test]
fn g11_what_was_in_flight_on_the_old_one_is_asked_again_in_order() {
    let (mut session, old) = draining();
    session.post("r", "one");
    session.post("r", "two");
    let before = session.take_posts();
    session.advance(3_000);
    session.open();
    session.enter_with(Vec::new(), vec![up_to_date(1)]);
    let again = session.take_posts();
    assert_eq!(
        before.iter().map(|(send, _)| &send.client_id).collect::<Vec<_>>(),
        again.iter().map(|(send, _)| &send.client_id).collect::<Vec<_>>()
    );
    let ack = roomcast_protocol::wire::encode_ack(0, &serde_json::json!({})).unwrap().into_frame();
    session.input(Input::Frame(old, ack));
    session.ack_post(&again[0].0, again[0].1, 2);
    session.ack_post(&again[1].0, again[1].1, 3);
    assert_eq!(session.told(), [2, 3]);
}

#[test]
fn a_node_that_takes_nobody_is_not_asked_in_a_loop_and_the_old_connection_stays() {
    let (mut session, old) = draining();
    session.advance(3_000);
    let mut asked = 0;
    while session.now.mono_ms < 1_000 + 9_000 {
        if session.conn != Some(old) {
            session.open();
            session.refuse("Server draining");
            asked += 1;
            assert_eq!((session.phase(), session.conn), (Phase::Draining, Some(old)));
        }
        session.advance(10);
    }
    assert!((2..=20).contains(&asked), "{asked}");
    session.lose_conn(old);
    assert!(session.phase() == Phase::Reconnecting, "after refusals there is a pause");
    let pause = session.client.view().connection.retry_at.unwrap() - session.now.mono_ms;
    assert!(pause > 0);
}

#[test]
fn at_the_deadline_the_old_connection_goes_and_the_attempt_under_way_goes_on() {
    let (mut session, old) = draining();
    session.advance(3_000);
    session.open();
    session.accept();
    let new = session.conn.unwrap();
    session.advance(6_999);
    assert!(!session.closed.contains(&old));
    session.advance(1);
    assert!(session.closed.contains(&old));
    assert_eq!((session.phase(), session.conn), (Phase::Resuming, Some(new)));
    session.event(initial_state(Vec::new(), vec![up_to_date(1)]));
    assert_eq!(session.phase(), Phase::Connected);
}

#[test]
fn an_old_connection_that_dies_early_leaves_the_attempt_under_way() {
    let (mut session, old) = draining();
    session.advance(3_000);
    session.open();
    let new = session.conn.unwrap();
    session.lose_conn(old);
    assert_eq!((session.phase(), session.conn), (Phase::Resuming, Some(new)));
    session.enter_with(Vec::new(), vec![up_to_date(1)]);
    assert_eq!(session.phase(), Phase::Connected);
    assert_eq!(session.open.len(), 1);
}

#[test]
fn a_server_that_is_gone_before_its_time_is_left_without_a_pause() {
    let (mut session, old) = draining();
    session.lose_conn(old);
    assert_eq!(session.client.view().connection.retry_at, Some(session.now.mono_ms));
}

#[test]
fn a_token_that_the_next_node_refuses_is_replaced_beside_the_old_connection() {
    let (mut session, old) = draining();
    session.advance(3_000);
    session.open();
    session.refuse("Authentication failed");
    assert_eq!(session.fetches.last().unwrap().1, TokenReason::Refused);
    assert_eq!((session.phase(), session.conn), (Phase::Draining, Some(old)));
    session.answer_fetch("fresh");
    session.open();
    assert_eq!(session.auth().token, "fresh");
    session.enter_with(Vec::new(), vec![up_to_date(1)]);
    assert_eq!(session.phase(), Phase::Connected);
}

#[test]
fn access_that_is_revoked_meanwhile_ends_both() {
    let (mut session, _) = draining();
    session.advance(3_000);
    session.open();
    session.refuse("Access revoked");
    assert_eq!(session.phase(), Phase::Refused(Refusal::AccessRevoked));
    assert!(session.open.is_empty());
}

#[test]
fn a_wanted_end_ends_both() {
    let (mut session, _) = draining();
    session.advance(3_000);
    session.open();
    session.input(Input::Disconnect);
    assert!(session.open.is_empty());
    assert_eq!(session.sent.iter().filter(|sent| **sent == Sent::Disconnect).count(), 1);
    session.advance(3_600_000);
    assert_eq!((session.phase(), session.conn), (Phase::Idle, None));
}

#[test]
fn without_a_network_no_next_connection_is_tried() {
    let (mut session, old) = draining();
    session.input(Input::Network(Network::Offline));
    session.advance(5_000);
    assert_eq!(session.open.keys().collect::<Vec<_>>(), [&old]);
    session.lose();
    assert_eq!(session.phase(), Phase::Offline);
}

#[test]
fn g16_the_deadline_is_the_servers_clock_however_wrong_ours_is() {
    for skew_ms in [0_u64, 86_400_000] {
        let mut session = Session::live(1);
        let old = session.conn.unwrap();
        session.now.wall_ms += skew_ms;
        session.input(Input::Timeout);
        session.sent.clear();
        drain(&mut session, 100, 4_000);
        session.advance(100);
        session.open();
        session.advance(3_899);
        assert!(!session.closed.contains(&old), "skew {skew_ms}");
        session.advance(1);
        assert!(session.closed.contains(&old), "skew {skew_ms}");
    }
}
