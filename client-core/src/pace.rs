//! Keeps sends below the server's limit, so that a burst is not refused in its middle.
//!
//! Sends are pipelined: if the server refuses one and takes the next, their order is lost. A client that knows the
//! limit need not run into it. A little stricter than the server, which lets a burst of
//! three seconds' worth pass: the user's other devices count, too.

use crate::time::Millis;

/// A burst may be so many seconds' worth of sends.
const BURST_SECONDS: u64 = 2;
/// Thousandths of a send, so that time and rate multiply without a fraction.
const ONE: u64 = 1_000;

/// A bucket of sends.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    per_second: u64,
    credit: u64,
    as_of: Millis,
    waiting: bool,
}

impl Pace {
    pub(crate) fn new(per_second: u64, now: Millis) -> Self {
        let per_second = per_second.clamp(1, 1_000_000);
        Self { per_second, credit: per_second * BURST_SECONDS * ONE, as_of: now, waiting: false }
    }

    /// Changes the rate; what is saved up stays, within the new bounds.
    pub(crate) fn set_rate(&mut self, per_second: u64, now: Millis) {
        self.refill(now);
        let saved = self.credit;
        let full = Self::new(per_second, now);
        *self = Self { credit: if saved == self.burst() { full.credit } else { saved.min(full.credit) }, ..full };
    }

    /// Whether a send may go now.
    pub(crate) fn allows(&mut self, now: Millis) -> bool {
        self.refill(now);
        self.waiting = self.credit < ONE;
        !self.waiting
    }

    /// A send goes.
    pub(crate) const fn spend(&mut self) {
        self.credit = self.credit.saturating_sub(ONE);
    }

    /// When the next send may go, if one was held back.
    pub(crate) fn deadline(&self, now: Millis) -> Option<Millis> {
        let missing = ONE.saturating_sub(self.credit).div_ceil(self.per_second);
        Some(self.as_of + missing).filter(|at| self.waiting && *at > now)
    }

    const fn burst(&self) -> u64 {
        self.per_second * BURST_SECONDS * ONE
    }

    fn refill(&mut self, now: Millis) {
        let earned = now.saturating_sub(self.as_of).saturating_mul(self.per_second);
        self.credit = self.credit.saturating_add(earned).min(self.burst());
        self.as_of = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let mut pace = Pace::new(10, 0);
        let mut sent = 0;
        for now in 0..=10_000 {
            while pace.allows(now) {
                pace.spend();
                sent += 1;
            }
            assert!(pace.deadline(now).is_some_and(|at| at > now && at <= now + 100));
        }
        assert_eq!(sent, 20 + 100);
    }
}
