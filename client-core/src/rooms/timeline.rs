//! The messages of a room that are known, in order, and how far back they reach without a hole.
//!
//! A `seq` is dense, so its place is computed: chunk `seq / 128`. A clone shares all chunks, and a change copies
//! one. Messages behind a hole are kept but not shown: two that are not adjacent never stand side by side.

use std::sync::Arc;

use roomcast_protocol::{MessageId, Seq, collections::BTreeMap, model::Message};

const CHUNK: u64 = 128;

type Chunk = Vec<Arc<Message>>;

/// The newest messages of a room, oldest first, without a hole. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    chunks: BTreeMap<u64, Arc<Chunk>>,
    /// The first message of the newest run without a hole; 0 of an empty timeline.
    start: u64,
    /// The newest message.
    end: u64,
}

impl Timeline {
    /// The messages, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Message>> {
        let chunks = self.chunks.range(self.start / CHUNK..).map(|(_, chunk)| chunk);
        chunks.flat_map(|chunk| chunk.iter()).filter(|message| message.seq.value() >= self.start)
    }

    /// How many messages there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        if self.end == 0 { 0 } else { (self.end - self.start + 1) as usize }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.end == 0
    }

    /// The oldest message.
    #[must_use]
    pub fn first(&self) -> Option<&Arc<Message>> {
        self.at(Seq::new(self.start))
    }

    /// The newest message.
    #[must_use]
    pub fn last(&self) -> Option<&Arc<Message>> {
        self.at(Seq::new(self.end))
    }

    /// The message at this place, if it is known.
    #[must_use]
    pub fn at(&self, seq: Seq) -> Option<&Arc<Message>> {
        let chunk = self.chunks.get(&(seq.value() / CHUNK))?;
        chunk.binary_search_by_key(&seq, |message| message.seq).ok().map(|place| &chunk[place])
    }

    /// The messages after this place, oldest first; `None` where some of them are not known.
    pub(crate) fn after(&self, seq: Seq) -> Option<impl Iterator<Item = &Arc<Message>>> {
        let covered = self.end != 0 && self.start <= seq.value() + 1;
        covered.then(|| self.iter().rev().take_while(move |message| message.seq > seq))
    }

    /// Shows a message otherwise than it is. For snapshots: what is put later decides by `rev` as before.
    pub(crate) fn show(&mut self, seq: Seq, change: impl FnOnce(&mut Message)) {
        let Some(chunk) = self.chunks.get_mut(&(seq.value() / CHUNK)) else { return };
        if let Ok(place) = chunk.binary_search_by_key(&seq, |message| message.seq) {
            change(Arc::make_mut(&mut Arc::make_mut(chunk)[place]));
        }
    }

    /// Puts a message in its place and gives back what stood there. An older state of it changes nothing.
    pub(crate) fn put(&mut self, message: Arc<Message>) -> Put {
        let seq = message.seq.value();
        if seq == 0 {
            return Put::Stale;
        }
        let chunk = Arc::make_mut(self.chunks.entry(seq / CHUNK).or_default());
        match chunk.binary_search_by_key(&message.seq, |other| other.seq) {
            Ok(place) if chunk[place].rev >= message.rev && chunk[place].id == message.id => return Put::Stale,
            Ok(place) => return Put::Replaced(std::mem::replace(&mut chunk[place], message)),
            Err(place) => chunk.insert(place, message),
        }
        if seq > self.end {
            if seq != self.end + 1 || self.end == 0 {
                self.start = seq;
            }
            self.end = seq;
        }
        self.reach_back();
        Put::New
    }

    /// Drops the oldest chunks while what remains is `most` messages or more. Gives back what was dropped.
    pub(crate) fn trim(&mut self, most: usize) -> Vec<Arc<Message>> {
        let mut dropped = Vec::new();
        while let Some(oldest) = self.chunks.first_entry() {
            let next_start = (oldest.key() + 1) * CHUNK;
            if self.end < next_start + most as u64 {
                break;
            }
            dropped.extend(oldest.remove().iter().cloned());
            self.start = self.start.max(next_start);
        }
        dropped
    }

    /// Moves the start back over messages that are adjacent to it.
    fn reach_back(&mut self) {
        while self.start > 1 && self.at(Seq::new(self.start - 1)).is_some() {
            self.start -= 1;
        }
    }
}

