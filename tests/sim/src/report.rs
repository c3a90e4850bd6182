//! Runs seeds and counts what came of them.

use std::{collections::BTreeMap, fmt};

use crate::{
    check::Violation,
    fault::Kind,
    history::Traced,
    tally::{Ends, Tally},
    world::{Counts, World},
};

/// What came of a seed.
#[derive(Debug, Clone)]
pub struct Run {
    /// The seed.
    pub seed: u64,
    /// The number that two runs of it agree on.
    pub hash: u64,
    /// What was broken.
    pub violations: Vec<Violation>,
    /// What happened, where it was kept.
    pub lines: Vec<String>,
    counts: Counts,
    nodes: usize,
    commits: u64,
    frames: u64,
}

/// Runs a seed, with so many nodes, or with as many as it draws.
#[must_use]
pub fn run(seed: u64, traced: Traced, nodes: Option<usize>) -> Run {
    let mut world = World::new(seed, traced, nodes);
    world.run();
    let commits = world.disk.state().counts.commits;
    let frames = world.bus.state().counts.carried;
    Run {
        seed: world.seed,
        hash: world.history.hash(),
        violations: world.violations,
        lines: world.history.lines().to_vec(),
        counts: world.counts,
        nodes: world.nodes.len(),
        commits,
        frames,
    }
}

/// What came of many seeds.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// How many.
    pub seeds: u64,
    /// Those that failed, with the first rule that they broke.
    pub failed: Vec<(u64, &'static str, String)>,
    faults: BTreeMap<Kind, u64>,
    sends: u64,
    messages: u64,
    links: u64,
    commands: u64,
    commits: u64,
    frames: u64,
    nodes: BTreeMap<usize, u64>,
    stale_tokens: u64,
    struck: BTreeMap<Kind, u64>,
    tally: Tally,
}

impl Summary {
    /// Adds a run.
    pub fn add(&mut self, run: &Run) {
        self.seeds += 1;
        if let Some(first) = run.violations.first() {
            self.failed.push((run.seed, first.rule, first.what.clone()));
        }
        for (kind, count) in &run.counts.faults {
            *self.faults.entry(*kind).or_default() += count;
        }
        self.sends += run.counts.sends;
        self.messages += run.counts.messages;
        self.links += run.counts.links;
        self.commands += run.counts.commands;
        self.commits += run.commits;
        self.frames += run.frames;
        *self.nodes.entry(run.nodes).or_default() += 1;
        self.stale_tokens += run.counts.stale_tokens;
        self.take(&run.counts.struck, &run.counts.tally);
    }

    /// Adds another summary.
    pub fn merge(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.failed.extend(other.failed);
        for (kind, count) in other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
        self.sends += other.sends;
        self.messages += other.messages;
        self.links += other.links;
        self.commands += other.commands;
        self.commits += other.commits;
        self.frames += other.frames;
        for (nodes, count) in other.nodes {
            *self.nodes.entry(nodes).or_default() += count;
        }
        self.stale_tokens += other.stale_tokens;
        self.take(&other.struck, &other.tally);
    }

    fn take(&mut self, struck: &BTreeMap<Kind, u64>, tally: &Tally) {
        for (kind, count) in struck {
            *self.struck.entry(*kind).or_default() += count;
        }
        for (name, ends) in tally {
            self.tally.entry(name).or_default().add(*ends);
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<24}{:>12}", "seeds", self.seeds)?;
        for (nodes, count) in &self.nodes {
            writeln!(f, "{:<24}{count:>12}", format!("  with {nodes} nodes"))?;
        }
        for (name, count) in [
            ("commands", self.commands),
            ("sends", self.sends),
            ("messages stored", self.messages),
            ("commits", self.commits),
            ("frames between nodes", self.frames),
            ("connections", self.links),
            ("stale tokens sent", self.stale_tokens),
        ] {
            writeln!(f, "{name:<24}{count:>12}")?;
        }
        writeln!(f, "{:<28}{:>12}{:>12}{:>12}{:>12}", "wishes", "done", "refused", "given up", "died")?;
        for (name, Ends { done, refused, given_up, died }) in &self.tally {
            writeln!(f, "  {name:<26}{done:>12}{refused:>12}{given_up:>12}{died:>12}")?;
        }
        writeln!(f, "{:<28}{:>12}{:>12}", "faults", "times", "strikes")?;
        for kind in Kind::ALL {
            write!(f, "  {:<26}{:>12}", kind.name(), self.faults.get(kind).copied().unwrap_or(0))?;
            match self.struck.get(kind) {
                Some(struck) => writeln!(f, "{struck:>12}")?,
                None => writeln!(f)?,
            }
        }
        write!(f, "{:<24}{:>12}", "violations", self.failed.len())
    }
}
