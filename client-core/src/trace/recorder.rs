//! Writes down what happens, as it happens.

use std::collections::VecDeque;

use roomcast_protocol::json::{
    Encode, FromJson, ToJson,
    small::{Malformed, Reader},
};
use serde::{Deserialize, Serialize};

use super::{FORMAT, Redaction, Tracing, redact::Redactor};
use crate::{
    config::{Config, Saved},
    effect::{Effect, Method, OpId},
    input::{
        CloseReason, CommandId, ConnId, Input, Network, StorageError, Token, TokenError, TokenReq, UserCommand,
        Visibility,
    },
    time::Now,
};

/// The first line: what the core was made with.
#[derive(Debug, Serialize, Deserialize, ToJson, FromJson)]
pub(super) struct Header {
    pub(super) trace: u32,
    pub(super) redaction: Redaction,
    pub(super) config: Config,
    pub(super) seed: u64,
    pub(super) now: Now,
    pub(super) saved: Saved,
}

/// An input as it is written.
#[derive(Debug, Serialize, Deserialize, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
pub(super) enum Recorded {
    Connect,
    Disconnect,
    Command { id: CommandId, command: UserCommand },
    Opened { conn: ConnId },
    Frame { conn: ConnId, frame: String },
    Response { conn: ConnId, method: Method, status: u16, body: String },
    Closed { conn: ConnId, why: String },
    Token { req: TokenReq, token: String },
    NoToken { req: TokenReq, why: String },
    Stored { op: OpId },
    NotStored { op: OpId, why: String },
    Network { online: bool },
    Visibility { visible: bool },
    Timeout,
}

impl From<&Input> for Recorded {
    fn from(input: &Input) -> Self {
        match input {
            Input::Connect => Self::Connect,
            Input::Disconnect => Self::Disconnect,
            Input::Command { id, command } => Self::Command { id: *id, command: command.clone() },
            Input::Opened(conn) => Self::Opened { conn: *conn },
            Input::Frame(conn, frame) => Self::Frame { conn: *conn, frame: frame.clone() },
            Input::Response { conn, method, status, body } => {
                Self::Response { conn: *conn, method: *method, status: *status, body: body.clone() }
            }
            Input::Closed(conn, CloseReason(why)) => Self::Closed { conn: *conn, why: why.clone() },
            Input::Token { req, result: Ok(Token(token)) } => Self::Token { req: *req, token: token.clone() },
            Input::Token { req, result: Err(TokenError(why)) } => Self::NoToken { req: *req, why: why.clone() },
            Input::Stored { op, result: Ok(()) } => Self::Stored { op: *op },
            Input::Stored { op, result: Err(StorageError(why)) } => Self::NotStored { op: *op, why: why.clone() },
            Input::Network(network) => Self::Network { online: *network == Network::Online },
            Input::Visibility(visibility) => Self::Visibility { visible: *visibility == Visibility::Visible },
            Input::Timeout => Self::Timeout,
        }
    }
}

impl From<Recorded> for Input {
    fn from(recorded: Recorded) -> Self {
        match recorded {
            Recorded::Connect => Self::Connect,
            Recorded::Disconnect => Self::Disconnect,
            Recorded::Command { id, command } => Self::Command { id, command },
            Recorded::Opened { conn } => Self::Opened(conn),
            Recorded::Frame { conn, frame } => Self::Frame(conn, frame),
            Recorded::Response { conn, method, status, body } => Self::Response { conn, method, status, body },
            Recorded::Closed { conn, why } => Self::Closed(conn, CloseReason(why)),
            Recorded::Token { req, token } => Self::Token { req, result: Ok(Token(token)) },
            Recorded::NoToken { req, why } => Self::Token { req, result: Err(TokenError(why)) },
            Recorded::Stored { op } => Self::Stored { op, result: Ok(()) },
            Recorded::NotStored { op, why } => Self::Stored { op, result: Err(StorageError(why)) },
            Recorded::Network { online } => Self::Network(if online { Network::Online } else { Network::Offline }),
            Recorded::Visibility { visible } => {
                Self::Visibility(if visible { Visibility::Visible } else { Visibility::Hidden })
            }
            Recorded::Timeout => Self::Timeout,
        }
    }
}

/// An input in the form of a recording: how it comes from where Rust is not spoken.
impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Recorded::deserialize(deserializer).map(Self::from)
    }
}

impl FromJson<'_> for Input {
    fn blank() -> Self {
        Self::Timeout
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        *self = Recorded::take(reader)?.into();
        Ok(())
    }
}

/// The last line of a recording that nobody took away in time: one with a hole would replay to something else.
#[derive(Debug, Serialize, Deserialize, ToJson, FromJson)]
pub(super) struct Cut {
    pub(super) cut: String,
}

/// Lines on their way to the shell.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    redactor: Redactor,
    most_bytes: usize,
    lines: VecDeque<String>,
    bytes: usize,
    begun: Option<String>,
    ended: bool,
}

impl Recorder {
    pub(crate) fn begin(tracing: Tracing, config: &Config, seed: u64, now: Now, saved: &Saved) -> Self {
        let (config, saved) = (config.clone(), saved.clone());
        let header = Header { trace: FORMAT, redaction: tracing.redaction, config, seed, now, saved };
        let mut recorder = Self {
            redactor: Redactor::new(tracing.redaction),
            most_bytes: tracing.buffer_bytes,
            lines: VecDeque::new(),
            bytes: 0,
            begun: None,
            ended: false,
        };
        let header = recorder.redactor.redact(&json(&header));
        recorder.push(header);
        recorder
    }

    /// The first half of a line, before the core takes the input.
    pub(crate) fn input(&mut self, now: Now, input: &Input) {
        if !self.ended {
            let input = self.redactor.redact(&json(&Recorded::from(input)));
            self.begun = Some(format!(r#"{{"at":{},"input":{input},"effects":["#, json(&now)));
        }
    }

    /// The second half: what the input led to.
    pub(crate) fn effects<'a>(&mut self, effects: impl Iterator<Item = &'a Effect>) {
        let Some(mut line) = self.begun.take() else { return };
        for (place, effect) in effects.enumerate() {
            if place > 0 {
                line.push(',');
            }
            line.push_str(&self.redactor.redact(&json(effect)));
        }
        line.push_str("]}");
        self.push(line);
    }

    pub(crate) fn poll(&mut self) -> Option<String> {
        let line = self.lines.pop_front()?;
        self.bytes -= line.len();
        Some(line)
    }

    fn push(&mut self, mut line: String) {
        if self.bytes + line.len() > self.most_bytes {
            line = json(&Cut { cut: "the lines were not taken away in time".to_owned() });
            self.ended = true;
        }
        self.bytes += line.len();
        self.lines.push_back(line);
    }
}

/// One line of JSON.
#[cfg(not(test))]
pub(super) fn json(value: &impl Encode) -> String {
    roomcast_protocol::json::to_string(value).expect("keys are strings and no serializer here fails")
}

/// Every test records: whatever one tells a core or is told is written alike in a browser.
#[cfg(test)]
pub(super) fn json(value: &(impl Encode + ToJson)) -> String {
    let text = roomcast_protocol::json::to_string(value).expect("keys are strings and no serializer here fails");
    assert_eq!(roomcast_protocol::json::small::to_string(value).as_ref(), Ok(&text));
    text
}
