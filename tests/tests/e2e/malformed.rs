//! Never a panic, never a hang, never a missing ack, whatever is sent.

use std::collections::BTreeMap;

use roomcast_protocol::{Command, CommandKind, Limits, validate};
use roomcast_tests::RawClient;
use serde_json::{Value, json};

use crate::support::{assert_works, people, public_room, typed_refusal};

const LEAST: usize = 25;

/// Payloads that are wrong for almost every command.
fn nonsense() -> Vec<Value> {
    let mut deep = json!([]);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("room with spaces"),
        json!("../../etc/passwd"),
        json!("a\u{0}b"),
        json!("\u{202e}"),
        json!("x".repeat(65)),
        json!("x".repeat(10_000)),
        json!([[]]),
        json!([{}]),
        json!([null]),
        json!([1, 2]),
        json!([""]),
        json!(["a", 1]),
        json!({}),
        json!({ "roomId": null }),
        json!({ "roomId": 7 }),
        json!({ "roomId": [] }),
        json!({ "roomId": "" }),
        json!({ "roomId": "x".repeat(65) }),
        json!({ "roomId": "room with spaces" }),
        json!({ "roomId": "<script>" }),
        json!({ "roomid": "general" }),
        json!({ "roomId": "general", "constructor": {}, "__proto__": {} }),
        json!({ "messageId": {} }),
        json!({ "userId": "a\u{0}b" }),
        json!({ "token": 1 }),
        json!({ "scope": "everything" }),
        json!({ "status": "asleep" }),
        deep,
    ]
}

/// A payload of this command that is well formed.
fn sound(kind: CommandKind) -> Value {
    let (room, message, user) = ("general", "0190aaaa-0000-7000-8000-000000000000", "bob");
    match kind {
        CommandKind::JoinRoom | CommandKind::LeaveRoom | CommandKind::DeleteRoom | CommandKind::GetReceipts => {
            json!({ "roomId": room })
        }
        CommandKind::GetRoomUsers => json!({ "roomId": room, "all": true, "limit": 10 }),
        CommandKind::SendMessage => json!({
            "roomId": room, "content": "hi", "type": "text", "clientId": "c", "replyTo": message, "threadId": message,
            "mentions": [user], "attachments": [{ "url": "https://a.example/" }], "metadata": {},
        }),
        CommandKind::EditMessage => json!({ "messageId": message, "content": "hi", "ifVersion": 1 }),
        CommandKind::DeleteMessage | CommandKind::PinMessage | CommandKind::UnpinMessage => {
            json!({ "messageId": message })
        }
        CommandKind::MarkRead => json!({ "roomId": room, "upToSeq": 1 }),
        CommandKind::TypingStart | CommandKind::TypingStop => json!(room),
        CommandKind::UpdatePresence => json!({ "status": "away", "text": "lunch" }),
        CommandKind::CreateRoom => json!({
            "roomId": "new", "name": "New", "visibility": "public", "members": [user], "topic": "t",
            "policy": { "slowModeMs": 1 },
        }),
        CommandKind::UpdateRoom => json!({ "roomId": room, "name": "N", "topic": "t", "policy": { "slowModeMs": 1 } }),
        CommandKind::ListRooms => json!({ "scope": "mine", "query": "q", "cursor": "c", "limit": 1 }),
        CommandKind::AddMembers => json!({ "roomId": room, "userIds": [user] }),
        CommandKind::RemoveMember => json!({ "roomId": room, "userId": user }),
        CommandKind::SetRole => json!({ "roomId": room, "userId": user, "role": "moderator" }),
        CommandKind::BanMember | CommandKind::UnbanMember | CommandKind::MuteMember | CommandKind::UnmuteMember => {
            json!({ "roomId": room, "userId": user, "reason": "r", "untilMs": 1 })
        }
        CommandKind::AddReaction | CommandKind::RemoveReaction => json!({ "messageId": message, "emoji": "👍" }),
        CommandKind::GetMessages => json!({ "roomId": room, "before": 1, "pinned": true, "limit": 1 }),
        CommandKind::SearchMessages => json!({ "roomId": room, "query": "q", "cursor": "c", "limit": 1 }),
        CommandKind::Sync => json!({ "epoch": message, "rooms": { "general": 1 } }),
        CommandKind::RefreshToken => json!({ "token": "t" }),
        CommandKind::BlockUser | CommandKind::UnblockUser => json!({ "userId": user }),
    }
}

