//! Messages that the server has not acknowledged (G-11).
//!
//! First in, first out per room, and pipelined. Each is stored before it is sent, keeps its `clientId` for ever,
//! and leaves only by an acknowledgement or by the user's hand. A refusal that may pass holds its room back; a
//! final one parks that message and lets the rest go on.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use roomcast_protocol::{ClientId, ErrorBody, ErrorCode, RoomId, command::SendMessage, error::Retry};
use serde::{Deserialize, Serialize};

use crate::{
    config::Storage,
    effect::{Effect, Effects, OpId, StorageChange, StorageOp},
    input::CommandId,
    time::Millis,
    view::{PendingMessage, SendStatus},
};

/// A fault of the server's own is tried so often, then parked.
const INTERNAL_TRIES: u32 = 5;

/// A message of the outbox as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedItem {
    /// What is to be sent, with its `clientId`.
    pub send: SendMessage,
    /// Its place in the order of all.
    pub order: u64,
    /// When it was written, milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// Why it was refused for good, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<ErrorBody>,
}

#[derive(Debug, Clone)]
struct Item {
    client_id: ClientId,
    send: Arc<SendMessage>,
    order: u64,
    created_ms: u64,
    state: State,
    tries: u32,
    waiter: Option<CommandId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Storing(OpId),
    Queued,
    InFlight,
    Failed(ErrorBody),
}

#[derive(Debug, Clone, Default)]
struct Lane {
    items: VecDeque<Item>,
    hold_until: Option<Millis>,
}

/// What an item leaves behind for the one who waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Departed {
    pub(crate) client_id: ClientId,
    pub(crate) room_id: RoomId,
    pub(crate) waiter: Option<CommandId>,
}

/// What a refusal means for an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is sent again after a pause; its room shows it.
    Again(RoomId),
    /// It waits for the user.
    Parked(Departed),
}

/// All unacknowledged messages.
#[derive(Debug, Clone)]
pub(crate) struct Outbox {
    storage: Storage,
    next_op: u64,
    next_order: u64,
    lanes: BTreeMap<RoomId, Lane>,
    rooms: BTreeMap<ClientId, RoomId>,
}

impl Outbox {
    pub(crate) fn new(storage: Storage, mut saved: Vec<SavedItem>) -> Self {
        let mut outbox = Self { storage, next_op: 0, next_order: 0, lanes: BTreeMap::new(), rooms: BTreeMap::new() };
        saved.sort_by_key(|item| item.order);
        for SavedItem { send, order, created_ms, failed } in saved {
            let Some(client_id) = send.client_id.clone() else { continue };
            if outbox.rooms.contains_key(&client_id) {
                continue;
            }
            outbox.next_order = outbox.next_order.max(order.saturating_add(1));
            let state = failed.map_or(State::Queued, State::Failed);
            outbox.append(Item { client_id, send: Arc::new(send), order, created_ms, state, tries: 0, waiter: None });
        }
        outbox
    }

    pub(crate) fn contains(&self, client_id: &ClientId) -> bool {
        self.rooms.contains_key(client_id)
    }

    /// Takes a message in; it is sent once it is stored.
    pub(crate) fn add(
        &mut self,
        client_id: ClientId,
        send: SendMessage,
        created_ms: u64,
        waiter: CommandId,
        effects: &mut Effects,
    ) {
        let mut item = Item {
            client_id,
            send: Arc::new(send),
            order: self.next_order,
            created_ms,
            state: State::Queued,
            tries: 0,
            waiter: Some(waiter),
        };
        self.next_order += 1;
        if let Some(op) = self.put(&item, effects) {
            item.state = State::Storing(op);
        }
        self.append(item);
    }

    /// A stored item may be sent, and so may one that cannot be stored: the network is the better bet. Gives back
    /// the item's id.
    pub(crate) fn stored(&mut self, op: OpId) -> Option<ClientId> {
        let mut items = self.lanes.values_mut().flat_map(|lane| &mut lane.items);
        let item = items.find(|item| item.state == State::Storing(op))?;
        item.state = State::Queued;
        Some(item.client_id.clone())
    }

