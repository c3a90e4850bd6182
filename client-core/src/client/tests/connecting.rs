use roomcast_protocol::{Event, Timestamp, event, handshake::Refusal};

use super::harness::*;
use crate::{CloseReason, ConnId, Input, Network, Notice, TokenError, TokenReason, Visibility, view::Phase};

#[test]
fn a_connection_is_made_of_token_socket_connect_and_initial_state() {
    let mut session = Session::new();
    assert_eq!(session.phase(), Phase::Idle);
    session.input(Input::Connect);
    assert_eq!((session.phase(), session.conn), (Phase::Connecting, None));
    session.answer_fetch("token");
    assert!(session.conn.is_some() && session.sent.is_empty());
    session.open();
    assert_eq!((session.auth().token.as_str(), &session.auth().resume), ("token", &None));
    session.accept();
    assert_eq!(session.phase(), Phase::Connecting);
    session.event(initial_state(vec![room_state("r", 1)], Vec::new()));
    assert_eq!(session.phase(), Phase::Connected);
    let view = session.client.view();
    assert_eq!((view.rooms.len(), view.me.as_ref().unwrap().name.as_str()), (1, ME));
}

#[test]
fn stale_frames_of_an_old_connection_are_dropped() {
    let mut session = Session::live(1);
    let old = session.conn.unwrap();
    session.reconnect();
    session.enter_with(Vec::new(), vec![up_to_date(1)]);
    let frame = roomcast_protocol::wire::encode_event("new-message", &new_message(2), None).unwrap().into_frame();
    session.input(Input::Frame(old, frame));
    session.input(Input::Closed(old, CloseReason("late".to_owned())));
    assert_eq!((session.seqs(), session.phase()), (vec![1], Phase::Connected));
    session.input(Input::Closed(ConnId(99), CloseReason("never".to_owned())));
    assert_eq!(session.phase(), Phase::Connected);
}

#[test]
fn pings_are_answered_and_silence_is_death() {
    let mut session = Session::live(1);
    session.frame("2");
    assert_eq!(session.sent.last(), Some(&Sent::Engine("3".to_owned())));
    session.advance(44_999);
    assert_eq!(session.phase(), Phase::Connected);
    let conn = session.conn.unwrap();
    session.advance(1);
    assert!(session.closed.contains(&conn));
}

#[test]
fn a_handshake_that_takes_too_long_is_given_up() {
    let mut session = Session::new();
    session.connect();
    let conn = session.conn.unwrap();
    session.advance(10_000);
    assert!(session.closed.contains(&conn));
    assert!(matches!(session.phase(), Phase::Reconnecting | Phase::Connecting));
}

#[test]
fn pauses_grow_to_thirty_seconds_and_begin_anew_after_success() {
    let mut session = Session::live(1);
    let mut longest = 0;
    for _ in 0..60 {
        session.lose();
        let retry_at = session.client.view().connection.retry_at.unwrap();
        let pause = retry_at - session.now.mono_ms;
        assert!(pause <= 30_000);
        longest = longest.max(pause);
        session.advance(pause);
    }
    assert!(longest > 20_000);
    session.open();
    session.enter_with(Vec::new(), vec![up_to_date(1)]);
    session.lose();
    assert!(session.client.view().connection.retry_at.unwrap() - session.now.mono_ms <= 500);
}

#[test]
fn a_refused_fresh_token_is_final() {
    let mut session = Session::new();
    session.connect();
    session.refuse("Authentication failed");
    assert_eq!(session.fetches.last().unwrap().1, TokenReason::Refused);
    session.answer_fetch("fresh");
    session.open();
    assert_eq!(session.auth().token, "fresh");
    session.refuse("Authentication failed");
    assert_eq!(session.phase(), Phase::Refused(Refusal::AuthenticationFailed));
    session.advance(600_000);
    session.input(Input::Network(Network::Online));
    session.input(Input::Visibility(Visibility::Visible));
    assert_eq!((session.fetches.len(), session.conn), (2, None));
    session.input(Input::Connect);
    assert_eq!(session.fetches.len(), 3, "the user acts: it begins anew");
}

#[test]
fn a_token_that_ran_out_while_away_is_replaced_without_a_pause() {
    let mut session = Session::live(1);
    session.reconnect();
    session.refuse("Authentication failed");
    session.answer_fetch("fresh");
    session.open();
    session.enter_with(Vec::new(), vec![up_to_date(1)]);
    assert_eq!(session.phase(), Phase::Connected);
}

#[test]
fn refusals_of_the_moment_are_tried_again_and_others_are_not() {
    for message in ["Too many connections", "Server draining", "something new"] {
        let mut session = Session::new();
        session.connect();
        session.refuse(message);
        assert!(matches!(session.phase(), Phase::Reconnecting), "{message}");
    }
    let mut session = Session::new();
    session.connect();
    session.refuse("Access revoked");
    assert_eq!(session.phase(), Phase::Refused(Refusal::AccessRevoked));

    let mut session = Session::live(1);
    session.event(Event::TokenRevoked(Box::default()));
    assert_eq!(session.phase(), Phase::Refused(Refusal::AccessRevoked));
}

