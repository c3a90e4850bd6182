//! A session that is carried by HTTP: one request to read and one to write at a time, so that the order is kept.
//!
//! Beside it a WebSocket may be tested, to which the session moves once it has answered (Engine.IO's probe). From
//! that answer on no new request is made; when those under way are answered the session moves, so nothing is on two
//! ways at once and nothing is lost or overtaken.

use std::collections::VecDeque;

use roomcast_protocol::wire::{Handshake, SEPARATOR};

use crate::{effect::Method, input::ConnId, time::Millis};

/// Most bytes of a body where the server does not say.
const BODY_BYTES: u64 = 100_000;
/// From the wish for a WebSocket to the session's move.
const UPGRADE_MS: Millis = 5_000;
/// After a body that brought nothing: a server that is about to move the session answers at once, again and again.
const REST_MS: Millis = 100;

/// How far the move to a WebSocket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upgrade {
    /// Not wanted, or not offered.
    Never,
    /// To be tried.
    At(Millis),
    /// The WebSocket was asked for.
    Opening { conn: ConnId, by: Millis },
    /// It is open, and asked whether it works.
    Probing { conn: ConnId, by: Millis },
    /// It works: the session moves when no request is under way.
    Moving { conn: ConnId, by: Millis },
}

impl Upgrade {
    /// The WebSocket that is being tested.
    pub(crate) const fn conn(self) -> Option<ConnId> {
        match self {
            Self::Never | Self::At(_) => None,
            Self::Opening { conn, .. } | Self::Probing { conn, .. } | Self::Moving { conn, .. } => Some(conn),
        }
    }

    /// When it is due, or has taken too long.
    pub(crate) const fn due_at(self) -> Option<Millis> {
        match self {
            Self::Never => None,
            Self::At(at) => Some(at),
            Self::Opening { by, .. } | Self::Probing { by, .. } | Self::Moving { by, .. } => Some(by),
        }
    }
}

/// A request to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path_and_query: String,
    pub(crate) body: String,
}

/// The state of such a session.
#[derive(Debug, Clone)]
pub(crate) struct Polling {
    path: String,
    sid: Option<String>,
    upgradable: bool,
    body_bytes: u64,
    queue: VecDeque<String>,
    reading: bool,
    rest_until: Option<Millis>,
    /// A request to write is under way, and must be answered by then.
    written_by: Option<Millis>,
    pub(crate) upgrade: Upgrade,
}

impl Polling {
    pub(crate) const fn new(path: String) -> Self {
        Self {
            path,
            sid: None,
            upgradable: false,
            body_bytes: BODY_BYTES,
            queue: VecDeque::new(),
            reading: false,
            rest_until: None,
            written_by: None,
            upgrade: Upgrade::Never,
        }
    }

    /// The server opened the session.
    pub(crate) fn opened(&mut self, handshake: &Handshake) {
        self.sid = Some(handshake.sid.clone());
        self.body_bytes = handshake.max_payload_bytes.unwrap_or(BODY_BYTES);
        self.upgradable = handshake.upgrades.iter().any(|upgrade| upgrade == "websocket");
    }

    /// Whether the server would let the session move.
    pub(crate) const fn is_upgradable(&self) -> bool {
        self.upgradable
    }

    /// The longest body that the server takes.
    pub(crate) const fn body_bytes(&self) -> u64 {
        self.body_bytes
    }

    pub(crate) fn queue(&mut self, frame: String) {
        self.queue.push_back(frame);
    }

    /// A body was read. Tells whether it was waited for; a second answer to one request is none.
    pub(crate) const fn has_read(&mut self) -> bool {
        std::mem::replace(&mut self.reading, false)
    }

    /// What was read held nothing.
    pub(crate) const fn rest(&mut self, now: Millis) {
        self.rest_until = Some(now + REST_MS);
    }

    /// The pause is over.
    pub(crate) const fn rested(&mut self) {
        self.rest_until = None;
    }

    /// What was written has arrived.
    pub(crate) const fn has_written(&mut self) {
        self.written_by = None;
    }

    /// The next request to make, if it may be made now.
    pub(crate) fn next_call(&mut self, now: Millis, timeout_ms: Millis) -> Option<Call> {
        if matches!(self.upgrade, Upgrade::Moving { .. }) {
            return None;
        }
        self.rest_until = self.rest_until.filter(|until| *until > now);
        if !self.reading && self.rest_until.is_none() {
            self.reading = true;
            return Some(self.call(Method::Get, String::new()));
        }
        if self.written_by.is_some() || self.queue.is_empty() || self.sid.is_none() {
            return None;
        }
        self.written_by = Some(now + timeout_ms);
        let body = self.next_body();
        Some(self.call(Method::Post, body))
    }

    /// The last request of the session: it ends it, and says goodbye before that where it is wanted.
    pub(crate) fn last_call(&self, goodbye: Option<&str>) -> Option<Call> {
        self.sid.as_ref()?;
        let body = goodbye.map_or_else(|| "1".to_owned(), |goodbye| format!("{goodbye}{SEPARATOR}1"));
        Some(self.call(Method::Post, body))
    }