    /// The next message to send; it counts as sent.
    pub(crate) fn start_next(&mut self, now: Millis) -> Option<Arc<SendMessage>> {
        self.lanes.values_mut().find_map(|lane| {
            if lane.hold_until.is_some_and(|until| until > now) {
                return None;
            }
            lane.hold_until = None;
            let moved_on = |item: &&mut Item| matches!(item.state, State::Queued | State::Storing(_));
            let item = lane.items.iter_mut().find(moved_on).filter(|item| item.state == State::Queued)?;
            item.state = State::InFlight;
            Some(Arc::clone(&item.send))
        })
    }

    /// The server has the message: it leaves.
    pub(crate) fn acknowledged(&mut self, client_id: &ClientId, effects: &mut Effects) -> Option<Departed> {
        let room_id = self.rooms.remove(client_id)?;
        let lane = self.lanes.get_mut(&room_id)?;
        let place = lane.items.iter().position(|item| item.client_id == *client_id)?;
        let item = lane.items.remove(place)?;
        if lane.items.is_empty() {
            self.lanes.remove(&room_id);
        }
        self.persist(StorageChange::Remove(client_id.clone()), effects);
        Some(Departed { client_id: item.client_id, room_id, waiter: item.waiter })
    }

    /// The server did not take the message this time.
    pub(crate) fn refused(
        &mut self,
        client_id: &ClientId,
        error: &ErrorBody,
        now: Millis,
        pause_ms: Millis,
        effects: &mut Effects,
    ) -> Option<Verdict> {
        let (lane, place) = self.find(client_id)?;
        let item = &mut lane.items[place];
        if item.state != State::InFlight {
            return None;
        }
        item.tries += 1;
        let again = match error.code.retry() {
            Retry::Never => false,
            Retry::AFewTimes => item.tries < INTERNAL_TRIES,
            Retry::AfterRefresh | Retry::AfterPause => true,
        };
        if !again {
            return self.park(client_id, error, effects).map(Verdict::Parked);
        }
        item.state = State::Queued;
        let room_id = item.send.room_id.clone();
        let until = now.saturating_add(error.retry_after_ms.unwrap_or(pause_ms));
        lane.hold_until = Some(lane.hold_until.map_or(until, |other| other.max(until)));
        Some(Verdict::Again(room_id))
    }

    /// How often the server did not take a message.
    pub(crate) fn tries(&self, client_id: &ClientId) -> u32 {
        self.item(client_id).map_or(0, |item| item.tries)
    }

    /// Sends a parked message again, after all that wait in its room.
    pub(crate) fn retry(
        &mut self,
        client_id: &ClientId,
        content: Option<String>,
        waiter: CommandId,
        effects: &mut Effects,
    ) -> Result<RoomId, ErrorBody> {
        let order = self.next_order;
        let Some((lane, place)) = self.find(client_id) else { return Err(unknown()) };
        if !matches!(lane.items[place].state, State::Failed(_)) {
            return Err(ErrorBody::new(ErrorCode::Conflict, "unable to retry; the message has not failed"));
        }
        let mut item = lane.items.remove(place).expect("its place was just found");
        if let Some(content) = content {
            Arc::make_mut(&mut item.send).content = content;
        }
        (item.order, item.tries, item.waiter, item.state) = (order, 0, Some(waiter), State::Queued);
        self.next_order += 1;
        if let Some(op) = self.put(&item, effects) {
            item.state = State::Storing(op);
        }
        let room_id = item.send.room_id.clone();
        self.append(item);
        Ok(room_id)
    }

    /// The message as a revision would send it, to be checked first.
    pub(crate) fn revised(&self, client_id: &ClientId, content: &str) -> Result<SendMessage, ErrorBody> {
        let item = self.item(client_id).ok_or_else(unknown)?;
        Ok(SendMessage { content: content.to_owned(), ..SendMessage::clone(&item.send) })
    }

