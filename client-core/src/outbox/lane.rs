//! What the user did in one room, in its order: which of it may go now.

use std::collections::VecDeque;

use roomcast_protocol::{ClientId, MessageId};

use super::item::{Item, State, Work};
use crate::time::Millis;

#[derive(Debug, Clone, Default)]
pub(super) struct Lane {
    pub(super) items: VecDeque<Item>,
    pub(super) hold_until: Option<Millis>,
    /// After a refusal one at a time: pipelined, the next could be taken before the one that was not.
    pub(super) careful: bool,
}

impl Lane {
    /// The first item that is not under way, if it may go.
    pub(super) fn ready(&mut self, now: Millis) -> Option<&mut Item> {
        if self.hold_until.is_some_and(|until| until > now) {
            return None;
        }
        self.hold_until = None;
        let under_way = |item: &Item| !matches!(item.state, State::Failed(_));
        self.careful &= self.items.iter().any(under_way);
        if self.careful && self.items.iter().any(|item| item.state == State::InFlight) {
            return None;
        }
        for place in 0..self.items.len() {
            let item = &self.items[place];
            match (&item.state, &item.work) {
                (State::Failed(_), _) => {}
                // Nothing is said in a room that may not be there.
                (State::InFlight, Work::Create(_)) | (State::Storing(_), _) => return None,
                (State::InFlight, _) => {}
                (State::Queued, work) => match work.waits_for().and_then(|id| self.get(id)) {
                    // It waits with its message for the user.
                    Some(Item { state: State::Failed(_), .. }) => {}
                    Some(_) => return None,
                    // Pipelined, the later of two texts could be taken before the earlier, and be overwritten.
                    None if self.is_changing(work.changes()) => return None,
                    None => return self.items.get_mut(place),
                },
            }
        }
        None
    }

    /// The message on its way that this one follows: the server must not take this one without it.
    pub(super) fn before(&self, client_id: &ClientId) -> Option<ClientId> {
        let earlier = self.items.iter().take_while(|item| item.client_id != *client_id);
        let sent = earlier.filter(|item| item.state == State::InFlight && matches!(item.work, Work::Send(_)));
        sent.last().map(|item| item.client_id.clone())
    }

    /// Whether a change of this message is on its way.
    pub(super) fn is_changing(&self, message_id: Option<&MessageId>) -> bool {
        let in_flight = self.items.iter().filter(|item| item.state == State::InFlight);
        message_id.is_some() && in_flight.map(|item| item.work.changes()).any(|other| other == message_id)
    }

    pub(super) fn get(&self, client_id: &ClientId) -> Option<&Item> {
        self.items.iter().find(|item| item.client_id == *client_id)
    }
}
