//! Tokens are one user's, and the server's clock says when they end (G-16).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use roomcast_protocol::{Command, CommandKind, ErrorCode, Event, Timestamp, command::JoinRoom, event};

use super::{connecting::up_to_date, harness::*};
use crate::{Input, Notice, SavedItem, StorageChange, Token, view::Phase};

fn jwt(user: &str) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(format!(r#"{{"sub":"{user}","exp":1}}"#)))
}

fn foreign(session: &Session) -> usize {
    let told = |notice: &&Notice| matches!(notice, Notice::ForeignToken(user) if user.as_str() == "bob");
    session.notices.iter().filter(told).count()
}

fn expire(session: &mut Session) {
    session.event(Event::TokenExpiring(Box::new(event::TokenExpiring { expires_at: Timestamp::new(1) })));
}

#[test]
fn a_tokens_user_is_read_and_anything_else_is_not() {
    assert_eq!(Token(jwt("alice")).user().unwrap().as_str(), "alice");
    let padded = format!("e30.{}=.c2ln", URL_SAFE_NO_PAD.encode(r#"{"sub":"alice"}"#));
    assert_eq!(Token(padded).user().unwrap().as_str(), "alice");
    for text in
        ["", "token", "a.b.c", "a.e30.c", "..", "a.IjEi.c", &format!("a.{}.c", URL_SAFE_NO_PAD.encode("{\"sub\":7}"))]
    {
        assert_eq!(Token(text.to_owned()).user(), None, "{text}");
    }
}

#[test]
fn g16_another_users_token_is_never_sent() {
    let mut session = Session::live(1);
    expire(&mut session);
    session.answer_fetch(&jwt("bob"));
    assert!(session.take_sent(CommandKind::RefreshToken).is_empty());
    assert_eq!((foreign(&session), session.phase()), (1, Phase::Connected));
    session.advance(500);
    session.answer_fetch(&jwt(ME));
    let sent = session.take_sent(CommandKind::RefreshToken);
    assert!(matches!(&sent[0].0, Command::RefreshToken(refresh) if refresh.token == jwt(ME)));
}

#[test]
fn g16_a_provider_that_changed_its_user_connects_nobody() {
    let mut session = Session::live(1);
    session.reconnect();
    session.refuse("Authentication failed");
    session.sent.clear();
    for _ in 0..5 {
        session.answer_fetch(&jwt("bob"));
        assert_eq!(session.conn, None);
        let shown = session.client.view().connection.clone();
        assert_eq!((shown.phase, shown.error.as_deref()), (Phase::Reconnecting, Some("the token is another user's")));
        session.come_back();
    }
    assert_eq!((foreign(&session), session.sent.len()), (5, 0));
    session.answer_fetch(&jwt(ME));
    session.open();
    session.enter_with(Vec::new(), vec![up_to_date(1)]);
    assert_eq!(session.phase(), Phase::Connected);
}

#[test]
fn g16_what_is_written_before_the_first_connection_is_its_tokens_users() {
    let mut session = Session::with_storage(Default::default());
    session.input(Input::Connect);
    session.answer_fetch(&jwt("alice"));
    session.post("r", "early");
    let stored: Vec<&SavedItem> = session
        .persists
        .iter()
        .filter_map(|op| match &op.change {
            StorageChange::Put(item) => Some(item.as_ref()),
            StorageChange::Remove(_) => None,
        })
        .collect();
    assert_eq!(stored[0].author.as_ref().map(|user| user.as_str()), Some("alice"));
}

#[test]
fn g16_what_one_user_asked_for_is_not_done_in_anothers_name() {
    let mut session = Session::live(1);
    let sent = session.post("r", "mine");
    session.lose();
    let join = session.request(Command::JoinRoom(JoinRoom { room_id: room_id("s") }));
    session.come_back();
    session.open();
    session.sent.clear();
    session.accept();
    let Event::InitialState(mut state) = initial_state(vec![room_state("r", 1)], Vec::new()) else { unreachable!() };
    state.user = user("bob");
    session.event(Event::InitialState(state));
    session.advance(60_000);
    assert_eq!(session.sent.iter().filter(|sent| matches!(sent, Sent::Command { .. })).count(), 0);
    assert_eq!((session.error(sent), session.error(join)), (ErrorCode::Forbidden, ErrorCode::Forbidden));
}

#[test]
fn g16_a_wall_clock_that_is_a_day_off_ends_no_token() {
    for skew in [-86_400_000_i64, 86_400_000] {
        let mut session = Session::new();
        session.now.wall_ms = session.now.wall_ms.saturating_add_signed(skew);
        session.input(Input::Connect);
        session.answer_fetch(&jwt(ME));
        session.open();
        session.enter_with(vec![room_state("r", 1)], Vec::new());
        session.advance(20_000);
        assert_eq!((session.fetches.len(), session.phase()), (1, Phase::Connected), "only the server's word counts");
        expire(&mut session);
        assert_eq!(session.fetches.len(), 2);
    }
}
