//! The life of the connection: one socket at a time, from wish to refusal.
//!
//! This is bookkeeping only: which socket counts, how far its handshake is, when it counts as dead and when the
//! next attempt is due. What is said on it is [`session`](crate::client)'s business.

use std::sync::Arc;

use roomcast_protocol::{handshake::Refusal, wire::Handshake};

use crate::{
    backoff::Backoff,
    input::{ConnId, Network},
    planted::{self, Bug},
    random::Random,
    time::Millis,
    view::{ConnectionView, Phase},
};

/// Bounds of what a server may say about its heartbeat, in milliseconds.
const HEARTBEAT_MS: (Millis, Millis) = (1_000, 300_000);

/// How far a socket is.
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Authorizing,
    Linked { conn: ConnId, stage: Stage },
    Waiting { until: Millis },
    Offline,
    Refused(Refusal),
}

/// Which deadline passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// The handshake took too long.
    Handshake(ConnId),
    /// Nothing was heard for too long.
    Silence(ConnId),
    /// The server asked us to go.
    Drain(ConnId),
    /// The pause between two attempts is over.
    Attempt,
}

/// The connection's state.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    state: State,
    wanted: bool,
    network: Network,
    next_conn: u64,
    backoff: Backoff,
    /// Of the socket: when its handshake must be done.
    handshake_by: Millis,
    /// Of the socket: when something was last heard, and how long silence may last.
    heard_at: Millis,
    silence_ms: Millis,
    drain_at: Option<Millis>,
    error: Option<Arc<str>>,
}

impl Connection {
    pub(crate) const fn new(reconnect_ms: (Millis, Millis)) -> Self {
        Self {
            state: State::Idle,
            wanted: false,
            network: Network::Online,
            next_conn: 0,
            backoff: Backoff::new(reconnect_ms.0, reconnect_ms.1),
            handshake_by: 0,
            heard_at: 0,
            silence_ms: HEARTBEAT_MS.1,
            drain_at: None,
            error: None,
        }
    }

    /// Whether waiting for a connection has an end in sight.
    pub(crate) const fn is_hopeful(&self) -> bool {
        self.wanted && !matches!(self.state, State::Refused(_))
    }

    /// The socket that counts.
    pub(crate) const fn conn(&self) -> Option<ConnId> {
        match self.state {
            State::Linked { conn, .. } => Some(conn),
            _ => None,
        }
    }

    /// The socket, once it can be used.
    pub(crate) const fn live(&self) -> Option<ConnId> {
        match self.state {
            State::Linked { conn, stage: Stage::Live } => Some(conn),
            _ => None,
        }
    }

    pub(crate) const fn stage(&self) -> Option<Stage> {
        match self.state {
            State::Linked { stage, .. } => Some(stage),
            _ => None,
        }
    }

    pub(crate) const fn is_authorizing(&self) -> bool {
        matches!(self.state, State::Authorizing)
    }

    /// Wants a connection; tells whether an attempt is to be made now.
    pub(crate) fn want(&mut self) -> bool {
        self.wanted = true;
        if matches!(self.state, State::Linked { .. } | State::Authorizing) && !planted::has(Bug::TwoConnections) {
            return false;
        }
        self.backoff.reset();
        self.may_attempt()
    }

    /// Wants none; gives back the socket to close.
    pub(crate) fn unwant(&mut self) -> Option<ConnId> {
        let conn = self.conn();
        self.wanted = false;
        self.state = State::Idle;
        (self.error, self.drain_at) = (None, None);
        self.backoff.reset();
        conn
    }

    /// The network came or went; tells whether an attempt is to be made now. A socket in use is left alone: it
    /// may well survive, and if not, silence tells.
    pub(crate) fn set_network(&mut self, network: Network) -> bool {
        self.network = network;
        match (network, self.state) {
            (Network::Offline, State::Waiting { .. }) => self.state = State::Offline,
            (Network::Online, State::Offline | State::Waiting { .. }) => {
                self.backoff.reset();
                return self.may_attempt();
            }
            _ => {}
        }
        false
    }

    /// Somebody looks: waiting is over. Tells whether an attempt is to be made now.
    pub(crate) fn hurry(&self) -> bool {
        matches!(self.state, State::Waiting { .. }) && self.may_attempt()
    }

