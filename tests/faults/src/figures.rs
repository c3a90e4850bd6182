//! Counts, and how long deliveries took.

use std::{collections::BTreeMap, fmt, time::Duration};

use crate::book::Label;

/// Whether sender and receiver were on the same node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// They were.
    Local,
    /// They were not.
    Across,
}

/// What a run counts.
#[derive(Debug, Default)]
pub struct Figures {
    /// How long deliveries took to those who were connected all the time, by what was broken when they were posted.
    pub took: BTreeMap<(Label, Way), Vec<Duration>>,
    /// Messages told to devices.
    pub deliveries: u64,
    /// Connections made after a device's first.
    pub reconnects: u64,
    /// Rooms that were taken anew.
    pub resets: u64,
    /// How often each fault struck.
    pub faults: BTreeMap<String, u64>,
    /// Actions that were refused or failed, by code.
    pub refusals: BTreeMap<String, u64>,
    /// Actions that succeeded, by kind.
    pub done: BTreeMap<&'static str, u64>,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} deliveries, {} reconnects, {} resets", self.deliveries, self.reconnects, self.resets)?;
        writeln!(f, "done: {:?}", self.done)?;
        writeln!(f, "refused: {:?}", self.refusals)?;
        writeln!(f, "faults: {:?}", self.faults)?;
        writeln!(f, "{:<24}{:>8}{:>10}{:>10}{:>10}   (ms from post to delivery)", "while", "n", "p50", "p99", "max")?;
        for ((label, way), took) in &self.took {
            let mut took = took.clone();
            took.sort_unstable();
            let at = |percent: usize| took[(took.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
            let name = format!("{label} {}", if *way == Way::Local { "local" } else { "across" });
            writeln!(f, "{name:<24}{:>8}{:>10.1}{:>10.1}{:>10.1}", took.len(), at(50), at(99), at(100))?;
        }
        Ok(())
    }
}

impl Figures {
    /// Counts one.
    pub fn count(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }
}
