use roomcast_protocol::CommandKind;

use super::{connecting::up_to_date, harness::*};
use crate::{Config, ConnId, Effect, Input, Method, Network, Transport, Transports, view::Phase};

const PROBE: &str = "2probe";

/// Over HTTP because no WebSocket opened.
fn fallen_back() -> Session {
    Session::live_polling(Config { upgrade_ms: (1_000, 60_000), ..Config::default() })
}

fn transport(session: &mut Session) -> Option<Transport> {
    session.client.view().connection.transport
}

/// Waits until a WebSocket is tested, and opens it.
fn test_websocket(session: &mut Session) -> ConnId {
    let polling = session.conn;
    for _ in 0..600 {
        if session.conn != polling {
            break;
        }
        session.advance(100);
    }
    let conn = session.conn.filter(|conn| Some(*conn) != polling).expect("a WebSocket is tested");
    session.input(Input::Opened(conn));
    assert_eq!(session.sent.pop(), Some(Sent::Engine(PROBE.to_owned())));
    conn
}

#[test]
fn a_websocket_that_does_not_open_is_followed_by_polling() {
    let mut session = Session::new();
    session.input(Input::Connect);
    session.answer_fetch("token");
    assert_eq!(transport(&mut session), Some(Transport::WebSocket));
    session.lose();
    assert_eq!(session.phase(), Phase::Reconnecting);
    session.advance(500);
    assert_eq!(transport(&mut session), Some(Transport::Polling));
    assert_eq!(session.requests[0].path_and_query, "/socket.io/?EIO=4&transport=polling");
    session.open_polling();
    assert_eq!(session.auth().token, "token");
    session.answer_request(Method::Post, 200, "ok");
    session.enter_with(vec![room_state("r", 1)], Vec::new());
    assert_eq!(session.phase(), Phase::Connected);
    let path = "/socket.io/?EIO=4&transport=polling&sid=p1";
    assert!(session.requests.iter().all(|asked| asked.path_and_query == path));
}

#[test]
fn a_websocket_that_is_swallowed_is_given_up_soon_where_polling_is_allowed() {
    let mut session = Session::new();
    session.input(Input::Connect);
    session.answer_fetch("token");
    session.advance(5_500);
    assert_eq!(transport(&mut session), Some(Transport::Polling));

    let mut session =
        Session::with(Config { transports: Transports::WebSocket, ..Config::default() }, Default::default());
    session.input(Input::Connect);
    session.answer_fetch("token");
    session.advance(9_999);
    assert_eq!((session.conn, session.paths.len()), (Some(ConnId(0)), 1));
}

#[test]
fn a_server_that_is_away_is_asked_by_turns_with_the_same_pauses() {
    let mut session = Session::new();
    session.input(Input::Connect);
    session.answer_fetch("token");
    for _ in 0..6 {
        session.lose();
        session.come_back();
    }
    let turns: Vec<_> = session.paths.iter().map(|path| path.ends_with("polling")).collect();
    assert_eq!(turns, [false, true, false, true, false, true, false]);
}

#[test]
fn commands_and_events_pass_over_polling_in_order() {
    let mut session = fallen_back();
    session.post("r", "one");
    session.post("r", "two");
    session.post("r", "three");
    let posts = session.take_posts();
    assert_eq!(posts.iter().map(|(send, _)| send.content.as_str()).collect::<Vec<_>>(), ["one"]);
    session.answer_request(Method::Post, 200, "ok");
    let more = session.take_posts();
    assert_eq!(more.iter().map(|(send, _)| send.content.as_str()).collect::<Vec<_>>(), ["two", "three"]);

    let frames: Vec<_> = (2..=4)
        .map(|seq| roomcast_protocol::wire::encode_event("new-message", &new_message(seq), None).unwrap().into_frame())
        .collect();
    session.answer_request(Method::Get, 200, &frames.join("\u{1e}"));
    assert_eq!(session.told(), [2, 3, 4]);
    session.answer_request(Method::Get, 200, "2");
    session.answer_request(Method::Post, 200, "ok");
    assert_eq!(session.frames.last().map(String::as_str), Some("3"), "pings are answered");
}