/// The sound payload, each time with one thing wrong.
fn spoiled(sound: &Value) -> Vec<Value> {
    let Some(fields) = sound.as_object() else { return Vec::new() };
    let wrong = [json!({ "no": 1 }), json!([[[]]]), json!(-7), json!(9_007_199_254_740_992_u64), json!("\u{0}")];
    let mut all = Vec::new();
    for name in fields.keys() {
        for value in &wrong {
            let mut payload = sound.clone();
            payload[name] = value.clone();
            all.push(payload);
        }
        let mut missing = sound.clone();
        missing.as_object_mut().expect("it is an object").remove(name);
        all.push(missing);
        let mut misspelt = sound.clone();
        misspelt[format!("{name}s")] = json!("x");
        all.push(misspelt);
    }
    all
}

fn is_malformed(kind: CommandKind, payload: &Value) -> bool {
    match Command::decode(kind, &payload.to_string()) {
        Ok(command) => validate::command(&command, &Limits::default()).is_err(),
        Err(_) => true,
    }
}

fn malformed(kind: CommandKind) -> Vec<Value> {
    let mut all = nonsense();
    all.extend(spoiled(&sound(kind)));
    all.retain(|payload| is_malformed(kind, payload));
    all
}

#[test]
fn sound_payloads_are_sound() {
    for kind in CommandKind::ALL {
        assert!(!is_malformed(*kind, &sound(*kind)), "{}", kind.name());
    }
}

#[tokio::test]
async fn every_malformed_payload_gets_one_typed_ack() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let mut asked: BTreeMap<u64, (CommandKind, Value)> = BTreeMap::new();
    for kind in CommandKind::ALL {
        let payloads = malformed(*kind);
        assert!(payloads.len() >= LEAST, "only {} malformed payloads of {}", payloads.len(), kind.name());
        for chunk in payloads.chunks(20) {
            let ids = alice.pipeline(kind.name(), chunk.iter().cloned()).await;
            for (id, payload) in ids.iter().zip(chunk) {
                asked.insert(*id, (*kind, payload.clone()));
            }
            for id in ids {
                alice.ack(id).await;
            }
        }
        assert_works(&alice).await;
    }
    let acks = alice.acks();
    for (id, (kind, payload)) in &asked {
        let [ack] = acks[id].as_slice() else { panic!("{} {payload}: {:?}", kind.name(), acks[id]) };
        let code = typed_refusal(ack).unwrap_or_else(|why| panic!("{} {payload}: {why}", kind.name()));
        let code = code.as_str();
        assert!(["bad_request", "too_large", "unsupported"].contains(&code), "{} {payload}: {ack}", kind.name());
    }
    drop(bob);
}

#[tokio::test]
async fn malformed_payloads_without_an_ack_are_dropped() {
    let (_server, [alice]) = people(["alice"]).await;
    for kind in CommandKind::ALL {
        for payload in malformed(*kind).into_iter().take(LEAST) {
            alice.emit(kind.name(), payload).await;
        }
        assert_works(&alice).await;
    }
}

#[tokio::test]
async fn a_wrong_number_of_arguments_gets_one_typed_ack() {
    let (_server, [alice]) = people(["alice"]).await;
    for kind in CommandKind::ALL {
        let ack = alice.call_args(kind.name(), &[]).await;
        typed_refusal(&ack).unwrap_or_else(|why| panic!("{} without a payload: {why}", kind.name()));
    }
    let ack = alice.call_args("join-room", &[json!({ "roomId": "nowhere" }), json!(1), json!(2)]).await;
    typed_refusal(&ack).unwrap_or_else(|why| panic!("{why}"));
    assert_works(&alice).await;
}

