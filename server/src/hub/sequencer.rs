//! The order of a room's news (G-7): nodes may tell 11 before 10, and 10 may be lost on the way. What follows the
//! head goes through, what is known already falls away, what is too early waits a moment for what comes before it.

use std::collections::BTreeMap;

use roomcast_protocol::Rev;

use crate::domain::{ConnId, Unit};

/// How long a hole is waited for before the database is asked.
pub const HOLE_MS: u64 = 250;

/// Most units that wait for one before them; further ones are left to the database.
const WAITING: usize = 256;

/// News on its way to a room.
#[derive(Debug, Clone)]
pub struct Offer {
    /// What to tell.
    pub unit: Unit,
    /// The connection that caused it, where that is here.
    pub author: Option<ConnId>,
}

/// What becomes of an offer.
#[derive(Debug)]
pub enum Verdict {
    /// It is next: to be told now.
    Through(Offer),
    /// It was told before, or is part of what was read from the database.
    Stale(Offer),
    /// It waits for what comes before it.
    Waits,
}

/// What is to be done about a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hole {
    /// There is none.
    None,
    /// It may close by itself for so many more milliseconds.
    Waits(u64),
    /// The database is to be asked what happened since.
    Fill(Rev),
}

/// The order of one room's news. The head itself is the tail's.
#[derive(Debug, Default)]
pub struct Sequencer {
    /// By their first change.
    waiting: BTreeMap<Rev, Offer>,
    /// The newest change that was heard of.
    known: Rev,
    /// Since when the head has stood still below what is known.
    stuck: Option<(Rev, u64)>,
    /// Cursors may have been missed since this change.
    cursors: Option<Rev>,
    /// Whether somebody minds the hole.
    minded: bool,
}

impl Sequencer {
    /// Takes news.
    pub fn take(&mut self, head: Rev, now_ms: u64, offer: Offer) -> Verdict {
        let Some((first, last)) = offer.unit.revs else { return Verdict::Through(offer) };
        if last <= head {
            return Verdict::Stale(offer);
        }
        if first <= head.next() {
            return Verdict::Through(offer);
        }
        self.known = self.known.max(last);
        if self.waiting.len() < WAITING {
            self.waiting.entry(first).or_insert(offer);
        }
        self.settle(head, now_ms);
        Verdict::Waits
    }

    /// What waited and waits no more, now that the head is here.
    pub fn release(&mut self, head: Rev, now_ms: u64) -> Option<Verdict> {
        let released = match self.waiting.first_entry() {
            Some(entry) if *entry.key() <= head.next() => {
                let offer = entry.remove();
                let stale = offer.unit.revs.is_some_and(|(_, last)| last <= head);
                Some(if stale { Verdict::Stale(offer) } else { Verdict::Through(offer) })
            }
            _ => None,
        };
        self.settle(head, now_ms);
        released
    }

    /// Hears that the room is at a change, from another node's digest or the database.
    pub fn hear(&mut self, head: Rev, now_ms: u64, rev: Rev) {
        self.known = self.known.max(rev);
        self.settle(head, now_ms);
    }

    /// Hears that a moved cursor may have been missed since a change.
    pub fn doubt_cursors(&mut self, since: Rev) {
        self.cursors = Some(self.cursors.map_or(since, |before| before.min(since)));
    }

    /// Whether somebody is to begin minding a hole.
    pub fn needs_minding(&mut self, head: Rev) -> bool {
        let needs = !self.minded && (self.known > head || self.cursors.is_some());
        self.minded |= needs;
        needs
    }

    /// What is to be done about the hole by the one who minds it; nobody does after [`Hole::None`]. Whoever is unable
    /// to fill it doubts the cursors again.
    pub fn hole(&mut self, head: Rev, now_ms: u64) -> Hole {
        self.settle(head, now_ms);
        if let Some(since) = self.cursors.take() {
            return Hole::Fill(since.min(head));
        }
        match self.stuck {
            None => {
                self.minded = false;
                Hole::None
            }
            Some((_, since)) if now_ms < since + HOLE_MS => Hole::Waits(since + HOLE_MS - now_ms),
            Some(_) => Hole::Fill(head),
        }
    }

    /// What was known before a fill began: all of it was committed, and a read must show it.
    #[must_use]
    pub const fn known(&self) -> Rev {
        self.known
    }

    /// The room was read: it stands at `rev`, and `known` was what was [`Sequencer::known`] before the read. What the
    /// database does not know is nobody's.
    pub fn filled(&mut self, rev: Rev, known: Rev, now_ms: u64) {
        if rev < known {
            self.waiting.retain(|_, offer| offer.unit.revs.is_none_or(|(_, last)| last > known));
            let last = self.waiting.values().filter_map(|offer| offer.unit.revs).map(|(_, last)| last).max();
            self.known = last.unwrap_or_default();
        }
        // A hole that is still there is another one.
        self.stuck = None;
        self.settle(rev, now_ms);
    }

    fn settle(&mut self, head: Rev, now_ms: u64) {
        if self.known <= head {
            self.stuck = None;
        } else if self.stuck.is_none_or(|(at, _)| at != head) {
            self.stuck = Some((head, now_ms));
        }
    }
}

#[cfg(test)]
mod tests {
    use roomcast_protocol::RoomId;