    /// An attempt waits for a token.
    pub(crate) const fn authorize(&mut self) {
        self.state = State::Authorizing;
    }

    /// Something went wrong that ends nothing.
    pub(crate) fn note(&mut self, why: &str) {
        self.error = Some(Arc::from(why));
    }

    /// Begins with a new socket.
    pub(crate) fn open(&mut self, now: Millis, timeout_ms: Millis) -> ConnId {
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        self.state = State::Linked { conn, stage: Stage::Opening };
        (self.handshake_by, self.heard_at, self.silence_ms) = (now + timeout_ms, now, HEARTBEAT_MS.1);
        self.drain_at = None;
        conn
    }

    /// Goes on to a later stage of the handshake.
    pub(crate) fn advance(&mut self, to: Stage) {
        if let State::Linked { stage, .. } = &mut self.state {
            *stage = to;
        }
        if to == Stage::Live {
            self.error = None;
            self.backoff.reset();
        }
    }

    /// Takes the server's word on its heartbeat, within reason.
    pub(crate) fn set_heartbeat(&mut self, handshake: &Handshake) {
        let silence = handshake.ping_interval_ms.saturating_add(handshake.ping_timeout_ms);
        self.silence_ms = silence.clamp(HEARTBEAT_MS.0, HEARTBEAT_MS.1);
    }

    pub(crate) const fn heard(&mut self, now: Millis) {
        self.heard_at = now;
    }

    /// The server asks us to go to another node after a while.
    pub(crate) fn drain(&mut self, at: Millis) {
        self.drain_at = Some(at);
    }

    /// The socket is gone, for this reason. Plans the next attempt.
    pub(crate) fn lost(&mut self, why: &str, now: Millis, random: &mut Random) {
        let drained = self.drain_at.take().is_some();
        self.error = Some(Arc::from(why));
        self.state = match (self.wanted, self.network) {
            (false, _) => State::Idle,
            (true, Network::Offline) => State::Offline,
            (true, Network::Online) if planted::has(Bug::NoReconnect) => State::Offline,
            // Where the server spread its clients itself, there is nothing to wait for.
            (true, Network::Online) if drained => State::Waiting { until: now },
            (true, Network::Online) => State::Waiting { until: now + self.backoff.pause_ms(random) },
        };
    }

    /// Gives up until the user acts.
    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.state = State::Refused(refusal);
        self.error = Some(Arc::from(refusal.to_string()));
        self.drain_at = None;
    }

    /// The deadline that has passed, if any.
    pub(crate) fn due(&self, now: Millis) -> Option<Due> {
        self.next().filter(|(at, _)| *at <= now).map(|(_, due)| due)
    }

    /// The next deadline, and what it is about.
    pub(crate) fn next(&self) -> Option<(Millis, Due)> {
        match self.state {
            State::Linked { conn, stage } => {
                let silence = (self.heard_at + self.silence_ms, Due::Silence(conn));
                let handshake = (stage != Stage::Live).then_some((self.handshake_by, Due::Handshake(conn)));
                let drain = self.drain_at.map(|at| (at, Due::Drain(conn)));
                let silence = (!planted::has(Bug::SilenceBorne)).then_some(silence);
                [silence, handshake, drain].into_iter().flatten().min_by_key(|(at, _)| *at)
            }
            State::Waiting { until } => Some((until, Due::Attempt)),
            State::Idle | State::Authorizing | State::Offline | State::Refused(_) => None,
        }
    }

    pub(crate) fn view(&self) -> ConnectionView {
        let (phase, retry_at) = match self.state {
            State::Idle => (Phase::Idle, None),
            State::Authorizing => (Phase::Connecting, None),
            State::Linked { stage: Stage::Live, .. } if self.drain_at.is_some() => (Phase::Draining, None),
            State::Linked { stage: Stage::Live, .. } => (Phase::Connected, None),
            State::Linked { .. } => (Phase::Connecting, None),
            State::Waiting { until } => (Phase::Reconnecting, Some(until)),
            State::Offline => (Phase::Offline, None),
            State::Refused(refusal) => (Phase::Refused(refusal), None),
        };
        ConnectionView { phase, attempt: self.backoff.attempts(), retry_at, error: self.error.clone() }
    }

    fn may_attempt(&self) -> bool {
        self.wanted && self.network == Network::Online
    }
}