#[tokio::test]
async fn attachments_that_no_event_takes_get_one_typed_ack() {
    let (_server, [alice]) = people(["alice"]).await;
    for name in ["send-message", "mark-read", "typing-start", "no-such-event"] {
        let id = alice.next_id();
        alice.send_frame(format!(r#"451-{id}["{name}",{{"_placeholder":true,"num":0}}]"#)).await;
        alice.send_binary(vec![1, 2, 3]).await;
        let ack = alice.ack(id).await;
        typed_refusal(&ack).unwrap_or_else(|why| panic!("{name}: {why}"));
    }
    assert_works(&alice).await;
}

/// What cannot be read at all may end the connection. It must not end anything else.
#[tokio::test]
async fn broken_frames_harm_nobody_else() {
    let (server, [alice]) = people(["alice"]).await;
    let frames = [
        "",
        "4",
        "9",
        "42",
        "42[",
        "42[]",
        "42[1]",
        "42{}",
        "4999",
        "42[\"send-message\"",
        "43[]",
        "40",
        "41/other,",
        "42/other,[\"x\"]",
        "451-[\"x\"]",
        "459999999999-[\"x\"]",
        "4299999999999999999999[\"x\"]",
        "5",
        "2probe",
        "\u{1e}\u{1e}",
        "b",
        "42[\"join-room\",{\"roomId\":\"\\ud800\"}]",
    ];
    for frame in frames {
        let mallory = server.client("mallory").await;
        mallory.send_frame(frame).await;
        mallory.send_binary(vec![0xff; 16]).await;
        mallory.emit("list-rooms", json!({ "scope": "mine" })).await;
        assert_works(&alice).await;
    }
}

#[tokio::test]
async fn a_frame_over_the_limit_is_not_read() {
    let (server, [alice]) = people(["alice"]).await;
    let mallory = server.client("mallory").await;
    public_room(&alice, "general", &[&mallory]).await;
    let huge = json!({ "roomId": "general", "content": "x".repeat(200 * 1024), "type": "text" });
    let id = mallory.ask("send-message", huge).await;
    match mallory.answer(id).await {
        Ok(ack) => assert_eq!(typed_refusal(&ack).map(|code| code.as_str()), Ok("too_large")),
        Err(_closed) => {}
    }
    let history = alice.ok("get-messages", json!({ "roomId": "general" })).await;
    assert_eq!(history["messages"], json!([]));
}

#[tokio::test]
async fn a_text_over_the_limit_is_too_large() {
    let (_server, [alice]) = people(["alice"]).await;
    public_room(&alice, "general", &[]).await;
    let send = |content: String| json!({ "roomId": "general", "content": content, "type": "text" });
    assert_eq!(alice.refused("send-message", send("x".repeat(16 * 1024 + 1))).await, "too_large");
    assert_eq!(alice.refused("send-message", send("x".repeat(4_001))).await, "too_large");
    alice.ok("send-message", send("x".repeat(4_000))).await;
    assert_eq!(alice.refused("send-message", send("x".repeat(100 * 1024))).await, "too_large");
}

#[tokio::test]
async fn an_unknown_event_is_unsupported() {
    let (_server, [alice]) = people(["alice"]).await;
    for name in ["no-such-event", "new-message", "Send-Message", "", "message", "disconnecting"] {
        let ids = [alice.ask(name, json!({})).await, alice.ask(name, json!(null)).await];
        for id in ids {
            let code = typed_refusal(&alice.ack(id).await).unwrap_or_else(|why| panic!("{name}: {why}"));
            assert_eq!(code.as_str(), "unsupported", "{name}");
        }
        alice.emit(name, json!({})).await;
    }
    assert_works(&alice).await;
    assert!(alice.acks().values().all(|acks| acks.len() == 1), "an event was answered twice");
}

async fn alive(client: &RawClient) -> bool {
    client.call("list-rooms", json!({ "scope": "mine" })).await["success"] == true
}

#[tokio::test]
async fn a_storm_of_garbage_leaves_others_alone() {
    let (server, [alice]) = people(["alice"]).await;
    let mallory = server.client("mallory").await;
    for kind in CommandKind::ALL {
        mallory.pipeline(kind.name(), malformed(*kind)).await;
    }
    assert!(alive(&alice).await);
}
