//! What the user did and the server has not acknowledged (G-11): messages, their edits, deletions and reactions, rooms
//! made.
//!
//! First in, first out per room, and pipelined. Each is stored before it is sent, keeps its `clientId` for ever,
//! and leaves only by an acknowledgement or by the user's hand. A refusal that may pass holds its room back. A
//! final one parks a message and lets the rest go on, but for what depends on it: a change of a message that the
//! server does not have waits for that message, and goes with it. A change that is refused for good is dropped, and
//! what it had shown is as it was; a room that cannot be made parks what was to be said in it.

use std::sync::Arc;

use roomcast_protocol::{
    ClientId, Command, ErrorBody, ErrorCode, MessageId, RoomId, UserId, collections::BTreeMap, command::SendMessage,
    error::Retry,
};

use crate::{
    config::Storage,
    effect::{Effect, Effects, OpId, StorageChange, StorageOp},
    input::{CommandId, Target},
    planted::{self, Bug},
    time::Millis,
    view::{PendingChange, PendingMessage},
};

mod item;
mod lane;
mod saved;

use item::{Item, State};
use lane::Lane;

pub(crate) use item::Work;
pub use saved::{SavedItem, Task};

/// A fault of the server's own is tried so often, then parked.
const INTERNAL_TRIES: u32 = 5;

/// A change that others overtake is tried so often, then dropped.
const OVERTAKEN_TRIES: u32 = 10;

/// What an item leaves behind for the one who waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Departed {
    pub(crate) client_id: ClientId,
    pub(crate) room_id: RoomId,
    pub(crate) waiter: Option<CommandId>,
    pub(crate) work: Work,
}

/// What a later wish about the same reaction takes the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Superseded {
    /// What waited here, and goes no further.
    pub(crate) departed: Vec<Departed>,
    /// Whether one of the same has been on the wire: then only the server knows how it stands.
    pub(crate) was_sent: bool,
}

