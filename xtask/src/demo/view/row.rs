//! How one part is.

use std::time::{Duration, Instant};

use crate::demo::{
    part::Part,
    watch::{Health, Watch},
};

/// One part, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::demo) struct Row {
    pub(super) name: String,
    pub(super) pid: Option<u32>,
    pub(super) tone: Tone,
    pub(super) state: String,
    /// When it comes back, where it is away.
    pub(super) away: Option<Duration>,
    /// Who is on it; nothing where nobody can be.
    pub(super) people: Option<Vec<String>>,
}

/// How it is, at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Worried,
    Bad,
}

impl Row {
    /// What is to be said of a part.
    pub(in crate::demo) fn of(part: &Part, watch: Option<&Watch>, now: Instant) -> Self {
        let is_node = part.name().starts_with("node-");
        let seen = watch.map(Watch::seen);
        let (tone, state) = match (part.pid(), seen.as_ref().map(|seen| &seen.health)) {
            (None, _) => (Tone::Bad, "down".to_owned()),
            (Some(_), None) => (Tone::Good, "running".to_owned()),
            (Some(_), Some(Health::Ready)) => (Tone::Good, "ready".to_owned()),
            (Some(_), Some(Health::Degraded(lack))) => (Tone::Worried, format!("degraded, {lack}")),
            (Some(_), Some(Health::Unready(why))) => (Tone::Bad, format!("unready, {why}")),
            (Some(_), Some(Health::Silent)) => (Tone::Bad, "no answer".to_owned()),
        };
        // What was seen of a node that has just gone is no longer so.
        let people = seen.filter(|_| is_node && part.pid().is_some()).map(|seen| seen.people);
        Self { name: part.name().to_owned(), pid: part.pid(), tone, state, away: part.away(now), people }
    }
}
