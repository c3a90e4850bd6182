//! One way to the server: how far its handshake is, and when it counts as dead.

use roomcast_protocol::wire::Handshake;

use super::polling::{Overdue, Polling};
use crate::{
    effect::Transport,
    input::ConnId,
    planted::{self, Bug},
    time::Millis,
};

/// Bounds of what a server may say about its heartbeat, in milliseconds.
const HEARTBEAT_MS: (Millis, Millis) = (1_000, 300_000);
/// A WebSocket that polling could stand in for is given up sooner: some networks swallow them.
const OPENING_MS: Millis = 5_000;

/// How far a link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// The Engine.IO session is not open.
    Opening,
    /// CONNECT is sent.
    Joining,
    /// CONNECT is answered, the initial state is not here.
    Entering,
    /// In use.
    Live,
}

/// What carries the packets.
#[derive(Debug, Clone)]
pub(crate) enum Carrier {
    WebSocket,
    Polling(Box<Polling>),
}

/// A link.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) conn: ConnId,
    pub(crate) stage: Stage,
    pub(crate) carrier: Carrier,
    /// Whether it was made while another was in use, so that what it resumes from may be old by now.
    pub(crate) beside: bool,
    /// When its handshake must be done.
    handshake_by: Millis,
    /// When the session must be open.
    open_by: Millis,
    /// When something was last heard, and how long silence may last.
    heard_at: Millis,
    silence_ms: Millis,
}

/// Why a link needs attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// The handshake took too long.
    Handshake,
    /// Nothing was heard for too long.
    Silence,
    /// Something about its requests.
    Polling(Overdue),
}

impl Link {
    pub(crate) const fn new(conn: ConnId, carrier: Carrier, now: Millis, timeout_ms: Millis) -> Self {
        let (handshake_by, silence_ms) = (now + timeout_ms, HEARTBEAT_MS.1);
        let stage = Stage::Opening;
        Self { conn, stage, carrier, beside: false, handshake_by, open_by: handshake_by, heard_at: now, silence_ms }
    }

    /// Another transport can be tried instead.
    pub(crate) fn hurry(&mut self, now: Millis) {
        self.open_by = self.open_by.min(now + OPENING_MS);
    }

    pub(crate) const fn transport(&self) -> Transport {
        match self.carrier {
            Carrier::WebSocket => Transport::WebSocket,
            Carrier::Polling(_) => Transport::Polling,
        }
    }

    /// The longest packet that it takes.
    pub(crate) const fn packet_bytes(&self) -> u64 {
        match &self.carrier {
            Carrier::WebSocket => u64::MAX,
            Carrier::Polling(polling) => polling.body_bytes(),
        }
    }

    pub(crate) fn polling(&mut self) -> Option<&mut Polling> {
        match &mut self.carrier {
            Carrier::WebSocket => None,
            Carrier::Polling(polling) => Some(polling),
        }
    }

    /// Whether it is this one, or the WebSocket that it may move to.
    pub(crate) fn is_tested_by(&self, conn: ConnId) -> bool {
        matches!(&self.carrier, Carrier::Polling(polling) if polling.upgrade.conn() == Some(conn))
    }

    /// Takes the server's word on its heartbeat, within reason.
    pub(crate) fn opened(&mut self, handshake: &Handshake) {
        let silence = handshake.ping_interval_ms.saturating_add(handshake.ping_timeout_ms);
        self.silence_ms = silence.clamp(HEARTBEAT_MS.0, HEARTBEAT_MS.1);
        if let Some(polling) = self.polling() {
            polling.opened(handshake);
        }
    }

    pub(crate) const fn heard(&mut self, now: Millis) {
        self.heard_at = now;
    }

    /// What is due next.
    pub(crate) fn next(&self) -> (Millis, Need) {
        let borne = planted::has(Bug::SilenceBorne);
        let silence = (if borne { Millis::MAX } else { self.heard_at + self.silence_ms }, Need::Silence);
        let handshake = match self.stage {
            Stage::Opening => Some((self.open_by, Need::Handshake)),
            Stage::Joining | Stage::Entering => Some((self.handshake_by, Need::Handshake)),
            Stage::Live => None,
        };
        let polling = match &self.carrier {
            Carrier::Polling(polling) => polling.deadline().map(|(at, overdue)| (at, Need::Polling(overdue))),
            Carrier::WebSocket => None,
        };
        [handshake, polling].into_iter().flatten().fold(
            silence,
            |soonest, other| {
                if other.0 < soonest.0 { other } else { soonest }
            },
        )
    }
}
