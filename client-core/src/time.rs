//! Time, as the shell tells it. The core has no clock of its own.

use roomcast_protocol::json::{FromJson, ToJson};
use roomcast_protocol::number::SAFE_END;
use serde::{Deserialize, Serialize};

/// A moment of the shell's monotonic clock, in milliseconds from an origin of its choice.
pub type Millis = u64;

/// What the clocks say when an input is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToJson, FromJson)]
pub struct Now {
    /// The monotonic clock; every deadline is measured on it.
    pub mono_ms: Millis,
    /// The wall clock, milliseconds since the Unix epoch; only for what people see and for ids.
    pub wall_ms: u64,
}

/// The latest time that was told. Steps backwards are clamped: time stands still until it is overtaken.
#[derive(Debug, Clone)]
pub(crate) struct Clock(Now);

impl Clock {
    pub(crate) fn new(now: Now) -> Self {
        let mut clock = Self(Now::default());
        clock.advance(now);
        clock
    }

    /// Takes the time of an input and gives back the one to work with.
    pub(crate) fn advance(&mut self, now: Now) -> Now {
        // Bounded, so that a deadline can always be put after now.
        self.0.mono_ms = self.0.mono_ms.max(now.mono_ms.min(SAFE_END));
        self.0.wall_ms = self.0.wall_ms.max(now.wall_ms.min(SAFE_END - 1));
        self.0
    }

    pub(crate) const fn now(&self) -> Now {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_backwards_are_clamped() {
        let mut clock = Clock::new(Now { mono_ms: 10, wall_ms: 100 });
        assert_eq!(clock.advance(Now { mono_ms: 5, wall_ms: 120 }), Now { mono_ms: 10, wall_ms: 120 });
        assert_eq!(clock.advance(Now { mono_ms: 11, wall_ms: 90 }), Now { mono_ms: 11, wall_ms: 120 });
    }
}
