//! The user's rooms. Each reduces its own changes; none knows of connections, commands or time.

use roomcast_protocol::{MessageId, Rev, RoomId, Seq, collections::BTreeMap, model::RoomState};

mod change;
mod chunks;
mod history;
mod members;
pub(crate) mod mine;
mod quoted;
mod receipts;
mod room;
mod runs;
mod strays;
mod thread;
mod timeline;
mod unread;

pub(crate) use change::Change;
pub(crate) use chunks::{Chunk, find};
pub(crate) use mine::Mine;
pub(crate) use room::{Offered, Room};
pub(crate) use strays::Strays;
pub(crate) use thread::Thread;
pub use timeline::Timeline;

/// All rooms, by id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rooms {
    by_id: BTreeMap<RoomId, Room>,
    pub(crate) strays: Strays,
}

impl Rooms {
    pub(crate) fn get(&self, id: &RoomId) -> Option<&Room> {
        self.by_id.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: &RoomId) -> Option<&mut Room> {
        self.by_id.get_mut(id)
    }

    pub(crate) fn insert(&mut self, state: RoomState, keep: usize) -> &mut Room {
        let room = Room::new(state, keep);
        let id = room.id().clone();
        self.by_id.insert(id.clone(), room);
        self.by_id.get_mut(&id).expect("just inserted")
    }

    pub(crate) fn remove(&mut self, id: &RoomId) -> Option<Room> {
        self.by_id.remove(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Room> {
        self.by_id.values()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Room> {
        self.by_id.values_mut()
    }

    /// What each room has, to resume from.
    pub(crate) fn revs(&self) -> impl Iterator<Item = (&RoomId, Rev)> {
        self.by_id.iter().map(|(id, room)| (id, room.rev()))
    }

    /// Where a message is, if it is loaded.
    pub(crate) fn place_of(&self, id: &MessageId) -> Option<(&RoomId, Seq)> {
        self.iter().find_map(|room| Some((room.id(), room.place_of(id)?)))
    }
}