    /// Parks everything of a room that the user is not in any more.
    pub(crate) fn park_room(&mut self, room_id: &RoomId, error: &ErrorBody, effects: &mut Effects) -> Vec<Departed> {
        let Some(lane) = self.lanes.get(room_id) else { return Vec::new() };
        let live = lane.items.iter().filter(|item| !matches!(item.state, State::Failed(_)));
        let live: Vec<_> = live.map(|item| item.client_id.clone()).collect();
        live.iter().filter_map(|client_id| self.park(client_id, error, effects)).collect()
    }

    /// All that were in flight go out again on the next connection, in their order.
    pub(crate) fn connection_lost(&mut self) {
        for lane in self.lanes.values_mut() {
            lane.hold_until = None;
            for item in lane.items.iter_mut().filter(|item| item.state == State::InFlight) {
                item.state = State::Queued;
            }
        }
    }

    /// What a room shows of it.
    pub(crate) fn in_room(&self, room_id: &RoomId) -> impl Iterator<Item = PendingMessage> {
        self.lanes.get(room_id).into_iter().flat_map(|lane| &lane.items).map(|item| PendingMessage {
            client_id: item.client_id.clone(),
            send: Arc::clone(&item.send),
            created_ms: item.created_ms,
            status: match &item.state {
                State::Storing(_) | State::Queued => SendStatus::Pending,
                State::InFlight => SendStatus::Sent,
                State::Failed(error) => SendStatus::Failed(error.clone()),
            },
        })
    }

    /// The rooms that have something in it, also those that the user is not in any more.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = &RoomId> {
        self.lanes.keys()
    }

    /// When a pause is over; those that are over wait for their turn only.
    pub(crate) fn deadline(&self, now: Millis) -> Option<Millis> {
        self.lanes.values().filter_map(|lane| lane.hold_until).filter(|until| *until > now).min()
    }

    fn park(&mut self, client_id: &ClientId, error: &ErrorBody, effects: &mut Effects) -> Option<Departed> {
        let (lane, place) = self.find(client_id)?;
        let item = &mut lane.items[place];
        item.state = State::Failed(error.clone());
        let waiter = item.waiter.take();
        let item = item.clone();
        self.put(&item, effects);
        Some(Departed { client_id: item.client_id, room_id: item.send.room_id.clone(), waiter })
    }

    fn append(&mut self, item: Item) {
        self.rooms.insert(item.client_id.clone(), item.send.room_id.clone());
        self.lanes.entry(item.send.room_id.clone()).or_default().items.push_back(item);
    }

    fn find(&mut self, client_id: &ClientId) -> Option<(&mut Lane, usize)> {
        let lane = self.lanes.get_mut(self.rooms.get(client_id)?)?;
        let place = lane.items.iter().position(|item| item.client_id == *client_id)?;
        Some((lane, place))
    }

    fn item(&self, client_id: &ClientId) -> Option<&Item> {
        let lane = self.lanes.get(self.rooms.get(client_id)?)?;
        lane.items.iter().find(|item| item.client_id == *client_id)
    }

    fn put(&mut self, item: &Item, effects: &mut Effects) -> Option<OpId> {
        let failed = match &item.state {
            State::Failed(error) => Some(error.clone()),
            _ => None,
        };
        let (order, created_ms) = (item.order, item.created_ms);
        let saved = SavedItem { send: SendMessage::clone(&item.send), order, created_ms, failed };
        self.persist(StorageChange::Put(Box::new(saved)), effects)
    }

    fn persist(&mut self, change: StorageChange, effects: &mut Effects) -> Option<OpId> {
        if self.storage == Storage::None {
            return None;
        }
        let id = OpId(self.next_op);
        self.next_op += 1;
        effects.push(Effect::Persist(StorageOp { id, change }));
        Some(id)
    }
}

fn unknown() -> ErrorBody {
    ErrorBody::new(ErrorCode::NotFound, "unable to find the message; it is not in the outbox")
}
