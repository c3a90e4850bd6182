//! The client core, told nonsense in any order.

use roomcast_client_core::{
    Client, CloseReason, CommandId, Config, ConnId, Effect, Input, Method, Network, Now, OpId, Saved, Storage,
    StorageError, Target, Token, TokenError, TokenReq, Transport, UserCommand, Visibility,
};
use roomcast_protocol::{ClientId, Command, CommandKind, MessageId, RoomId, command::CreateRoom, model};

/// Longest run, in inputs.
const STEPS: usize = 256;

/// Frames that lead into a session, so that bytes reach what lies behind the handshake.
const OPENING: [&str; 3] = [
    r#"0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":131072}"#,
    r#"40{"sid":"s"}"#,
    r#"42["initial-state",{"epoch":"e","user":{"id":"u","name":"U"},"rooms":[{"id":"r","name":"R","visibility":"public","policy":{},"rev":3,"seq":1,"memberCount":2,"createdAt":1,"role":"member","readSeq":0,"unread":1,"mentions":0,"users":[],"typing":[],"receipts":[]}],"deltas":[],"presence":[],"limits":{},"serverTime":1}]"#,
];

/// Each line of the bytes is an input; its first byte says which. Whatever comes, the core answers every command at
/// most once and never asks for two things under one name.
///
/// # Panics
/// Where the core does, or where it answers twice.
pub fn core(data: &[u8]) {
    let mut now = Now { mono_ms: 0, wall_ms: 1_700_000_000_000 };
    let config = Config { storage: Storage::Durable, ..Config::default() };
    let mut client = Client::new(config, 7, now, Saved::default());
    let mut seen = Seen::default();
    client.handle(now, Input::Connect);
    seen.drain(&mut client);
    for (step, line) in data.split(|byte| *byte == b'\n').take(STEPS).enumerate() {
        let Some((kind, rest)) = line.split_first() else { continue };
        let text = String::from_utf8_lossy(rest).into_owned();
        let number = rest.first().copied().map_or(0, u64::from);
        let conn = ConnId(seen.conn);
        let input = match kind % 16 {
            0 => Input::Opened(conn),
            1 | 2 => Input::Frame(conn, text),
            3 => {
                let body = OPENING[usize::try_from(number).unwrap_or(0) % OPENING.len()].to_owned();
                match seen.transport {
                    Some(Transport::Polling) => Input::Response { conn, method: Method::Get, status: 200, body },
                    _ => Input::Frame(conn, body),
                }
            }
            4 => Input::Closed(conn, CloseReason(text)),
            5 => Input::Token { req: TokenReq(seen.token), result: Ok(Token(text)) },
            6 => Input::Token { req: TokenReq(seen.token), result: Err(TokenError(text)) },
            7 => Input::Stored { op: OpId(seen.op), result: Ok(()) },
            8 => Input::Stored { op: OpId(number), result: Err(StorageError(text)) },
            9 => Input::Network(if number % 2 == 0 { Network::Offline } else { Network::Online }),
            10 => Input::Visibility(if number % 2 == 0 { Visibility::Hidden } else { Visibility::Visible }),
            11 => {
                // Time may also step back.
                now.mono_ms = (now.mono_ms + number * 137).saturating_sub(500);
                now.wall_ms = now.wall_ms.wrapping_add(number);
                Input::Timeout
            }
            12 => {
                now.mono_ms = client.poll_timeout().map_or(now.mono_ms, |(at, _)| at.max(now.mono_ms));
                Input::Timeout
            }
            13 if number >= OF_THE_OUTBOX => {
                let command = of_the_outbox(number, text.get(1..).unwrap_or_default());
                Input::Command { id: CommandId(step as u64), command }
            }
            13 => {
                let kind = CommandKind::ALL[usize::try_from(number).unwrap_or(0) % CommandKind::ALL.len()];
                let json = text.get(1..).unwrap_or_default();
                let Ok(command) = Command::decode(kind, json) else { continue };
                Input::Command { id: CommandId(step as u64), command: UserCommand::Request(Box::new(command)) }
            }
            14 if rest.len() > 1 => {
                let method = if number % 2 == 0 { Method::Get } else { Method::Post };
                let status = if number % 8 < 6 { 200 } else { 400 };
                Input::Response { conn, method, status, body: text[text.ceil_char_boundary(1)..].to_owned() }
            }
            14 => Input::Connect,
            _ => Input::Disconnect,
        };
        client.handle(now, input);
        seen.drain(&mut client);
    }
}

/// From here on a command's number means one that goes through the outbox.
const OF_THE_OUTBOX: u64 = 200;

/// Of the messages that there are, or of one that there is not.
fn of_the_outbox(number: u64, text: &str) -> UserCommand {
    let room_id = RoomId::parse("r").expect("a good id");
    let client_id = ClientId::parse("018bcfe5-7000-7000-8000-000000000000").expect("a good id");
    let target = match number % 2 {
        0 => Target::Pending(client_id.clone()),
        _ => Target::Message(MessageId::parse("018bcfe5-7000-7000-8000-000000000001").expect("a good id")),
    };
    let content = text.to_owned();
    match (number - OF_THE_OUTBOX) / 2 % 7 {
        0 => UserCommand::Edit { room_id, target, content },
        1 => UserCommand::Delete { room_id, target },
        2 => UserCommand::Retry(client_id),
        3 => UserCommand::Revise { client_id, content },
        4 => UserCommand::Discard(client_id),
        5 => UserCommand::LoadOlder { room_id, limit: number },
        _ => {
            let visibility = model::Visibility::Public;
            let (members, topic, policy) = (Vec::new(), None, None);
            let create = CreateRoom { room_id: None, name: content, visibility, members, topic, policy };
            UserCommand::CreateRoom(Box::new(create))
        }
    }
}

/// What the core asked for last, so that answers can fit, and what it has answered.
#[derive(Default)]
struct Seen {
    conn: u64,
    transport: Option<Transport>,
    token: u64,
    op: u64,
    resolved: Vec<CommandId>,
}

impl Seen {
    fn drain(&mut self, client: &mut Client) {
        while let Some(effect) = client.poll_effect() {
            match effect {
                Effect::Connect { conn, transport, .. } => {
                    self.transport = Some(transport);
                    assert!(conn.0 > self.conn || self.conn == 0, "a connection's name came twice");
                    self.conn = conn.0;
                }
                Effect::FetchToken { req, .. } => self.token = req.0,
                Effect::Persist(op) => self.op = op.id.0,
                Effect::Resolve { id, .. } => {
                    assert!(!self.resolved.contains(&id), "command {id:?} was answered twice");
                    self.resolved.push(id);
                }
                _ => {}
            }
        }
    }
}
