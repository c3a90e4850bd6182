//! The rooms in their order, in blocks: a room that moves copies two of them, and the rest is shared.

use std::{cmp::Reverse, ops::Index, sync::Arc};

use roomcast_protocol::{RoomId, Timestamp};

use super::RoomSummary;

/// Most rooms of a block; a longer one is halved.
const BLOCK: usize = 64;

type Block = Vec<Arc<RoomSummary>>;

/// The user's rooms, the one with the newest message first. Cheap to clone: what did not change is shared.
#[derive(Debug, Clone, Default)]
pub struct RoomList {
    /// None is empty.
    blocks: Arc<Vec<Arc<Block>>>,
    len: usize,
}

impl RoomList {
    /// The rooms, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<RoomSummary>> {
        self.blocks.iter().flat_map(|block| block.iter())
    }

    /// The n-th room, from 0.
    #[must_use]
    pub fn nth(&self, n: usize) -> Option<&Arc<RoomSummary>> {
        let mut left = n;
        for block in self.blocks.iter() {
            if let Some(summary) = block.get(left) {
                return Some(summary);
            }
            left -= block.len();
        }
        None
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts a room into its place.
    pub(crate) fn insert(&mut self, summary: Arc<RoomSummary>) {
        let blocks = Arc::make_mut(&mut self.blocks);
        self.len += 1;
        let at = block_of(blocks, &summary);
        let Some(block) = blocks.get_mut(at).map(Arc::make_mut) else {
            return blocks.push(Arc::new(vec![summary]));
        };
        let place = block.partition_point(|other| key(other) < key(&summary));
        block.insert(place, summary);
        if block.len() > BLOCK {
            let rest = block.split_off(BLOCK / 2);
            blocks.insert(at + 1, Arc::new(rest));
        }
    }

    /// Takes a room out, as it was put in.
    pub(crate) fn remove(&mut self, summary: &RoomSummary) {
        let blocks = Arc::make_mut(&mut self.blocks);
        let at = block_of(blocks, summary);
        let Some(block) = blocks.get_mut(at).map(Arc::make_mut) else { return };
        let Ok(place) = block.binary_search_by(|other| key(other).cmp(&key(summary))) else { return };
        block.remove(place);
        self.len -= 1;
        let left = block.len();
        // A block that is nearly empty joins the one after it, or they would become many.
        let joins = |next: &Arc<Block>| left + next.len() <= BLOCK / 2;
        if left == 0 {
            blocks.remove(at);
        } else if blocks.get(at + 1).is_some_and(joins) {
            let next = blocks.remove(at + 1);
            Arc::make_mut(&mut blocks[at]).extend(next.iter().cloned());
        }
    }
}

impl Index<usize> for RoomList {
    type Output = Arc<RoomSummary>;

    /// The n-th room, from 0.
    ///
    /// # Panics
    /// Where there are not so many.
    fn index(&self, n: usize) -> &Self::Output {
        self.nth(n).expect("there are so many rooms")
    }
}

impl PartialEq for RoomList {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && (Arc::ptr_eq(&self.blocks, &other.blocks) || self.iter().eq(other.iter()))
    }
}

impl Eq for RoomList {}

/// The block in which a room is or belongs; only of an empty list there is none.
fn block_of(blocks: &[Arc<Block>], summary: &RoomSummary) -> usize {
    let before = |block: &Arc<Block>| block.last().is_some_and(|last| key(last) < key(summary));
    blocks.partition_point(before).min(blocks.len().saturating_sub(1))
}

/// What rooms are ordered by.
fn key(summary: &RoomSummary) -> (Reverse<Option<Timestamp>>, &RoomId) {
    (Reverse(summary.last_message.as_ref().map(|message| message.created_at)), summary.id())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use roomcast_protocol::{
        Rev, Seq,
        model::{Policy, Room, Visibility},
    };

    use super::*;
    use crate::fixtures::message;

    fn summary(n: u32, at: Option<u64>) -> Arc<RoomSummary> {
        let id = RoomId::parse(&format!("room-{n:04}")).unwrap();
        let last_message = at.map(|at| Arc::new(message(id.as_str(), "u", at)));
        let room = Room {
            id,
            name: String::new(),
            topic: None,
            visibility: Visibility::Public,
            policy: Policy::default(),
            rev: Rev::default(),
            seq: Seq::default(),
            member_count: 1,
            created_at: Timestamp::default(),
        };
        let typing = Arc::from([]);
        Arc::new(RoomSummary { room: Arc::new(room), unread: 0, mentions: 0, last_message, online: 0, typing })
    }

    proptest! {
        #[test]
        fn rooms_stay_in_order_as_they_come_move_and_go(
            steps in prop::collection::vec((0u32..300, prop::option::weighted(0.8, 0u64..50)), 0..600)
        ) {
            let (mut list, mut all) = (RoomList::default(), BTreeMap::<u32, Arc<RoomSummary>>::new());
            for (n, at) in steps {
                if let Some(before) = all.remove(&n) {
                    list.remove(&before);
                }
                if at != Some(0) {
                    let summary = summary(n, at);
                    list.insert(Arc::clone(&summary));
                    all.insert(n, summary);
                }
            }
            let mut sorted: Vec<_> = all.values().cloned().collect();
            sorted.sort_by(|a, b| key(a).cmp(&key(b)));
            prop_assert_eq!(list.iter().cloned().collect::<Vec<_>>(), sorted.clone());
            prop_assert_eq!(list.len(), sorted.len());
            prop_assert!((0..sorted.len()).all(|n| Arc::ptr_eq(&list[n], &sorted[n])) && list.nth(sorted.len()).is_none());
            prop_assert!(list.blocks.iter().all(|block| (1..=BLOCK).contains(&block.len())));
        }
    }

    #[test]
    fn a_room_that_moves_shares_all_blocks_but_two() {
        let mut list = RoomList::default();
        for n in 0..1_000 {
            list.insert(summary(n, Some(u64::from(n) + 1)));
        }
        let before = list.clone();
        let moved = Arc::clone(&before[700]);
        list.remove(&moved);
        list.insert(summary(299, Some(5_000)));
        let shared = |block: &&Arc<Block>| list.blocks.iter().any(|other| Arc::ptr_eq(block, other));
        assert!(before.blocks.iter().filter(shared).count() >= before.blocks.len() - 2);
        assert_eq!((before.len(), list.len(), list[0].id().as_str()), (1_000, 1_000, "room-0299"));
    }
}
