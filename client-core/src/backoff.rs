//! How long to wait before trying again.

use crate::{random::Random, time::Millis};

/// Exponential, with full jitter: ten thousand clients that lost one server must not come back in step.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first_ms: Millis,
    most_ms: Millis,
    attempts: u32,
}

impl Backoff {
    pub(crate) const fn new(first_ms: Millis, most_ms: Millis) -> Self {
        Self { first_ms, most_ms, attempts: 0 }
    }

    /// How many pauses there were since the last success.
    pub(crate) const fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(crate) const fn reset(&mut self) {
        self.attempts = 0;
    }

    /// The next pause: anything up to a ceiling that doubles each time.
    pub(crate) fn pause_ms(&mut self, random: &mut Random) -> Millis {
        let ceiling = self.next_ceiling();
        random.up_to(ceiling)
    }

    /// The next pause, of at least half its ceiling: for what nobody waits for.
    pub(crate) fn long_pause_ms(&mut self, random: &mut Random) -> Millis {
        let ceiling = self.next_ceiling();
        ceiling / 2 + random.up_to(ceiling - ceiling / 2)
    }

    fn next_ceiling(&mut self) -> Millis {
        let ceiling = self.first_ms.saturating_mul(1 << self.attempts.min(20)).min(self.most_ms);
        self.attempts = self.attempts.saturating_add(1);
        ceiling
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_spread_and_stay_below_the_ceiling() {
        let mut random = Random::new(1);
        let mut backoff = Backoff::new(500, 30_000);
        let pauses: Vec<_> = (0..40).map(|_| backoff.pause_ms(&mut random)).collect();
        assert!(pauses[0] <= 500 && pauses.iter().all(|ms| *ms <= 30_000));
        assert!(pauses.iter().any(|ms| *ms > 15_000));
    }
}
