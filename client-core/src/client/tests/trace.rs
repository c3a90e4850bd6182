//! What was recorded replays to the same effects, and keeps its secrets.

use roomcast_protocol::{ErrorCode, json};

use super::harness::*;
use crate::{
    Config, Network, Saved, StorageError, UserCommand, input,
    trace::{Redaction, Replay, Step, TraceError, Tracing},
    view::Phase,
};

/// Replays lines up to the first difference.
fn replay(lines: &[String]) -> Result<Vec<Step>, TraceError> {
    let mut replay = Replay::begin(&lines[0])?;
    let mut steps = Vec::new();
    for line in &lines[1..] {
        steps.extend(replay.step(line)?);
    }
    Ok(steps)
}

pub(super) fn assert_replays(session: &Session) {
    let steps = replay(&session.trace).expect("a recording can be read");
    assert_eq!(steps.len() + 1, session.trace.len());
    for (number, step) in steps.iter().enumerate() {
        assert_eq!(step.recorded, step.replayed, "line {}: {}", number + 2, step.input);
        let theirs: input::Input = serde_json::from_str(&step.input).expect("it was replayed");
        let ours: input::Input = json::small::from_str(&step.input).expect("what serde_json reads");
        assert_eq!(format!("{theirs:?}"), format!("{ours:?}"), "{}", step.input);
    }
}

/// A session with something of everything.
fn eventful(redaction: Redaction) -> Session {
    let tracing = Some(Tracing::new(redaction));
    let mut session =
        Session::with(Config { tracing, storage: crate::Storage::Durable, ..Config::default() }, Saved::default());
    session.input(input::Input::Connect);
    session.answer_fetch("the-secret-of-alice");
    session.open();
    session.enter_with(vec![room_state("r", 2)], Vec::new());
    session.post("r", "top secret, 42 grüße");
    let op = session.persists[0].id;
    session.input(input::Input::Stored { op, result: Err(StorageError("full".to_owned())) });
    let (send, ack) = session.take_posts().pop().unwrap();
    session.reject(ack, ErrorCode::Unavailable, Some(10));
    session.advance(1_000);
    session.event(new_message(5));
    session.reconnect();
    session.enter_with(Vec::new(), vec![super::connecting::up_to_date(2)]);
    let (_, ack) = session.take_posts().pop().unwrap();
    session.ack_post(&send, ack, 3);
    session.input(input::Input::Network(Network::Offline));
    session.command(UserCommand::Discard(client_id("unknown")));
    session.frame("42[\"token-expiring\",{\"expiresAt\":1}]");
    session.answer_fetch("another-secret");
    session
}

#[test]
fn a_recorded_session_replays_to_the_same_effects() {
    for redaction in [Redaction::Secrets, Redaction::SecretsAndText] {
        let mut session = eventful(redaction);
        assert_eq!(session.phase(), Phase::Connected);
        assert!(session.trace.len() > 15);
        assert_replays(&session);
    }
}

#[test]
fn g15_a_recording_holds_no_token_and_text_only_by_choice() {
    let session = eventful(Redaction::Secrets);
    let all = session.trace.concat();
    assert!(session.frames.iter().any(|frame| frame.contains("the-secret-of-alice")), "the server gets the token");
    assert!(!all.contains("the-secret-of-alice") && !all.contains("another-secret"), "{all}");
    assert!(all.contains("top secret, 42 grüße"));
    let masked = eventful(Redaction::SecretsAndText).trace.concat();
    assert!(!masked.contains("top secret") && masked.contains("xxx xxxxxx, xx xxééx"), "{masked}");
}

#[test]
fn a_difference_is_found_at_its_effect() {
    let session = eventful(Redaction::Secrets);
    let mut lines = session.trace;
    let place = lines.iter().position(|line| line.contains("\"FetchToken\"")).unwrap();
    lines[place] = lines[place].replace("\"reason\":\"Connect\"", "\"reason\":\"Refused\"");
    let steps = replay(&lines).unwrap();
    let different: Vec<_> = steps.iter().map(Step::difference).collect();
    assert_eq!(different.iter().flatten().count(), 1);
    assert!(different[place - 1].is_some());
}

#[test]
fn effects_that_are_not_taken_at_once_are_recorded_all_the_same() {
    let mut session = Session::new();
    session.client.handle(session.now, input::Input::Connect);
    session.client.handle(session.now, input::Input::Network(Network::Offline));
    session.client.handle(session.now, input::Input::Network(Network::Online));
    session.trace.extend(std::iter::from_fn(|| session.client.poll_trace()));
    assert_eq!(session.trace.len(), 4);
    assert_replays(&session);
}

#[test]
fn a_recording_that_nobody_takes_away_ends() {
    let tracing = Some(Tracing { redaction: Redaction::Secrets, buffer_bytes: 4_000 });
    let mut client =
        crate::Client::new(Config { tracing, ..Config::default() }, 1, crate::Now::default(), Saved::default());
    for _ in 0..1_000 {
        client.handle(crate::Now::default(), input::Input::Timeout);
    }
    let lines: Vec<_> = std::iter::from_fn(|| client.poll_trace()).collect();
    assert!(lines.len() < 100 && lines.last().unwrap().starts_with("{\"cut\""));
    assert_eq!(replay(&lines).unwrap().len(), lines.len() - 2);
}

#[test]
fn another_format_is_not_replayed() {
    assert!(matches!(Replay::begin("{\"trace\":99}"), Err(TraceError::Format(99))));
    assert!(matches!(Replay::begin("nonsense"), Err(TraceError::Line(_))));
}
