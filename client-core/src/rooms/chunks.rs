//! Messages by their place, shared between a room and its snapshots.
//!
//! A `seq` is dense, so where a message is can be computed: 128 places are a chunk, 128 chunks a shelf. A clone
//! shares all of it but the few shelves' addresses; a change copies one chunk and one shelf, however much there is.

use std::sync::Arc;

use roomcast_protocol::{collections::BTreeMap, model::Message};

/// Places of a chunk.
pub(crate) const CHUNK: u64 = 128;
/// Chunks of a shelf.
const SHELF: u64 = 128;

/// The messages of adjacent places, by `seq`; where some are not known, they are missing.
pub(crate) type Chunk = Vec<Arc<Message>>;

type Shelf = BTreeMap<u64, Arc<Chunk>>;

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

/// Messages by `seq`. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chunks {
    shelves: BTreeMap<u64, Arc<Shelf>>,
    len: usize,
}

impl Chunks {
    /// How many messages there are.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn at(&self, seq: u64) -> Option<&Arc<Message>> {
        let chunk = self.chunk(seq)?;
        find(chunk, seq).ok().map(|place| &chunk[place])
    }

    /// Puts a message in its place. An older state of it changes nothing.
    pub(crate) fn put(&mut self, message: Arc<Message>) -> Put {
        let seq = message.seq.value();
        if seq == 0 || self.at(seq).is_some_and(|known| known.rev >= message.rev && known.id == message.id) {
            return Put::Stale;
        }
        let number = seq / CHUNK;
        let shelf = Arc::make_mut(self.shelves.entry(number / SHELF).or_default());
        let chunk = Arc::make_mut(shelf.entry(number).or_default());
        match find(chunk, seq) {
            Ok(place) => Put::Replaced(std::mem::replace(&mut chunk[place], message)),
            Err(place) => {
                chunk.insert(place, message);
                self.len += 1;
                Put::New
            }
        }
    }

    /// Makes a message another one, whatever its `rev`.
    pub(crate) fn change(&mut self, seq: u64, change: impl FnOnce(&mut Message)) {
        if self.at(seq).is_none() {
            return;
        }
        let number = seq / CHUNK;
        let shelf = self.shelves.get_mut(&(number / SHELF)).map(Arc::make_mut);
        let Some(chunk) = shelf.and_then(|shelf| shelf.get_mut(&number)).map(Arc::make_mut) else { return };
        if let Ok(place) = find(chunk, seq) {
            change(Arc::make_mut(&mut chunk[place]));
        }
    }

    /// Takes out what is from one place to another, both included.
    pub(crate) fn remove(&mut self, first: u64, last: u64) {
        let numbers: Vec<u64> = self.numbered(first, last).map(|(number, _)| number).collect();
        for number in numbers {
            let Some(shelf) = self.shelves.get_mut(&(number / SHELF)).map(Arc::make_mut) else { continue };
            let Some(chunk) = shelf.get_mut(&number) else { continue };
            let taken = within(chunk, first, last).len();
            self.len -= taken;
            if taken == chunk.len() {
                shelf.remove(&number);
            } else {
                Arc::make_mut(chunk).retain(|message| !(first..=last).contains(&message.seq.value()));
            }
            if shelf.is_empty() {
                self.shelves.remove(&(number / SHELF));
            }
        }
    }

    /// What is from one place to another, both included, oldest first.
    pub(crate) fn range(&self, first: u64, last: u64) -> impl DoubleEndedIterator<Item = &Arc<Message>> {
        self.chunks(first, last).flat_map(<[_]>::iter)
    }

    /// The same, as the parts of the chunks that it is in.
    pub(crate) fn chunks(&self, first: u64, last: u64) -> impl DoubleEndedIterator<Item = &[Arc<Message>]> {
        self.numbered(first, last).map(move |(_, chunk)| within(chunk, first, last))
    }

    /// The chunks themselves, which may hold more at either end, by their number.
    pub(crate) fn numbered(&self, first: u64, last: u64) -> impl DoubleEndedIterator<Item = (u64, &Arc<Chunk>)> {
        // A range must not end before it begins.
        let (low, high) = (first / CHUNK, last.max(first) / CHUNK);
        let shelves = self.shelves.range(low / SHELF..=high / SHELF);
        shelves.flat_map(move |(_, shelf)| shelf.range(low..=high)).map(|(number, chunk)| (*number, chunk))
    }

    fn chunk(&self, seq: u64) -> Option<&Arc<Chunk>> {
        let number = seq / CHUNK;
        self.shelves.get(&(number / SHELF))?.get(&number)
    }
}

/// Where in a chunk a place is.
pub(crate) fn find(chunk: &Chunk, seq: u64) -> Result<usize, usize> {
    chunk.binary_search_by_key(&seq, |message| message.seq.value())
}

fn within(chunk: &Chunk, first: u64, last: u64) -> &[Arc<Message>] {
    let start = chunk.partition_point(|message| message.seq.value() < first);
    let end = chunk.partition_point(|message| message.seq.value() <= last);
    chunk.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::message;

    fn filled(seqs: impl IntoIterator<Item = u64>) -> Chunks {
        let mut chunks = Chunks::default();
        for seq in seqs {
            chunks.put(Arc::new(message("r", "u", seq)));
        }
        chunks
    }

    fn seqs(chunks: &Chunks, first: u64, last: u64) -> Vec<u64> {
        chunks.range(first, last).map(|message| message.seq.value()).collect()
    }

    #[test]
    fn a_change_shares_the_other_chunks_and_shelves() {
        let mut chunks = filled(1..=40_000);
        let before = chunks.clone();
        chunks.put(Arc::new(message("r", "u", 40_001)));
        let same = |(number, chunk): (u64, &Arc<Chunk>)| Arc::ptr_eq(chunk, chunks.chunk(number * CHUNK).unwrap());
        let all = before.numbered(0, u64::MAX).count();
        assert_eq!(before.numbered(0, u64::MAX).filter(|chunk| same(*chunk)).count(), all - 1);
        let shelves = before.shelves.iter().filter(|(at, shelf)| Arc::ptr_eq(shelf, &chunks.shelves[*at]));
        assert_eq!((shelves.count(), before.shelves.len()), (2, 3));
        assert_eq!((before.len(), chunks.len()), (40_000, 40_001));
    }

    #[test]
    fn an_older_state_of_a_message_changes_nothing() {
        let mut chunks = Chunks::default();
        let mut edited = message("r", "u", 1);
        edited.rev = roomcast_protocol::Rev::new(9);
        assert_eq!(chunks.put(Arc::new(edited.clone())), Put::New);
        assert_eq!(chunks.put(Arc::new(message("r", "u", 1))), Put::Stale);
        assert_eq!(chunks.at(1).unwrap().as_ref(), &edited);
    }

    #[test]
    fn what_is_taken_out_is_gone_and_the_rest_stays() {
        let mut chunks = filled((1..=1_000).chain(20_000..=20_010));
        chunks.remove(100, 20_004);
        assert_eq!(seqs(&chunks, 0, u64::MAX), (1..100).chain(20_005..=20_010).collect::<Vec<_>>());
        assert_eq!(chunks.len(), 99 + 6);
        assert_eq!(seqs(&chunks, 90, 20_006), (90..100).chain([20_005, 20_006]).collect::<Vec<_>>());
        assert!(seqs(&chunks, 50, 49).is_empty());
        assert_eq!(chunks.range(0, 95).next_back().unwrap().seq.value(), 95);
    }
}
