//! The life of the connection: one link at a time, from wish to refusal, and a second one only to take its place.
//!
//! This is bookkeeping only: which link counts, how far its handshake is, when it counts as dead and when the next
//! attempt is due. What is said on it is [`session`](crate::client)'s business.
//!
//! While the server drains, the next link is made beside the one in use. It takes over at the moment at which it is
//! live; until then nothing of it is applied, from then on nothing of the old one.

use std::sync::Arc;

use roomcast_protocol::handshake::Refusal;

use crate::{
    backoff::Backoff,
    config::Config,
    effect::Transport,
    input::{ConnId, Network},
    planted::{self, Bug},
    random::Random,
    time::Millis,
    view::{ConnectionView, Phase},
};

mod link;
mod polling;
mod route;

pub(crate) use link::{Carrier, Link, Need, Stage};
pub(crate) use polling::{Call, Overdue, Polling, Upgrade};
pub(crate) use route::Route;

#[derive(Debug, Clone)]
enum State {
    Idle,
    Authorizing,
    Linked(Link),
    Waiting { until: Millis },
    Offline,
    Refused(Refusal),
}

/// The server's wish that we go.
#[derive(Debug, Clone)]
struct Drain {
    /// When it goes itself.
    deadline: Millis,
    successor: Successor,
    /// Whether a successor could not be had: then there is no hurry once the link is gone.
    failed: bool,
}

/// The link that is to take the place of the one in use.
#[derive(Debug, Clone)]
enum Successor {
    Due(Millis),
    Authorizing,
    Linked(Link),
}

/// What a transport connection is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The one that counts.
    Primary,
    /// The one that is to take its place.
    Successor,
}

/// Which deadline passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// A link needs something.
    Link(Role, Need),
    /// A successor is to be made.
    Successor,
    /// The draining server's patience is over.
    Drain,
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
    drain: Option<Drain>,
    error: Option<Arc<str>>,
    timeout_ms: Millis,
    pub(crate) route: Route,
}

impl Connection {
    pub(crate) const fn new(config: &Config) -> Self {
        Self {
            state: State::Idle,
            wanted: false,
            network: Network::Online,
            next_conn: 0,
            backoff: Backoff::new(config.reconnect_ms.0, config.reconnect_ms.1),
            drain: None,
            error: None,
            timeout_ms: if config.connect_timeout_ms == 0 { 1 } else { config.connect_timeout_ms },
            route: Route::new(config.transports, config.upgrade_ms),
        }
    }

    /// Whether waiting for a connection has an end in sight.
    pub(crate) const fn is_hopeful(&self) -> bool {
        self.wanted && !matches!(self.state, State::Refused(_))
    }

    /// The link, once it can be used.
    pub(crate) fn live(&self) -> Option<ConnId> {
        match &self.state {
            State::Linked(link) if link.stage == Stage::Live => Some(link.conn),
            _ => None,
        }
    }

    pub(crate) const fn is_authorizing(&self) -> bool {
        matches!(self.state, State::Authorizing)
    }

    /// Whether a successor waits for a token.
    pub(crate) const fn is_successor_authorizing(&self) -> bool {
        matches!(&self.drain, Some(Drain { successor: Successor::Authorizing, .. }))
    }

    /// What this transport connection is; `None` for one that does not count any more.
    pub(crate) fn role(&self, conn: ConnId) -> Option<Role> {
        [Role::Primary, Role::Successor].into_iter().find(|role| self.link(*role).is_some_and(|link| link.conn == conn))
    }

    /// The link that is testing this WebSocket.
    pub(crate) fn tested_by(&self, conn: ConnId) -> Option<Role> {
        let tests = |role: &Role| self.link(*role).is_some_and(|link| link.is_tested_by(conn));
        [Role::Primary, Role::Successor].into_iter().find(tests)
    }

    pub(crate) fn link(&self, role: Role) -> Option<&Link> {
        match (role, &self.state, &self.drain) {
            (Role::Primary, State::Linked(link), _)
            | (Role::Successor, _, Some(Drain { successor: Successor::Linked(link), .. })) => Some(link),
            _ => None,
        }
    }

    pub(crate) fn link_mut(&mut self, role: Role) -> Option<&mut Link> {
        match (role, &mut self.state, &mut self.drain) {
            (Role::Primary, State::Linked(link), _)
            | (Role::Successor, _, Some(Drain { successor: Successor::Linked(link), .. })) => Some(link),
            _ => None,
        }
    }

    pub(crate) fn stage(&self, role: Role) -> Option<Stage> {
        self.link(role).map(|link| link.stage)
    }