    use super::*;

    fn offer(first: u64, last: u64) -> Offer {
        let room = RoomId::parse("r").expect("a good id");
        let unit = Unit { room, revs: Some((Rev::new(first), Rev::new(last))), news: Vec::new() };
        Offer { unit, author: None }
    }

    fn name(verdict: Option<Verdict>) -> String {
        let last = |offer: &Offer| offer.unit.revs.expect("in the log").1.value();
        match verdict {
            Some(Verdict::Through(offer)) => format!("through {}", last(&offer)),
            Some(Verdict::Stale(offer)) => format!("stale {}", last(&offer)),
            Some(Verdict::Waits) => "waits".to_owned(),
            None => "nothing".to_owned(),
        }
    }

    #[test]
    fn g7_what_was_swapped_is_told_in_order() {
        let mut it = Sequencer::default();
        let head = Rev::new(9);
        assert_eq!(name(Some(it.take(head, 0, offer(11, 12)))), "waits");
        assert_eq!(name(Some(it.take(head, 0, offer(13, 13)))), "waits");
        assert!(it.needs_minding(head) && !it.needs_minding(head), "one minds it");
        assert_eq!(name(Some(it.take(head, 0, offer(10, 10)))), "through 10");
        assert_eq!(name(it.release(Rev::new(10), 0)), "through 12");
        assert_eq!(name(it.release(Rev::new(12), 0)), "through 13");
        assert_eq!(name(it.release(Rev::new(13), 0)), "nothing");
        assert_eq!(it.hole(Rev::new(13), 0), Hole::None);
    }

    #[test]
    fn g7_what_came_twice_is_told_once() {
        let mut it = Sequencer::default();
        assert_eq!(name(Some(it.take(Rev::new(9), 0, offer(9, 9)))), "stale 9");
        assert_eq!(name(Some(it.take(Rev::new(9), 0, offer(11, 11)))), "waits");
        assert_eq!(name(Some(it.take(Rev::new(9), 0, offer(11, 11)))), "waits");
        assert_eq!(name(it.release(Rev::new(10), 0)), "through 11");
        assert_eq!(name(it.release(Rev::new(11), 0)), "nothing");
    }

    #[test]
    fn g7_a_hole_is_waited_for_a_quarter_of_a_second_and_each_has_its_own() {
        let mut it = Sequencer::default();
        it.take(Rev::new(9), 1_000, offer(11, 11));
        assert_eq!(it.hole(Rev::new(9), 1_100), Hole::Waits(150));
        // The first hole closes, and another one is behind it.
        it.take(Rev::new(9), 1_200, offer(13, 13));
        assert_eq!(name(it.release(Rev::new(10), 1_200)), "through 11");
        assert_eq!(name(it.release(Rev::new(11), 1_200)), "nothing");
        assert_eq!(it.hole(Rev::new(11), 1_250), Hole::Waits(200));
        assert_eq!(it.hole(Rev::new(11), 1_450), Hole::Fill(Rev::new(11)));
        it.filled(Rev::new(13), it.known(), 1_460);
        assert_eq!(name(it.release(Rev::new(13), 1_460)), "stale 13");
        assert_eq!(it.hole(Rev::new(13), 1_460), Hole::None);
    }

    #[test]
    fn g8_a_head_that_was_heard_of_betrays_what_nothing_follows() {
        let mut it = Sequencer::default();
        it.hear(Rev::new(5), 0, Rev::new(5));
        assert!(!it.needs_minding(Rev::new(5)));
        it.hear(Rev::new(5), 0, Rev::new(6));
        assert!(it.needs_minding(Rev::new(5)));
        assert_eq!(it.hole(Rev::new(5), HOLE_MS), Hole::Fill(Rev::new(5)));
    }

    #[test]
    fn what_the_database_does_not_know_is_not_waited_for() {
        let mut it = Sequencer::default();
        it.take(Rev::new(5), 0, offer(90, 90));
        let known = it.known();
        it.take(Rev::new(5), 0, offer(91, 91));
        it.filled(Rev::new(7), known, 10);
        assert_eq!(it.hole(Rev::new(7), 10), Hole::Waits(HOLE_MS), "what came during the read may be newer");
        let known = it.known();
        it.filled(Rev::new(7), known, 300);
        assert_eq!(it.hole(Rev::new(7), 300), Hole::None);
    }

    #[test]
    fn what_does_not_fit_is_left_to_the_database() {
        let mut it = Sequencer::default();
        for n in 0..2 * WAITING as u64 {
            assert_eq!(name(Some(it.take(Rev::new(1), 0, offer(10 + n, 10 + n)))), "waits");
        }
        assert_eq!(it.waiting.len(), WAITING);
        assert_eq!(it.known(), Rev::new(9 + 2 * WAITING as u64));
    }

    #[test]
    fn missed_cursors_are_read_at_once() {
        let mut it = Sequencer::default();
        it.doubt_cursors(Rev::new(8));
        it.doubt_cursors(Rev::new(9));
        assert!(it.needs_minding(Rev::new(9)));
        assert_eq!(it.hole(Rev::new(9), 0), Hole::Fill(Rev::new(8)));
        it.filled(Rev::new(9), it.known(), 0);
        assert_eq!(it.hole(Rev::new(9), 0), Hole::None);
    }
}
