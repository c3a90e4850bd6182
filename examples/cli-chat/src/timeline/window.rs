//! Which rows are on the screen. Bound to a message, not to a count, so that what is read does not move when
//! something comes.

use std::ops::Range;

use super::Row;

/// A row's place that outlives the rows: the message, and the how-manieth of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Anchor {
    /// The message's `seq`; what is not numbered yet comes after all that is.
    pub(crate) seq: u64,
    /// From the last row of the message upwards: a divider that comes above it changes nothing.
    pub(crate) from_last: usize,
}

/// What the screen shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scroll {
    /// The newest rows, whatever comes.
    Newest,
    /// The rows up to this one.
    At(Anchor),
}

/// A movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Up(usize),
    Down(usize),
}

/// The rows to show, at most `height`.
pub(crate) fn window(rows: &[Row], height: usize, scroll: Scroll) -> Range<usize> {
    let end = match scroll {
        Scroll::Newest => rows.len(),
        Scroll::At(anchor) => bottom(rows, anchor).max(height.min(rows.len())),
    };
    end.saturating_sub(height)..end
}

impl Scroll {
    /// Where a movement leads.
    pub(crate) fn step(self, rows: &[Row], height: usize, step: Step) -> Self {
        let end = window(rows, height, self).end;
        let end = match step {
            Step::Up(by) => end.saturating_sub(by).max(height.min(rows.len())),
            Step::Down(by) => end + by,
        };
        match rows.get(end.wrapping_sub(1)) {
            Some(row) if end < rows.len() => Self::At(row.anchor),
            _ => Self::Newest,
        }
    }
}

/// The end of the rows up to this one; where it is gone, up to the last one before it.
fn bottom(rows: &[Row], anchor: Anchor) -> usize {
    let key = |anchor: Anchor| (anchor.seq, std::cmp::Reverse(anchor.from_last));
    rows.partition_point(|row| key(row.anchor) <= key(anchor))
}