#[test]
fn g16_tokens_are_fetched_one_at_a_time_with_a_timeout_and_never_given_up() {
    let mut session = Session::new();
    session.input(Input::Connect);
    session.input(Input::Connect);
    assert_eq!(session.fetches.len(), 1);
    session.advance(10_000 + 500);
    assert_eq!(session.fetches.len(), 2, "no answer in ten seconds");
    for _ in 0..50 {
        let (req, _) = *session.fetches.last().unwrap();
        session.input(Input::Token { req, result: Err(TokenError("no network".to_owned())) });
        let asked = session.fetches.len();
        session.advance(30_000);
        assert!(session.fetches.len() > asked);
    }
    let (first, _) = session.fetches[0];
    session.input(Input::Token { req: first, result: Ok(crate::Token("late".to_owned())) });
    assert_eq!(session.conn, None, "an answer that is not waited for any more");
    session.answer_fetch("token");
    assert!(session.conn.is_some());
}

#[test]
fn a_token_that_cannot_be_had_shows_with_its_reason_and_the_next_attempt() {
    let mut session = Session::new();
    session.input(Input::Connect);
    assert_eq!(session.phase(), Phase::Connecting);
    let (req, _) = *session.fetches.last().unwrap();
    session.input(Input::Token { req, result: Err(TokenError("no network".to_owned())) });
    let shown = session.client.view().connection.clone();
    assert_eq!((shown.phase, shown.error.as_deref()), (Phase::Reconnecting, Some("no network")));
    assert!(shown.retry_at.is_some());
    session.advance(30_000);
    assert_eq!(session.phase(), Phase::Connecting);
    session.connect();
    session.enter_with(Vec::new(), Vec::new());
    let shown = session.client.view().connection.clone();
    assert_eq!((shown.phase, shown.error, shown.retry_at), (Phase::Connected, None, None));
}

#[test]
fn g16_an_expiring_token_is_swapped_in_place() {
    let mut session = Session::live(1);
    session.event(Event::TokenExpiring(Box::new(event::TokenExpiring { expires_at: Timestamp::new(1) })));
    assert_eq!(session.fetches.last().unwrap().1, TokenReason::Expiring);
    session.answer_fetch("next");
    let sent = session.take_sent(roomcast_protocol::CommandKind::RefreshToken);
    assert!(matches!(&sent[0].0, roomcast_protocol::Command::RefreshToken(refresh) if refresh.token == "next"));
    assert_eq!(session.phase(), Phase::Connected);
}

#[test]
fn without_a_network_nothing_is_tried_and_with_it_at_once() {
    let mut session = Session::live(1);
    session.input(Input::Network(Network::Offline));
    assert_eq!(session.phase(), Phase::Connected, "a socket may outlive the news");
    session.lose();
    assert_eq!(session.phase(), Phase::Offline);
    session.advance(3_600_000);
    assert_eq!(session.conn, None);
    session.input(Input::Network(Network::Online));
    assert!(session.conn.is_some());
}

#[test]
fn a_user_who_looks_does_not_wait() {
    let mut session = Session::live(1);
    session.lose();
    session.input(Input::Visibility(Visibility::Visible));
    assert!(session.conn.is_some());
}

#[test]
fn a_draining_server_is_left_when_it_says_and_without_a_pause() {
    let mut session = Session::live(1);
    let old = session.conn.unwrap();
    let draining = event::ServerDraining { reconnect_in_ms: 3_000, deadline: Timestamp::new(1) };
    session.event(Event::ServerDraining(Box::new(draining)));
    assert_eq!(session.phase(), Phase::Draining);
    session.advance(2_999);
    assert_eq!(session.conn, Some(old));
    session.advance(1);
    assert!(session.conn.is_some_and(|conn| conn != old));
}

#[test]
fn a_wanted_end_says_goodbye_and_is_the_end() {
    let mut session = Session::live(1);
    let conn = session.conn.unwrap();
    session.input(Input::Disconnect);
    assert_eq!(session.sent.last(), Some(&Sent::Disconnect));
    assert_eq!((session.closed.last().copied(), session.phase()), (Some(conn), Phase::Idle));
    session.advance(3_600_000);
    assert_eq!((session.conn, session.client.poll_timeout()), (None, None));
}

#[test]
fn phases_are_told_once_each() {
    let session = Session::live(1);
    let phases: Vec<_> = session.notices.iter().filter(|n| matches!(n, Notice::Connection(_))).collect();
    assert_eq!(phases, [&Notice::Connection(Phase::Connecting), &Notice::Connection(Phase::Connected)]);
}

pub(super) fn up_to_date(rev: u64) -> roomcast_protocol::model::RoomDelta {
    use roomcast_protocol::{Rev, model};
    model::RoomDelta::bare(room_id("r"), model::DeltaKind::UpToDate, Rev::new(rev))
}
