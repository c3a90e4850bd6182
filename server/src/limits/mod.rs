//! Rates: how much one connection, user, room or address may do in a second.

use std::{net::IpAddr, num::NonZeroU32};

use governor::{
    DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use roomcast_protocol::{RoomId, UserId};

/// A rate and how far it may be passed for a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many a second.
    pub per_second: u32,
    /// So many at once.
    pub burst: u32,
}

impl Rate {
    fn quota(self) -> Quota {
        let at_least_one = |n: u32| NonZeroU32::new(n.max(1)).expect("one or more");
        Quota::per_second(at_least_one(self.per_second)).allow_burst(at_least_one(self.burst))
    }
}

/// The rates in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Events of one connection.
    pub inbound: Rate,
    /// Messages of one user, on all nodes together.
    pub sends: Rate,
    /// Messages of one room.
    pub room_sends: Rate,
    /// Handshakes of one address (IPv6: of one /64).
    pub handshakes: Rate,
    /// Connections of one user to one node; to all nodes together, twice as many.
    pub connections_per_user: usize,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            inbound: Rate { per_second: 30, burst: 60 },
            sends: Rate { per_second: 10, burst: 30 },
            room_sends: Rate { per_second: 200, burst: 400 },
            handshakes: Rate { per_second: 10, burst: 50 },
            connections_per_user: 10,
        }
    }
}

/// Over a rate: try again after so many milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooFast {
    /// Milliseconds until the next is allowed.
    pub retry_after_ms: u64,
}

/// The rates of everything that is shared between connections; `None` inside = switched off.
#[derive(Debug)]
pub struct Quotas {
    on: Option<Shared>,
}

#[derive(Debug)]
struct Shared {
    rates: Rates,
    sends: DefaultKeyedRateLimiter<UserId>,
    room_sends: DefaultKeyedRateLimiter<RoomId>,
    handshakes: DefaultKeyedRateLimiter<IpAddr>,
}

impl Quotas {
    /// Quotas at these rates; without any where there are none.
    #[must_use]
    pub fn new(rates: Option<Rates>) -> Self {
        let on = rates.map(|rates| Shared {
            rates,
            sends: RateLimiter::keyed(rates.sends.quota()),
            room_sends: RateLimiter::keyed(rates.room_sends.quota()),
            handshakes: RateLimiter::keyed(rates.handshakes.quota()),
        });
        Self { on }
    }

    /// Counts a message of a user who is on so many nodes, this one among them: on each they have their share.
    ///
    /// # Errors
    /// [`TooFast`]
    pub fn send(&self, user: &UserId, room: &RoomId, nodes: usize) -> Result<(), TooFast> {
        let Some(shared) = &self.on else { return Ok(()) };
        let burst = shared.rates.sends.burst.max(1);
        let cost = u32::try_from(nodes).unwrap_or(u32::MAX).clamp(1, burst);
        let cost = NonZeroU32::new(cost).expect("one or more");
        match shared.sends.check_key_n(user, cost) {
            Ok(enough) => enough.map_err(|not_until| wait(&not_until))?,
            Err(_) => unreachable!("no message costs more than the burst"),
        }
        shared.room_sends.check_key(room).map_err(|not_until| wait(&not_until))
    }

    /// Counts a handshake.
    ///
    /// # Errors
    /// [`TooFast`]
    pub fn handshake(&self, address: IpAddr) -> Result<(), TooFast> {
        let Some(shared) = &self.on else { return Ok(()) };
        shared.handshakes.check_key(&network(address)).map_err(|not_until| wait(&not_until))
    }

    /// Whether a user with so many connections to this node, and so many to others, may have one more. Elsewhere there
    /// may be as many again: those on a node that has died count until its lease is over, and must lock nobody out.
    #[must_use]
    pub fn may_connect(&self, here: usize, elsewhere: usize) -> bool {
        let most = self.on.as_ref().map_or(usize::MAX, |shared| shared.rates.connections_per_user);
        here < most && here.saturating_add(elsewhere) < most.saturating_mul(2)
    }

    /// A limiter for one connection's events.
    #[must_use]
    pub fn inbound(&self) -> Inbound {
        Inbound(self.on.as_ref().map(|shared| RateLimiter::direct(shared.rates.inbound.quota())))
    }

    /// Forgets those who have been quiet long enough to have all their rate back.
    pub fn forget_idle(&self) {
        if let Some(shared) = &self.on {
            shared.sends.retain_recent();
            shared.room_sends.retain_recent();
            shared.handshakes.retain_recent();
        }
    }
}

/// The rate of one connection's events.
#[derive(Debug)]
pub struct Inbound(Option<DefaultDirectRateLimiter>);

impl Inbound {
    /// Counts an event.
    ///
    /// # Errors
    /// [`TooFast`]
    pub fn check(&self) -> Result<(), TooFast> {
        match &self.0 {
            Some(limiter) => limiter.check().map_err(|not_until| wait(&not_until)),
            None => Ok(()),
        }
    }
}

/// A home has a whole /64 of IPv6: its addresses count as one.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        },
    }
}

fn wait(not_until: &governor::NotUntil<<DefaultClock as governor::clock::Clock>::Instant>) -> TooFast {
    let wait = not_until.wait_time_from(DefaultClock::default().now());
    TooFast { retry_after_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let quotas = Quotas::new(Some(Rates { sends: Rate { per_second: 1, burst: 3 }, ..Rates::default() }));
        let (user, room) = (UserId::parse("u").expect("an id"), RoomId::parse("r").expect("an id"));
        for _ in 0..3 {
            assert_eq!(quotas.send(&user, &room, 1), Ok(()));
        }
        let too_fast = quotas.send(&user, &room, 1).expect_err("the fourth at once");
        assert!((1..=1_000).contains(&too_fast.retry_after_ms), "{too_fast:?}");
        assert_eq!(Quotas::new(None).send(&user, &room, 1), Ok(()));
    }

    #[test]
    fn on_each_of_several_nodes_a_user_has_their_share() {
        let rates = Rates { sends: Rate { per_second: 1, burst: 30 }, ..Rates::default() };
        let (user, room) = (UserId::parse("u").expect("an id"), RoomId::parse("r").expect("an id"));
        for (nodes, share) in [(1, 30), (2, 15), (3, 10), (100, 1)] {
            let quotas = Quotas::new(Some(rates));
            let sent = (0..60).take_while(|_| quotas.send(&user, &room, nodes).is_ok()).count();
            assert_eq!(sent, share, "on {nodes} nodes");
        }
    }

    #[test]
    fn connections_count_on_all_nodes_and_a_dead_node_locks_nobody_out() {
        let quotas = Quotas::new(Some(Rates { connections_per_user: 10, ..Rates::default() }));
        assert!(quotas.may_connect(9, 0) && !quotas.may_connect(10, 0));
        assert!(quotas.may_connect(9, 10), "all ten may come back before their node's lease is over");
        assert!(!quotas.may_connect(5, 15) && !quotas.may_connect(0, 20));
        assert!(Quotas::new(None).may_connect(1_000, 1_000));
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let quotas = Quotas::new(Some(Rates { handshakes: Rate { per_second: 1, burst: 1 }, ..Rates::default() }));
        assert!(quotas.handshake("2001:db8::1".parse().expect("an address")).is_ok());
        assert!(quotas.handshake("2001:db8::2".parse().expect("an address")).is_err());
        assert!(quotas.handshake("2001:db8:0:1::1".parse().expect("an address")).is_ok());
    }
}