#[test]
fn an_answer_that_was_not_waited_for_is_dropped() {
    let mut session = fallen_back();
    let conn = session.conn.unwrap();
    let frame = roomcast_protocol::wire::encode_event("new-message", &new_message(2), None).unwrap().into_frame();
    session.answer_request(Method::Get, 200, "6");
    session.input(Input::Response { conn, method: Method::Get, status: 200, body: frame });
    assert!(session.told().is_empty() && session.requests.is_empty());
    session.advance(100);
    assert_eq!(session.requests.len(), 1, "one request to read at a time");
}

#[test]
fn a_body_that_cannot_be_read_or_a_bad_status_ends_the_session_which_resumes() {
    for (status, body) in [(200, "4junk\u{1e}x"), (200, ""), (400, "{}"), (502, "<html>")] {
        let mut session = fallen_back();
        let conn = session.conn.unwrap();
        session.answer_request(Method::Get, status, body);
        assert_eq!(session.phase(), Phase::Reconnecting, "{status} {body}");
        assert!(session.closed.contains(&conn));
        session.come_back();
        assert_eq!((session.phase(), transport(&mut session)), (Phase::Resuming, Some(Transport::Polling)));
        session.requests.retain(|asked| asked.method == Method::Get);
        session.open_polling();
        assert!(session.auth().resume.is_some());
    }
}

#[test]
fn a_write_that_is_not_answered_ends_the_session() {
    let mut session = fallen_back();
    session.post("r", "hello");
    let conn = session.conn.unwrap();
    session.advance(9_999);
    assert!(!session.closed.contains(&conn));
    session.advance(1);
    assert!(session.closed.contains(&conn));
}

#[test]
fn silence_is_death_over_polling_as_well() {
    let mut session = Session::live_polling(Config { transports: Transports::Polling, ..Config::default() });
    let conn = session.conn.unwrap();
    session.advance(44_999);
    assert!(!session.closed.contains(&conn));
    session.advance(1);
    assert!(session.closed.contains(&conn));
}

#[test]
fn the_end_of_a_session_over_http_is_told_to_the_server() {
    let mut session = fallen_back();
    session.post("r", "under way");
    session.input(Input::Disconnect);
    let last = session.requests.last().unwrap();
    assert_eq!((last.method, last.body.as_str()), (Method::Post, "41\u{1e}1"));
    assert_eq!(session.phase(), Phase::Idle);
}

#[test]
fn the_session_moves_to_a_websocket_that_works_and_nothing_is_on_two_ways() {
    let mut session = fallen_back();
    let polling = session.conn.unwrap();
    session.post("r", "before");
    let websocket = test_websocket(&mut session);
    assert_eq!(session.paths.last().unwrap(), "/socket.io/?EIO=4&transport=websocket&sid=p1");
    session.frame_on(websocket, "3probe");
    let (first, first_id) = session.take_posts().remove(0);
    session.post("r", "meanwhile");
    assert!(session.take_posts().is_empty(), "no new request once the WebSocket works");
    session.answer_request(Method::Post, 200, "ok");
    assert_eq!(transport(&mut session), Some(Transport::Polling), "the read is under way still");
    let event = roomcast_protocol::wire::encode_event("new-message", &new_message(2), None).unwrap().into_frame();
    session.answer_request(Method::Get, 200, &format!("{event}\u{1e}6"));
    assert_eq!(transport(&mut session), Some(Transport::WebSocket));
    assert_eq!(session.told(), [2]);
    assert!(session.closed.contains(&polling) && session.requests.is_empty());
    let moved = session.frames.iter().position(|frame| frame == "5").expect("the server is told");
    assert!(session.frames[moved + 1].contains("meanwhile"));
    assert_eq!(session.phase(), Phase::Connected);

    session.ack_post(&first, first_id, 3);
    assert_eq!(session.told(), [2, 3], "acknowledgements of before count: the session is the same");
    session.input(Input::Response { conn: polling, method: Method::Get, status: 200, body: "1".to_owned() });
    assert_eq!(session.phase(), Phase::Connected);
    session.lose();
    session.come_back();
    assert_eq!(transport(&mut session), Some(Transport::WebSocket), "it is known to work again");
}