    /// Begins to test a WebSocket; gives its path.
    pub(crate) fn begin_upgrade(&mut self, conn: ConnId, now: Millis) -> String {
        self.upgrade = Upgrade::Opening { conn, by: now + UPGRADE_MS };
        self.query("websocket")
    }

    /// The WebSocket is open; tells whether to ask it.
    pub(crate) fn upgrade_opened(&mut self) -> bool {
        let Upgrade::Opening { conn, by } = self.upgrade else { return false };
        self.upgrade = Upgrade::Probing { conn, by };
        true
    }

    /// The WebSocket works.
    pub(crate) const fn upgrade_works(&mut self) {
        if let Upgrade::Probing { conn, by } = self.upgrade {
            self.upgrade = Upgrade::Moving { conn, by };
        }
    }

    /// Moves, if nothing is under way any more: gives the WebSocket and what waits to be written.
    pub(crate) fn moved(&mut self) -> Option<(ConnId, VecDeque<String>)> {
        let Upgrade::Moving { conn, .. } = self.upgrade else { return None };
        (!self.reading && self.written_by.is_none()).then(|| (conn, std::mem::take(&mut self.queue)))
    }

    /// When something of its own is due.
    pub(crate) fn deadline(&self) -> Option<(Millis, Overdue)> {
        let rest = self.rest_until.filter(|_| !self.reading).map(|at| (at, Overdue::Rest));
        let written = self.written_by.map(|at| (at, Overdue::Write));
        let upgrade = self.upgrade.due_at().map(|at| (at, Overdue::Upgrade));
        [rest, written, upgrade].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// As many frames as one body holds; one at least.
    fn next_body(&mut self) -> String {
        let mut body = self.queue.pop_front().unwrap_or_default();
        while let Some(next) = self.queue.front()
            && (body.len() + SEPARATOR.len_utf8() + next.len()) as u64 <= self.body_bytes
        {
            body.push(SEPARATOR);
            body.push_str(next);
            self.queue.pop_front();
        }
        body
    }

    fn call(&self, method: Method, body: String) -> Call {
        Call { method, path_and_query: self.query("polling"), body }
    }

    fn query(&self, transport: &str) -> String {
        let query = format!("{}?EIO=4&transport={transport}", self.path);
        self.sid.as_ref().map_or(query.clone(), |sid| format!("{query}&sid={}", escape(sid)))
    }
}

/// What of such a session is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// The pause before the next request to read is over.
    Rest,
    /// A request to write takes too long.
    Write,
    /// A move to a WebSocket is to be begun, or takes too long.
    Upgrade,
}

/// The id is the server's word: it must not become another parameter.
fn escape(sid: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    sid.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> Polling {
        let mut polling = Polling::new("/socket.io/".to_owned());
        let first = polling.next_call(0, 10).expect("the session is asked for");
        assert_eq!((first.method, first.path_and_query.as_str()), (Method::Get, "/socket.io/?EIO=4&transport=polling"));
        polling.opened(&Handshake {
            sid: "a&b".to_owned(),
            upgrades: vec!["websocket".to_owned()],
            ping_interval_ms: 1,
            ping_timeout_ms: 1,
            max_payload_bytes: Some(10),
        });
        assert!(polling.has_read());
        polling
    }

    #[test]
    fn one_request_to_read_and_one_to_write_at_a_time() {
        let mut polling = open();
        for frame in ["4abc", "4def", "4ghi"] {
            polling.queue(frame.to_owned());
        }
        let read = polling.next_call(0, 10).expect("a request");
        assert_eq!(read.path_and_query, "/socket.io/?EIO=4&transport=polling&sid=a%26b");
        let write = polling.next_call(0, 10).expect("a request");
        assert_eq!((write.method, write.body.as_str()), (Method::Post, "4abc\u{1e}4def"));
        assert_eq!(polling.next_call(0, 10), None);
        polling.has_written();
        assert_eq!(polling.next_call(0, 10).expect("a request").body, "4ghi");
        assert!(polling.has_read() && !polling.has_read(), "an answer counts once");
    }

    #[test]
    fn the_session_moves_when_nothing_is_under_way() {
        let mut polling = open();
        polling.queue("41".to_owned());
        assert!(polling.next_call(0, 10).is_some() && polling.next_call(0, 10).is_some());
        assert_eq!(polling.begin_upgrade(ConnId(7), 0), "/socket.io/?EIO=4&transport=websocket&sid=a%26b");
        assert!(polling.upgrade_opened());
        polling.upgrade_works();
        polling.queue("42".to_owned());
        assert!(polling.moved().is_none());
        polling.has_read();
        assert_eq!((polling.moved(), polling.next_call(0, 10)), (None, None));
        polling.has_written();
        assert_eq!(polling.moved(), Some((ConnId(7), VecDeque::from(["42".to_owned()]))));
    }

    #[test]
    fn nothing_read_is_followed_by_a_rest() {
        let mut polling = open();
        polling.rest(0);
        assert_eq!(polling.next_call(99, 10), None);
        assert!(polling.next_call(100, 10).is_some());
    }
}