impl Timeline {
    /// The places of the first and the newest message; `(0, 0)` of an empty timeline.
    pub(crate) const fn bounds(&self) -> (Seq, Seq) {
        if self.end == 0 { (Seq::new(0), Seq::new(0)) } else { (Seq::new(self.start), Seq::new(self.end)) }
    }

    /// What is to be shown now and was not, or otherwise, in `before`. Chunks that both share are passed over.
    pub(crate) fn since(&self, before: &Self) -> impl Iterator<Item = &Arc<Message>> {
        let shown = |place: u64, timeline: &Self| {
            (timeline.start.max(place * CHUNK), timeline.end.min(place * CHUNK + CHUNK - 1))
        };
        let chunks = self.chunks.range(self.start / CHUNK..).filter(move |(place, chunk)| {
            let same = before.chunks.get(place).is_some_and(|other| Arc::ptr_eq(chunk, other));
            !same || shown(**place, self) != shown(**place, before)
        });
        chunks.flat_map(|(_, chunk)| chunk.iter()).filter(move |message| {
            let seq = message.seq.value();
            let was_shown = before.end != 0 && before.start <= seq;
            seq >= self.start && !(was_shown && before.at(message.seq).is_some_and(|other| same(message, other)))
        })
    }
}

fn same(a: &Arc<Message>, b: &Arc<Message>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

/// What putting a message did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Put {
    /// It was not known.
    New,
    /// This older state of it was.
    Replaced(Arc<Message>),
    /// The same or a newer state was.
    Stale,
}

/// Where messages are, by their id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(BTreeMap<MessageId, Seq>);

impl Places {
    pub(crate) fn insert(&mut self, message: &Message) {
        self.0.insert(message.id.clone(), message.seq);
    }

    pub(crate) fn forget(&mut self, messages: &[Arc<Message>]) {
        for message in messages {
            self.0.remove(&message.id);
        }
    }

    pub(crate) fn find(&self, id: &MessageId) -> Option<Seq> {
        self.0.get(id).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::message;

    fn put(timeline: &mut Timeline, seqs: impl IntoIterator<Item = u64>) {
        for seq in seqs {
            timeline.put(Arc::new(message("r", "u", seq)));
        }
    }

    fn seqs(timeline: &Timeline) -> Vec<u64> {
        timeline.iter().map(|message| message.seq.value()).collect()
    }

    #[test]
    fn messages_that_are_not_adjacent_are_not_shown_side_by_side() {
        let mut timeline = Timeline::default();
        put(&mut timeline, [1, 2, 3, 200, 201]);
        assert_eq!(seqs(&timeline), [200, 201]);
        put(&mut timeline, 4..200);
        assert_eq!(seqs(&timeline), (1..=201).collect::<Vec<_>>());
        assert_eq!(timeline.len(), 201);
    }

    #[test]
    fn a_change_shares_the_other_chunks() {
        let mut timeline = Timeline::default();
        put(&mut timeline, 1..=1_000);
        let before = timeline.clone();
        put(&mut timeline, [1_001]);
        let same = before.chunks.iter().filter(|(place, chunk)| Arc::ptr_eq(chunk, &timeline.chunks[*place])).count();
        assert_eq!(same, before.chunks.len() - 1);
        assert_eq!(before.len(), 1_000);
    }

    #[test]
    fn an_older_state_of_a_message_changes_nothing() {
        let mut timeline = Timeline::default();
        let mut edited = message("r", "u", 1);
        edited.rev = roomcast_protocol::Rev::new(9);
        timeline.put(Arc::new(edited));
        assert_eq!(timeline.put(Arc::new(message("r", "u", 1))), Put::Stale);
    }

    #[test]
    fn trimming_keeps_the_newest() {
        let mut timeline = Timeline::default();
        put(&mut timeline, 1..=1_000);
        timeline.trim(300);
        assert!((300..300 + CHUNK as usize).contains(&timeline.len()));
        assert_eq!(timeline.len(), timeline.iter().count());
        assert_eq!(timeline.last().unwrap().seq.value(), 1_000);
    }
}