/// What a refusal means for an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is sent again after a pause; its room shows it.
    Again(RoomId),
    /// It waits for the user.
    Parked(Departed),
    /// It is gone, and what it had shown with it; what cannot go without it waits for the user.
    Dropped(Departed, Vec<Departed>),
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
        if planted::has(Bug::ItemForgotten) {
            saved.pop();
        }
        for SavedItem { task, author, order, created_ms, failed } in saved {
            let Some((client_id, room_id, work)) = task.into_work() else { continue };
            if outbox.rooms.contains_key(&client_id) {
                continue;
            }
            outbox.next_order = outbox.next_order.max(order.saturating_add(1));
            let lost = work.waits_for().is_some_and(|id| outbox.rooms.get(id) != Some(&room_id));
            let failed = failed.or_else(|| lost.then(unknown));
            let state = failed.map_or(State::Queued, State::Failed);
            let item = Item::new(client_id, room_id, work, author, order, created_ms);
            outbox.append(Item { state, sent: true, ..item });
        }
        outbox
    }

    pub(crate) fn contains(&self, client_id: &ClientId) -> bool {
        self.rooms.contains_key(client_id)
    }

    /// Lets somebody wait for a message that is here already and that nobody waits for: one that was kept from before
    /// and is posted again by a program that does not know how it went.
    ///
    /// # Errors
    /// Why it was refused, if it was; `conflict` where it is another message, or somebody waits for it.
    pub(crate) fn adopt(&mut self, send: &SendMessage, waiter: CommandId) -> Result<(), ErrorBody> {
        let found = send.client_id.as_ref().and_then(|client_id| self.find(client_id));
        let item = found.map(|(lane, place)| &mut lane.items[place]);
        match item {
            Some(Item { state: State::Failed(error), .. }) => Err(error.clone()),
            Some(Item { work: Work::Send(kept), waiter: nobody @ None, .. }) if **kept == *send => {
                *nobody = Some(waiter);
                Ok(())
            }
            _ => Err(ErrorBody::new(ErrorCode::Conflict, "unable to send; the id is in the outbox already")),
        }
    }

    /// Takes something in; it is sent once it is stored.
    #[expect(clippy::too_many_arguments, reason = "an item's parts, all of them the caller's")]
    pub(crate) fn add(
        &mut self,
        client_id: ClientId,
        room_id: RoomId,
        work: Work,
        author: Option<UserId>,
        created_ms: u64,
        waiter: CommandId,
        effects: &mut Effects,
    ) {
        let item = Item::new(client_id, room_id, work, author, self.next_order, created_ms);
        self.next_order += 1;
        self.append_stored(Item { waiter: Some(waiter), ..item }, effects);
    }

    /// What a reaction took the place of has been on the wire: nobody may think that it never was.
    pub(crate) fn follows_sent(&mut self, client_id: &ClientId) {
        if let Some((lane, place)) = self.find(client_id) {
            lane.items[place].sent = true;
        }
    }

    /// A stored item may be sent, and so may one that cannot be stored: the network is the better bet. Gives back
    /// the item's id.
    pub(crate) fn stored(&mut self, op: OpId) -> Option<ClientId> {
        let mut items = self.lanes.values_mut().flat_map(|lane| &mut lane.items);
        let item = items.find(|item| item.state == State::Storing(op))?;
        item.state = State::Queued;
        Some(item.client_id.clone())
    }

    /// Whether a message could be sent.
    pub(crate) fn is_ready(&mut self, now: Millis) -> bool {
        self.lanes.values_mut().any(|lane| lane.ready(now).is_some())
    }

    /// The next thing to send, the oldest of all rooms that are ready; it counts as sent.
    pub(crate) fn start_next(&mut self, now: Millis) -> Option<(ClientId, RoomId, Command)> {
        let ready = self.lanes.values_mut().filter_map(|lane| lane.ready(now));
        let item = ready.min_by_key(|item| item.order)?;
        let mut command = item.work.command()?;
        (item.state, item.sent) = (State::InFlight, true);
        let (client_id, room_id) = (item.client_id.clone(), item.room_id.clone());
        if let Command::SendMessage(send) = &mut command {
            send.after = self.lanes.get(&room_id).and_then(|lane| lane.before(&client_id));
            send.after = send.after.take().filter(|_| !planted::has(Bug::AfterNotSaid));
            send.client_id = send.client_id.take().filter(|_| !planted::has(Bug::NoClientId));
        }
        Some((client_id, room_id, command))
    }

    /// The server has it: it leaves. What waited for the id of a message has it now.
    pub(crate) fn acknowledged(
        &mut self,
        client_id: &ClientId,
        message_id: Option<&MessageId>,
        effects: &mut Effects,
    ) -> Option<Departed> {
        let room_id = self.rooms.get(client_id)?.clone();
        if let Some(message_id) = message_id {
            // Before the message goes: a crash in between must not leave them without an aim.
            for waiting in self.waiting_for(client_id) {
                let Some((lane, place)) = self.find(&waiting) else { continue };
                let item = &mut lane.items[place];
                item.work.retarget(message_id);
                let item = item.clone();
                let op = self.put(&item, effects);
                self.restate(&waiting, op);
            }
        }
        self.remove(client_id, &room_id, effects)
    }

    /// The user gives something up, and with it what depends on it. The first is the thing itself.
    pub(crate) fn discard(&mut self, client_id: &ClientId, effects: &mut Effects) -> Vec<Departed> {
        let Some(room_id) = self.rooms.get(client_id).cloned() else { return Vec::new() };
        let waiting = self.waiting_for(client_id);
        let all = std::iter::once(client_id).chain(&waiting);
        all.filter_map(|id| self.remove(id, &room_id, effects)).collect()
    }

    /// The user is in this room: if they made it, it is made.
    pub(crate) fn created(&mut self, room_id: &RoomId, effects: &mut Effects) -> Option<Departed> {
        let lane = self.lanes.get(room_id)?;
        let client_id = lane.items.iter().find(|item| matches!(item.work, Work::Create(_)))?.client_id.clone();
        self.remove(&client_id, room_id, effects)
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
        if item.refused.replace(error.code) != Some(error.code) {
            item.tries = 0;
        }
        item.tries += 1;
        let again = match error.code.retry() {
            // Somebody else was faster: it is meant for what the message has become.
            Retry::Never
                if error.code == ErrorCode::Conflict && matches!(item.work, Work::Edit { .. } | Work::React { .. }) =>
            {
                item.tries < OVERTAKEN_TRIES
            }
            Retry::Never => false,
            Retry::AFewTimes => item.tries < INTERNAL_TRIES,
            Retry::AfterRefresh | Retry::AfterPause => true,
        };
        let again = again || (planted::has(Bug::RefusedChangeKept) && item.work.changes().is_some());
        if !again {
            return match &item.work {
                Work::Send(_) => self.park(client_id, error, effects).map(Verdict::Parked),
                work => {
                    let makes_room = matches!(work, Work::Create(_));
                    let room_id = item.room_id.clone();
                    let departed = self.remove(client_id, &room_id, effects)?;
                    let stuck = if makes_room { self.park_room(&room_id, error, effects) } else { Vec::new() };
                    Some(Verdict::Dropped(departed, stuck))
                }
            };
        }
        item.state = State::Queued;
        let room_id = item.room_id.clone();
        let until = now.saturating_add(error.retry_after_ms.unwrap_or(pause_ms));
        lane.careful = true;
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
        if let (Some(content), Work::Send(send)) = (content, &mut item.work) {
            Arc::make_mut(send).content = content;
        }
        (item.order, item.tries, item.waiter, item.state) = (order, 0, Some(waiter), State::Queued);
        self.next_order += 1;
        let room_id = item.room_id.clone();
        self.append_stored(item, effects);
        // What depends on it stays behind it.
        for waiting in self.waiting_for(client_id) {
            let Some((lane, place)) = self.find(&waiting) else { continue };
            let mut item = lane.items.remove(place).expect("its place was just found");
            item.order = self.next_order;
            self.next_order += 1;
            self.append_stored(item, effects);
        }
        Ok(room_id)
    }

    /// Whether a message of the outbox was refused for good.
    pub(crate) fn is_failed(&self, client_id: &ClientId) -> bool {
        self.item(client_id).is_some_and(|item| matches!(item.state, State::Failed(_)))
    }

    /// Whether a room is on its way to be made.
    pub(crate) fn is_making(&self, room_id: &RoomId) -> bool {
        let mut items = self.lanes.get(room_id).into_iter().flat_map(|lane| &lane.items);
        items.any(|item| matches!(item.work, Work::Create(_)))
    }

    /// The room that a message of the outbox is for.
    pub(crate) fn room_of_message(&self, client_id: &ClientId) -> Option<&RoomId> {
        self.item(client_id).filter(|item| matches!(item.work, Work::Send(_))).map(|item| &item.room_id)
    }

    /// The message as a revision would send it, to be checked first.
    pub(crate) fn revised(&self, client_id: &ClientId, content: &str) -> Result<SendMessage, ErrorBody> {
        let Some(Work::Send(send)) = self.item(client_id).map(|item| &item.work) else { return Err(unknown()) };
        Ok(SendMessage { content: content.to_owned(), ..SendMessage::clone(send) })
    }

    /// Parks the messages to a room that the user is not in, and drops what else was to be done there.
    pub(crate) fn park_room(&mut self, room_id: &RoomId, error: &ErrorBody, effects: &mut Effects) -> Vec<Departed> {
        let Some(lane) = self.lanes.get(room_id) else { return Vec::new() };
        // What may have reached the server is asked for once more: who is told that it failed must be told the truth.
        let unknown = |item: &Item| item.sent && matches!(item.work, Work::Send(_));
        let live = lane.items.iter().filter(|item| !matches!(item.state, State::Failed(_)) && !unknown(item));
        let live: Vec<_> = live.map(|item| (item.client_id.clone(), matches!(item.work, Work::Send(_)))).collect();
        let park = |(client_id, is_send): &(ClientId, bool)| match is_send {
            true => self.park(client_id, error, effects),
            false => self.remove(client_id, room_id, effects),
        };
        live.iter().filter_map(park).collect()
    }

    /// Parks what another user left in the storage of this device: nobody speaks in another's name.
    pub(crate) fn park_others(&mut self, me: &UserId, error: &ErrorBody, effects: &mut Effects) -> Vec<Departed> {
        let foreign = |item: &&Item| item.author.as_ref().is_some_and(|author| author != me);
        let live = self.lanes.values().flat_map(|lane| &lane.items);
        let live = live.filter(|item| !matches!(item.state, State::Failed(_))).filter(foreign);
        let foreign: Vec<_> = live.map(|item| item.client_id.clone()).collect();
        foreign.iter().filter_map(|client_id| self.park(client_id, error, effects)).collect()
    }

    /// All that were in flight go out again on the next connection, in their order.
    pub(crate) fn connection_lost(&mut self) {
        for lane in self.lanes.values_mut() {
            (lane.hold_until, lane.careful) = (None, false);
            for item in lane.items.iter_mut().filter(|item| item.state == State::InFlight) {
                item.state = State::Queued;
            }
        }
    }

    /// The messages of a room, as what waits behind them will leave them.
    pub(crate) fn in_room(&self, room_id: &RoomId) -> impl Iterator<Item = PendingMessage> {
        let items =
            self.lanes.get(room_id).into_iter().flat_map(|lane| lane.items.iter().map(move |item| (lane, item)));
        items.filter_map(|(lane, item)| {
            let Work::Send(send) = &item.work else { return None };
            let mut send = Arc::clone(send);
            for change in lane.items.iter().filter(|other| other.work.waits_for() == Some(&item.client_id)) {
                match &change.work {
                    Work::Edit { content, .. } => Arc::make_mut(&mut send).content.clone_from(content),
                    Work::Delete { .. } => return None,
                    Work::React { .. } | Work::Send(_) | Work::Create(_) => {}
                }
            }
            let status = item.state.status();
            Some(PendingMessage { client_id: item.client_id.clone(), send, created_ms: item.created_ms, status })
        })
    }

    /// The changes of a room's messages that are on their way, in their order.
    pub(crate) fn changes(&self, room_id: &RoomId) -> impl Iterator<Item = (&MessageId, PendingChange)> {
        let items = self.lanes.get(room_id).into_iter().flat_map(|lane| &lane.items);
        items.filter(|item| !matches!(item.state, State::Failed(_))).filter_map(|item| {
            let (id, content) = match &item.work {
                Work::Edit { target: Target::Message(id), content } => (id, Some(content.clone())),
                Work::Delete { target: Target::Message(id) } => (id, None),
                _ => return None,
            };
            Some((id, PendingChange { client_id: item.client_id.clone(), content, status: item.state.status() }))
        })
    }

    /// The reactions in a room that are on their way, in their order, and whether each adds.
    pub(crate) fn reactions(&self, room_id: &RoomId) -> impl Iterator<Item = (&MessageId, &str, bool)> {
        let items = self.lanes.get(room_id).into_iter().flat_map(|lane| &lane.items);
        items.filter(|item| !matches!(item.state, State::Failed(_))).filter_map(|item| match &item.work {
            Work::React { target: Target::Message(id), emoji, adds } => Some((id, emoji.as_str(), *adds)),
            _ => None,
        })
    }

    /// Takes out what waits here and was to give or take back this reaction: the user thought better of it.
    pub(crate) fn supersede(
        &mut self,
        room_id: &RoomId,
        target: &Target,
        emoji: &str,
        effects: &mut Effects,
    ) -> Superseded {
        let same = |item: &&Item| {
            let is_same = matches!(&item.work, Work::React { target: other, emoji: sign, .. } if other == target && sign == emoji);
            is_same && !matches!(item.state, State::Failed(_))
        };
        let items = self.lanes.get(room_id).into_iter().flat_map(|lane| &lane.items).filter(same);
        let items: Vec<_> = items.map(|item| (item.client_id.clone(), item.sent, item.state.clone())).collect();
        let was_sent = items.iter().any(|(_, sent, _)| *sent);
        let waiting = items.iter().filter(|(_, _, state)| *state != State::InFlight);
        let departed = waiting.filter_map(|(client_id, ..)| self.remove(client_id, room_id, effects)).collect();
        Superseded { departed, was_sent }
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
        Some(Departed { client_id: item.client_id, room_id: item.room_id, waiter, work: item.work })
    }

    fn append(&mut self, item: Item) {
        self.rooms.insert(item.client_id.clone(), item.room_id.clone());
        self.lanes.entry(item.room_id.clone()).or_default().items.push_back(item);
    }

    fn append_stored(&mut self, mut item: Item, effects: &mut Effects) {
        if let Some(op) = self.put(&item, effects)
            && !planted::has(Bug::SentUnstored)
        {
            item.state = item.state.stored_by(op);
        }
        self.append(item);
    }

    /// An item that was stored anew waits for that, if it waits to be sent.
    fn restate(&mut self, client_id: &ClientId, op: Option<OpId>) {
        if let (Some(op), Some((lane, place))) = (op, self.find(client_id)) {
            let item = &mut lane.items[place];
            item.state = item.state.clone().stored_by(op);
        }
    }

    fn remove(&mut self, client_id: &ClientId, room_id: &RoomId, effects: &mut Effects) -> Option<Departed> {
        let lane = self.lanes.get_mut(room_id)?;
        let place = lane.items.iter().position(|item| item.client_id == *client_id)?;
        let Item { client_id, room_id, waiter, work, .. } = lane.items.remove(place)?;
        if lane.items.is_empty() {
            self.lanes.remove(&room_id);
        }
        self.rooms.remove(&client_id);
        self.persist(StorageChange::Remove(client_id.clone()), effects);
        Some(Departed { client_id, room_id, waiter, work })
    }

    /// Those who wait for what waits for a message.
    pub(crate) fn take_waiters(&mut self, client_id: &ClientId) -> Vec<CommandId> {
        let Some(lane) = self.rooms.get(client_id).and_then(|room_id| self.lanes.get_mut(room_id)) else {
            return Vec::new();
        };
        let waiting = lane.items.iter_mut().filter(|item| item.work.waits_for() == Some(client_id));
        waiting.filter_map(|item| item.waiter.take()).collect()
    }

    /// What waits for a message of the outbox, in its order.
    fn waiting_for(&self, client_id: &ClientId) -> Vec<ClientId> {
        let lane = self.rooms.get(client_id).and_then(|room_id| self.lanes.get(room_id));
        let items = lane.into_iter().flat_map(|lane| &lane.items);
        items.filter(|item| item.work.waits_for() == Some(client_id)).map(|item| item.client_id.clone()).collect()
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
        let task = Task::of(&item.client_id, &item.room_id, &item.work);
        let saved = SavedItem { task, author: item.author.clone(), order, created_ms, failed };
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