    /// Wants a connection; tells whether an attempt is to be made now.
    pub(crate) fn want(&mut self) -> bool {
        self.wanted = true;
        let linked = matches!(self.state, State::Linked(_) | State::Authorizing);
        if linked && !planted::has(Bug::TwoConnections) {
            return false;
        }
        self.backoff.reset();
        self.may_attempt()
    }

    /// Wants none; gives back the links to close, the one that counts first.
    pub(crate) fn unwant(&mut self) -> Vec<Link> {
        self.wanted = false;
        self.error = None;
        self.backoff.reset();
        self.end(State::Idle)
    }

    /// The network came or went; tells whether an attempt is to be made now. A link in use is left alone: it
    /// may well survive, and if not, silence tells.
    pub(crate) fn set_network(&mut self, network: Network) -> bool {
        let before = std::mem::replace(&mut self.network, network);
        if before != network {
            self.route.network_changed();
        }
        match (network, &self.state) {
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
    pub(crate) fn authorize(&mut self, role: Role) {
        match (role, &mut self.drain) {
            (Role::Primary, _) => self.state = State::Authorizing,
            (Role::Successor, Some(drain)) => drain.successor = Successor::Authorizing,
            (Role::Successor, None) => {}
        }
    }

    /// Something went wrong that ends nothing.
    pub(crate) fn note(&mut self, why: &str) {
        self.error = Some(Arc::from(why));
    }

    /// A name for a transport connection.
    pub(crate) const fn next_conn(&mut self) -> ConnId {
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        conn
    }

    /// Begins with a new link.
    pub(crate) fn open(&mut self, role: Role, path: &str, now: Millis) -> (ConnId, Transport) {
        let conn = self.next_conn();
        let transport = self.route.next(now);
        let carrier = match transport {
            Transport::WebSocket => Carrier::WebSocket,
            Transport::Polling => Carrier::Polling(Box::new(Polling::new(path.to_owned()))),
        };
        let mut link = Link::new(conn, carrier, now, self.timeout_ms);
        if self.route.has_alternative(transport) {
            link.hurry(now);
        }
        link.beside = role == Role::Successor;
        match (role, &mut self.drain) {
            (Role::Successor, Some(drain)) => drain.successor = Successor::Linked(link),
            _ => (self.state, self.drain) = (State::Linked(link), None),
        }
        (conn, transport)
    }

    /// Goes on to a later stage of the handshake.
    pub(crate) fn advance(&mut self, role: Role, to: Stage) {
        if let Some(link) = self.link_mut(role) {
            link.stage = to;
        }
        if to == Stage::Live {
            self.error = None;
            self.backoff.reset();
        }
    }

    /// The session of a link is open.
    pub(crate) fn opened(&mut self, role: Role, handshake: &roomcast_protocol::wire::Handshake, now: Millis) {
        let Some(link) = self.link_mut(role) else { return };
        link.opened(handshake);
        let transport = link.transport();
        self.route.opened(transport, now);
    }

    /// The link that counts has heard something that makes up for its silence.
    pub(crate) fn heard(&mut self, role: Role, now: Millis) {
        if let Some(link) = self.link_mut(role) {
            link.heard(now);
        }
    }

    /// The server asks us to go to another node after a while, and goes itself at the deadline.
    pub(crate) fn drain(&mut self, at: Millis, deadline: Millis) {
        if self.live().is_some() && self.drain.is_none() {
            self.drain = Some(Drain { deadline, successor: Successor::Due(at), failed: false });
        }
    }

    /// A successor could not be had; it is tried again after a pause, as long as the link in use lives.
    pub(crate) fn successor_failed(&mut self, why: &str, now: Millis, random: &mut Random) -> Option<Link> {
        let pause_ms = self.backoff.pause_ms(random).max(1);
        self.error = Some(Arc::from(why));
        let drain = self.drain.as_mut()?;
        drain.failed = true;
        match std::mem::replace(&mut drain.successor, Successor::Due(now + pause_ms)) {
            Successor::Linked(link) => {
                self.route_failed(&link);
                Some(link)
            }
            Successor::Due(_) | Successor::Authorizing => None,
        }
    }

    /// The successor takes over: gives back the link that was in use.
    pub(crate) fn take_over(&mut self) -> Option<Link> {
        let Some(Drain { successor: Successor::Linked(link), .. }) = self.drain.take() else { return None };
        match std::mem::replace(&mut self.state, State::Linked(link)) {
            State::Linked(old) => Some(old),
            _ => None,
        }
    }

    /// The link moved to another transport connection, within its session: gives back the old name.
    pub(crate) fn moved(&mut self, role: Role, conn: ConnId, now: Millis) -> Option<ConnId> {
        let link = self.link_mut(role)?;
        link.carrier = Carrier::WebSocket;
        let old = std::mem::replace(&mut link.conn, conn);
        self.route.opened(Transport::WebSocket, now);
        Some(old)
    }

    /// The link is gone, for this reason: gives it back. Plans the next attempt, unless a successor is on its way.
    pub(crate) fn lost(&mut self, why: &str, now: Millis, random: &mut Random) -> Option<Link> {
        self.error = Some(Arc::from(why));
        let drain = self.drain.take();
        let hurried = drain.as_ref().is_some_and(|drain| !drain.failed);
        let next = match drain.map(|drain| drain.successor) {
            Some(Successor::Linked(link)) => State::Linked(link),
            _ => match (self.wanted, self.network) {
                (false, _) => State::Idle,
                (true, Network::Offline) => State::Offline,
                (true, Network::Online) if planted::has(Bug::NoReconnect) => State::Offline,
                // Where the server spread its clients itself, there is nothing to wait for.
                (true, Network::Online) if hurried => State::Waiting { until: now },
                (true, Network::Online) => State::Waiting { until: now + self.backoff.pause_ms(random) },
            },
        };
        let State::Linked(link) = std::mem::replace(&mut self.state, next) else { return None };
        self.route_failed(&link);
        Some(link)
    }

    /// The link is given up for another attempt at once.
    pub(crate) fn give_up(&mut self, role: Role) -> Option<Link> {
        match role {
            Role::Primary => match std::mem::replace(&mut self.state, State::Authorizing) {
                State::Linked(link) => Some(link),
                _ => None,
            },
            Role::Successor => match std::mem::replace(&mut self.drain.as_mut()?.successor, Successor::Authorizing) {
                Successor::Linked(link) => Some(link),
                _ => None,
            },
        }
    }

    /// Gives up until the user acts; gives back the links to close.
    pub(crate) fn refuse(&mut self, refusal: Refusal) -> Vec<Link> {
        self.error = Some(Arc::from(refusal.to_string()));
        self.end(State::Refused(refusal))
    }

    /// The deadline that has passed, if any.
    pub(crate) fn due(&self, now: Millis) -> Option<Due> {
        self.next().filter(|(at, _)| *at <= now).map(|(_, due)| due)
    }

    /// The next deadline, and what it is about.
    pub(crate) fn next(&self) -> Option<(Millis, Due)> {
        let primary = match &self.state {
            State::Linked(link) => {
                let (at, need) = link.next();
                Some((at, Due::Link(Role::Primary, need)))
            }
            State::Waiting { until } => Some((*until, Due::Attempt)),
            State::Idle | State::Authorizing | State::Offline | State::Refused(_) => None,
        };
        let successor = self.drain.as_ref().and_then(|drain| match &drain.successor {
            Successor::Due(at) => Some((*at, Due::Successor)),
            Successor::Authorizing => None,
            Successor::Linked(link) => {
                let (at, need) = link.next();
                Some((at, Due::Link(Role::Successor, need)))
            }
        });
        let drain = self.drain.as_ref().map(|drain| (drain.deadline, Due::Drain));
        [primary, successor, drain].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    pub(crate) fn view(&self) -> ConnectionView {
        let (phase, retry_at) = match &self.state {
            State::Idle => (Phase::Idle, None),
            State::Authorizing => (Phase::Connecting, None),
            State::Linked(link) if link.stage == Stage::Live && self.drain.is_some() => (Phase::Draining, None),
            State::Linked(link) if link.stage == Stage::Live => (Phase::Connected, None),
            State::Linked(_) => (Phase::Connecting, None),
            State::Waiting { until } => (Phase::Reconnecting, Some(*until)),
            State::Offline => (Phase::Offline, None),
            State::Refused(refusal) => (Phase::Refused(*refusal), None),
        };
        let transport = self.link(Role::Primary).map(Link::transport);
        ConnectionView { phase, transport, attempt: self.backoff.attempts(), retry_at, error: self.error.clone() }
    }

    fn end(&mut self, state: State) -> Vec<Link> {
        let old = match std::mem::replace(&mut self.state, state) {
            State::Linked(link) => Some(link),
            _ => None,
        };
        let successor = match self.drain.take() {
            Some(Drain { successor: Successor::Linked(link), .. }) => Some(link),
            _ => None,
        };
        old.into_iter().chain(successor).collect()
    }

    /// A link that is gone before its session was open says something about its transport.
    const fn route_failed(&mut self, link: &Link) {
        if matches!(link.stage, Stage::Opening) {
            self.route.failed(link.transport());
        }
    }

    pub(crate) fn may_attempt(&self) -> bool {
        self.wanted && self.network == Network::Online
    }
}
