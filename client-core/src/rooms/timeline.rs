//! A stretch of messages as a view shows it: a snapshot that shares its chunks with the room's own.

use std::sync::Arc;

use roomcast_protocol::{MessageId, Seq, model::Message};

use super::{chunks::Chunks, runs::Run};

/// Messages of a room, oldest first: of its history a run without a hole, of a thread all since its first. Cheap to
/// clone.
///
/// Nothing is missing inside; whether there is more at either end is the view's to say.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    chunks: Chunks,
    /// The first place and the last; 0 of an empty timeline.
    first: u64,
    last: u64,
    len: usize,
}

impl Timeline {
    /// A run of a room's history.
    pub(crate) fn of_run(chunks: &Chunks, run: Option<Run>) -> Self {
        let Some(Run { first, last }) = run else { return Self::default() };
        let len = usize::try_from(last - first + 1).unwrap_or(usize::MAX);
        Self { chunks: chunks.clone(), first, last, len }
    }

    /// All that these chunks hold from a place on.
    pub(crate) fn of_all(chunks: &Chunks, from: u64) -> Self {
        let mut all = chunks.range(from, u64::MAX);
        let Some(first) = all.next() else { return Self::default() };
        let last = all.next_back().unwrap_or(first);
        let before = if from <= 1 { 0 } else { chunks.range(0, from - 1).count() };
        let (first, last, len) = (first.seq.value(), last.seq.value(), chunks.len() - before);
        Self { chunks: chunks.clone(), first, last, len }
    }

    /// The messages, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Message>> {
        self.chunks.range(self.first, self.last)
    }

    /// The same from this place on.
    pub fn since(&self, seq: Seq) -> impl DoubleEndedIterator<Item = &Arc<Message>> {
        self.chunks.range(self.first.max(seq.value()), self.last)
    }

    /// The chunks that the messages are in, each with its number: a message's `seq / 128`. The first and the last may
    /// hold messages from beyond the timeline. What did not change between two timelines is the same `Arc` in both.
    pub fn chunks(&self) -> impl DoubleEndedIterator<Item = (u64, &Arc<Vec<Arc<Message>>>)> {
        let shown = !self.is_empty();
        self.chunks.numbered(self.first, self.last).filter(move |_| shown)
    }

    /// How many messages there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The oldest message.
    #[must_use]
    pub fn first(&self) -> Option<&Arc<Message>> {
        self.at(Seq::new(self.first))
    }

    /// The newest message.
    #[must_use]
    pub fn last(&self) -> Option<&Arc<Message>> {
        self.at(Seq::new(self.last))
    }

    /// The message at this place, if it is in the timeline.
    #[must_use]
    pub fn at(&self, seq: Seq) -> Option<&Arc<Message>> {
        let seq = seq.value();
        (self.first..=self.last).contains(&seq).then(|| self.chunks.at(seq)).flatten()
    }

    /// The message of this id, if it is in the timeline. Looks at one after the other, from the newest back.
    #[must_use]
    pub fn find(&self, id: &MessageId) -> Option<&Arc<Message>> {
        self.iter().rev().find(|message| message.id == *id)
    }

    /// Shows a message otherwise than it is. The room's own stays as it is: what is put there later decides by `rev`.
    pub(crate) fn show(&mut self, seq: Seq, change: impl FnOnce(&mut Message)) {
        if self.at(seq).is_some() {
            self.chunks.change(seq.value(), change);
        }
    }
}

impl PartialEq for Timeline {
    /// The same messages. What is shared is not looked at.
    fn eq(&self, other: &Self) -> bool {
        let ends = |timeline: &Self| (timeline.first, timeline.last, timeline.len);
        let addresses = |timeline| Self::chunks(timeline).map(|(_, chunk)| Arc::as_ptr(chunk));
        ends(self) == ends(other) && (addresses(self).eq(addresses(other)) || self.iter().eq(other.iter()))
    }
}

impl Eq for Timeline {}
