//! Whatever comes, in whatever order: no panic, no endless waking, one resolution each, the same for the same.

use proptest::prelude::*;
use roomcast_protocol::{
    Command, Seq,
    command::{GetRoomUsers, MarkRead, ReadUpTo, SendMessage, TypingStart},
};

use super::harness::*;
use crate::{
    Client, CloseReason, CommandId, Config, ConnId, Effect, Input, Network, Now, OpId, Saved, Storage, StorageError,
    Token, TokenError, TokenReq, UserCommand, Visibility, fixtures,
};

fn frame() -> impl Strategy<Value = String> {
    let event = |event: &roomcast_protocol::Event| {
        roomcast_protocol::wire::encode_event(event.kind().name(), event, None).unwrap().into_frame()
    };
    let names: Vec<_> = roomcast_protocol::EventKind::ALL.iter().map(|kind| kind.name()).collect();
    prop_oneof![
        2 => Just(r#"0{"sid":"s","upgrades":[],"pingInterval":1,"pingTimeout":18446744073709551615}"#.to_owned()),
        2 => Just(r#"40{"sid":"s"}"#.to_owned()),
        2 => (0u64..9).prop_map(move |n| event(&initial_state(vec![room_state("r", n)], Vec::new()))),
        4 => (0u64..30).prop_map(move |seq| event(&new_message(seq))),
        2 => (0u64..40, "[a-z]{0,9}").prop_map(|(id, text)| format!(r#"43{id}[{{"success":true,"{text}":1}}]"#)),
        2 => (0u64..40, 0u64..30).prop_map(|(id, seq)| {
            let message = serde_json::to_string(&fixtures::message("r", ME, seq)).unwrap();
            format!(r#"43{id}[{{"success":true,"message":{message},"rev":{seq}}}]"#)
        }),
        2 => (0u64..40, prop::sample::select(roomcast_protocol::ErrorCode::ALL.to_vec())).prop_map(|(id, code)| {
            let code = code.as_str();
            format!(r#"43{id}[{{"success":false,"error":{{"code":"{code}","message":"","retryable":true,"requestId":""}}}}]"#)
        }),
        1 => (prop::sample::select(names), ".{0,40}").prop_map(|(name, rest)| format!(r#"42["{name}",{rest}]"#)),
        1 => Just(r#"42["heads",{"rooms":{"r":9007199254740991}}]"#.to_owned()),
        1 => Just(r#"42["server-draining",{"reconnectInMs":18446744073709551615,"deadline":1}]"#.to_owned()),
        1 => Just(r#"42["token-expiring",{"expiresAt":1}]"#.to_owned()),
        1 => Just(r#"44{"message":"Authentication failed"}"#.to_owned()),
        1 => prop::sample::select(vec!["41", "1", "2", "3", "6", "451-[\"x\",{}]"]).prop_map(str::to_owned),
        1 => ".{0,60}",
    ]
}

fn command() -> impl Strategy<Value = UserCommand> {
    let request = |command| UserCommand::Request(Box::new(command));
    prop_oneof![
        4 => ".{0,9}".prop_map(move |text| request(Command::SendMessage(SendMessage { client_id: None, ..send("r", &text) }))),
        1 => Just(request(Command::SendMessage(SendMessage { client_id: Some(client_id("same")), ..send("r", "x") }))),
        1 => (0u64..40).prop_map(move |seq| {
            request(Command::MarkRead(MarkRead::UpTo(ReadUpTo { room_id: room_id("r"), up_to_seq: Seq::new(seq) })))
        }),
        1 => Just(request(Command::TypingStart(TypingStart(room_id("r"))))),
        1 => Just(request(Command::GetRoomUsers(GetRoomUsers { room_id: room_id("r"), all: true, cursor: None, limit: None }))),
        1 => (0u64..300).prop_map(|limit| UserCommand::LoadOlder { room_id: room_id("r"), limit }),
        1 => Just(UserCommand::Retry(client_id("same"))),
        1 => Just(UserCommand::Revise { client_id: client_id("same"), content: "y".to_owned() }),
        1 => Just(UserCommand::Discard(client_id("same"))),
    ]
}

/// An input, and how much later it comes; backwards, too.
fn step() -> impl Strategy<Value = (i64, Input)> {
    let input = prop_oneof![
        2 => Just(Input::Connect),
        1 => Just(Input::Disconnect),
        6 => command().prop_map(|command| Input::Command { id: CommandId(0), command }),
        20 => (0u64..4, frame()).prop_map(|(conn, frame)| Input::Frame(ConnId(conn), frame)),
        1 => (0u64..4).prop_map(|conn| Input::Opened(ConnId(conn))),
        1 => (0u64..4).prop_map(|conn| Input::Closed(ConnId(conn), CloseReason(String::new()))),
        3 => (0u64..6).prop_map(|req| Input::Token { req: TokenReq(req), result: Ok(Token("t".to_owned())) }),
        1 => (0u64..6).prop_map(|req| Input::Token { req: TokenReq(req), result: Err(TokenError(String::new())) }),
        2 => (0u64..20).prop_map(|op| Input::Stored { op: OpId(op), result: Ok(()) }),
        1 => (0u64..20).prop_map(|op| Input::Stored { op: OpId(op), result: Err(StorageError(String::new())) }),
        1 => prop::bool::ANY.prop_map(|on| Input::Network(if on { Network::Online } else { Network::Offline })),
        1 => Just(Input::Visibility(Visibility::Visible)),
        6 => Just(Input::Timeout),
    ];
    (prop_oneof![20 => Just(0i64), 20 => -100i64..20_000, 1 => Just(i64::MAX)], input)
}

/// Runs a script to its end and gives back all effects.
fn run(steps: &[(i64, Input)], storage: Storage) -> Vec<Effect> {
    let mut now = Now { mono_ms: 0, wall_ms: 0 };
    let mut client = Client::new(Config { storage, ..Config::default() }, 7, now, Saved::default());
    let (mut effects, mut asked) = (Vec::new(), 0);
    for (later, input) in steps {
        now.mono_ms = now.mono_ms.saturating_add_signed(*later);
        now.wall_ms = now.wall_ms.saturating_add_signed(*later);
        let mut input = input.clone();
        if let Input::Command { id, .. } = &mut input {
            *id = CommandId(asked);
            asked += 1;
        }
        let woken = matches!(input, Input::Timeout);
        client.handle(now, input);
        let told = client.poll_timeout();
        let clock = now.mono_ms.min(roomcast_protocol::number::SAFE_END);
        assert!(!woken || told.is_none_or(|(at, _)| at > clock), "woken at {clock}, and again at {told:?}");
        client.view();
        client.room(&room_id("r"));
        effects.extend(std::iter::from_fn(|| client.poll_effect()));
    }
    let mut resolved = std::collections::BTreeSet::new();
    for effect in &effects {
        if let Effect::Resolve { id, .. } = effect {
            assert!(resolved.insert(*id), "{id:?} was resolved twice");
        }
    }
    effects
}

fn opening() -> Vec<(i64, Input)> {
    let open = r#"0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;
    vec![
        (1, Input::Connect),
        (1, Input::Token { req: TokenReq(0), result: Ok(Token("t".to_owned())) }),
        (1, Input::Frame(ConnId(0), open.to_owned())),
        (1, Input::Frame(ConnId(0), r#"40{"sid":"s"}"#.to_owned())),
    ]
}

/// Half of the scripts begin in a handshake, so that the deeper states are reached.
fn script() -> impl Strategy<Value = Vec<(i64, Input)>> {
    (prop::bool::ANY, prop::collection::vec(step(), 0..80))
        .prop_map(|(begun, steps)| if begun { opening().into_iter().chain(steps).collect() } else { steps })
}

#[test]
fn a_draining_connection_that_ends_with_a_question_is_followed_at_once() {
    let state = initial_state(vec![room_state("r", 0)], Vec::new());
    let state = roomcast_protocol::wire::encode_event(state.kind().name(), &state, None).unwrap().into_frame();
    let draining = r#"42["server-draining",{"reconnectInMs":600000,"deadline":1}]"#;
    let asked = |text| Input::Command {
        id: CommandId(0),
        command: UserCommand::Request(Box::new(Command::SendMessage(send("r", text)))),
    };
    let steps = [
        (0, Input::Frame(ConnId(0), state)),
        (0, Input::Frame(ConnId(0), draining.to_owned())),
        (0, asked("one")),
        (15_001, asked("two")),
        (5_000, Input::Timeout),
    ];
    let effects = run(&opening().into_iter().chain(steps).collect::<Vec<_>>(), Storage::None);
    let connects = effects.iter().filter(|effect| matches!(effect, Effect::Connect { .. })).count();
    assert_eq!(connects, 2, "{effects:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_comes_makes_it_panic_or_differ(steps in script(), durable in prop::bool::ANY) {
        let storage = if durable { Storage::Durable } else { Storage::None };
        prop_assert_eq!(run(&steps, storage), run(&steps, storage));
    }

    /// However a room's events are shuffled, repeated and lost, what is told is in order, once, without a hole.
    #[test]
    fn g9_what_is_told_is_dense(seqs in prop::collection::vec(2u64..40, 0..120)) {
        let mut session = Session::live(1);
        for seq in seqs {
            session.event(new_message(seq));
        }
        let told = session.told();
        let dense: Vec<_> = (2..2 + told.len() as u64).collect();
        prop_assert_eq!(&told, &dense);
        prop_assert_eq!(session.seqs().len(), told.len() + 1);
    }
}