#[test]
fn a_websocket_that_fails_its_test_is_tried_again_less_and_less_often() {
    let mut session = fallen_back();
    let mut times = Vec::new();
    for round in 0..5 {
        let websocket = test_websocket(&mut session);
        times.push(session.now.mono_ms);
        match round % 3 {
            0 => session.lose_conn(websocket),
            1 => {
                session.advance(5_000);
                assert!(session.closed.contains(&websocket), "no answer in time");
            }
            _ => {
                session.frame_on(websocket, "3probe");
                session.lose_conn(websocket);
            }
        }
        assert_eq!((session.phase(), transport(&mut session)), (Phase::Connected, Some(Transport::Polling)));
        session.answer_request(Method::Get, 200, "2");
        session.answer_request(Method::Post, 200, "ok");
    }
    let pauses: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.last() > pauses.first(), "{pauses:?}");
}

#[test]
fn reads_that_bring_nothing_do_not_follow_each_other_at_once() {
    let mut session = fallen_back();
    session.answer_request(Method::Get, 200, "6");
    assert!(session.requests.is_empty());
    session.advance(100);
    assert_eq!(session.requests.len(), 1);
}

#[test]
fn polling_is_remembered_until_the_network_changes() {
    let mut session = fallen_back();
    session.lose();
    session.come_back();
    assert_eq!(transport(&mut session), Some(Transport::Polling));
    session.input(Input::Network(Network::Offline));
    session.lose();
    session.input(Input::Network(Network::Online));
    assert_eq!(transport(&mut session), Some(Transport::WebSocket));
}

#[test]
fn a_client_that_may_only_poll_asks_for_no_websocket() {
    let mut session = Session::live_polling(Config { transports: Transports::Polling, ..Config::default() });
    for _ in 0..20 {
        session.advance(20_000);
        session.answer_request(Method::Get, 200, "2");
        session.answer_request(Method::Post, 200, "ok");
    }
    assert!(session.paths.iter().all(|path| path.contains("transport=polling")));
    assert_eq!(session.take_sent(CommandKind::Sync).len(), 0);
}

#[test]
fn a_refusal_over_polling_is_understood() {
    let mut session =
        Session::with(Config { transports: Transports::Polling, ..Config::default() }, Default::default());
    session.input(Input::Connect);
    session.answer_fetch("token");
    session.open_polling();
    session.answer_request(Method::Post, 200, "ok");
    session.refuse("Access revoked");
    assert!(matches!(session.phase(), Phase::Refused(_)));
    assert!(!session.open.values().any(|_| true), "nothing stays open");
}

#[test]
fn effects_of_polling_are_told_apart_by_what_they_do() {
    let mut session = fallen_back();
    session.client.handle(session.now, Input::Disconnect);
    let effects: Vec<_> = std::iter::from_fn(|| session.client.poll_effect()).collect();
    let close = effects.iter().position(|effect| matches!(effect, Effect::Close { .. }));
    let last = effects.iter().position(|effect| matches!(effect, Effect::Request { method: Method::Post, .. }));
    assert!(last < close, "the goodbye goes before the end: {effects:?}");
}

#[test]
fn a_resume_over_the_other_transport_is_one() {
    let mut session = Session::live(1);
    for _ in 0..3 {
        session.lose();
        session.come_back();
    }
    session.lose();
    session.come_back();
    assert_eq!(transport(&mut session), Some(Transport::Polling));
    session.open_polling();
    assert!(session.auth().resume.is_some());
    session.answer_request(Method::Post, 200, "ok");
    session.enter_with(Vec::new(), vec![up_to_date(1)]);
    assert_eq!(session.phase(), Phase::Connected);
}
