//! By which transport the next attempt is made, and when to try for a better one.
//!
//! A WebSocket is tried first. One that never opens says little by itself: the server may be away. So the next
//! attempt, after the usual pause, goes by long polling; if that does not open either, nothing was wrong with
//! WebSockets, and they have their turn again. A server that is away costs no attempt more for it. Where polling
//! opens, WebSockets cannot be had here: later attempts begin with polling, until the network changes or the memory
//! is old. Where WebSockets were seen to work, more than one must fail before they are doubted.

use crate::{backoff::Backoff, config::Transports, effect::Transport, random::Random, time::Millis};

/// WebSockets that must fail in a row, where none has worked yet on this network.
const TRIES: u32 = 1;
/// The same where one has worked.
const TRIES_WHERE_PROVEN: u32 = 3;
/// How long it is remembered that only polling opens.
const REMEMBER_MS: Millis = 600_000;

/// What is known of the ways to the server.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    allowed: Transports,
    /// Whether a WebSocket has worked on this network.
    proven: bool,
    /// WebSockets in a row that never opened.
    failures: u32,
    /// Until when attempts begin with polling.
    polling_until: Option<Millis>,
    /// Between attempts to move up to a WebSocket.
    pauses: Backoff,
}

impl Route {
    pub(crate) const fn new(allowed: Transports, upgrade_ms: (Millis, Millis)) -> Self {
        let pauses = Backoff::new(upgrade_ms.0, upgrade_ms.1);
        Self { allowed, proven: false, failures: 0, polling_until: None, pauses }
    }

    /// What the next attempt is made by.
    pub(crate) fn next(&self, now: Millis) -> Transport {
        let tries = if self.proven { TRIES_WHERE_PROVEN } else { TRIES };
        match self.allowed {
            Transports::WebSocket => Transport::WebSocket,
            Transports::Polling => Transport::Polling,
            Transports::All if self.failures >= tries => Transport::Polling,
            Transports::All if self.polling_until.is_some_and(|until| until > now) => Transport::Polling,
            Transports::All => Transport::WebSocket,
        }
    }

    /// Whether another transport could stand in for this one.
    pub(crate) fn has_alternative(&self, transport: Transport) -> bool {
        self.allowed == Transports::All && transport == Transport::WebSocket
    }

    /// The session opened by this transport, or moved to it.
    pub(crate) fn opened(&mut self, transport: Transport, now: Millis) {
        self.failures = 0;
        match transport {
            Transport::WebSocket => {
                (self.proven, self.polling_until) = (true, None);
                self.pauses.reset();
            }
            Transport::Polling => self.polling_until = Some(now + REMEMBER_MS),
        }
    }

    /// An attempt by this transport ended before the session was open.
    pub(crate) const fn failed(&mut self, transport: Transport) {
        match transport {
            Transport::WebSocket => self.failures = self.failures.saturating_add(1),
            Transport::Polling => (self.failures, self.polling_until) = (0, None),
        }
    }

    /// Another network, maybe: nothing is known of it.
    pub(crate) const fn network_changed(&mut self) {
        (self.proven, self.failures, self.polling_until) = (false, 0, None);
        self.pauses.reset();
    }

    /// How long to wait before the next attempt to move up to a WebSocket; `None` where it is not wanted.
    pub(crate) fn upgrade_pause_ms(&mut self, random: &mut Random) -> Option<Millis> {
        (self.allowed == Transports::All).then(|| self.pauses.long_pause_ms(random))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route() -> Route {
        Route::new(Transports::All, (2_000, 300_000))
    }

    #[test]
    fn transports_take_turns_while_none_opens() {
        let mut route = route();
        let mut turns = Vec::new();
        for _ in 0..4 {
            turns.push(route.next(0));
            route.failed(route.next(0));
        }
        use Transport::{Polling, WebSocket};
        assert_eq!(turns, [WebSocket, Polling, WebSocket, Polling]);
    }

    #[test]
    fn where_websockets_have_worked_one_failure_is_no_proof() {
        let mut route = route();
        route.opened(Transport::WebSocket, 0);
        for _ in 0..3 {
            assert_eq!(route.next(0), Transport::WebSocket);
            route.failed(Transport::WebSocket);
        }
        assert_eq!(route.next(0), Transport::Polling);
    }

    #[test]
    fn polling_is_remembered_for_a_while_and_forgotten_with_the_network() {
        let mut route = route();
        route.failed(Transport::WebSocket);
        route.opened(Transport::Polling, 1_000);
        assert_eq!(route.next(REMEMBER_MS), Transport::Polling);
        assert_eq!(route.next(REMEMBER_MS + 1_000), Transport::WebSocket);
        route.network_changed();
        assert_eq!(route.next(2_000), Transport::WebSocket);
    }

    #[test]
    fn a_choice_of_the_application_is_kept() {
        for (allowed, transport) in
            [(Transports::WebSocket, Transport::WebSocket), (Transports::Polling, Transport::Polling)]
        {
            let mut route = Route::new(allowed, (2_000, 300_000));
            for _ in 0..5 {
                assert_eq!(route.next(0), transport);
                route.failed(transport);
            }
            assert_eq!(route.upgrade_pause_ms(&mut Random::new(1)), None);
        }
    }
}
