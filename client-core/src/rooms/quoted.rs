//! Messages that others answer and that were looked up for it, kept up to date as long as they are few.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use roomcast_protocol::{MessageId, model::Message};

/// The one looked up longest ago makes room for the next.
const QUOTED_MOST: usize = 256;

/// The looked-up messages of a room. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quoted {
    by_id: Arc<BTreeMap<MessageId, Arc<Message>>>,
    order: VecDeque<MessageId>,
}

impl Quoted {
    pub(crate) const fn by_id(&self) -> &Arc<BTreeMap<MessageId, Arc<Message>>> {
        &self.by_id
    }

    /// Takes in what was looked up.
    pub(crate) fn keep(&mut self, message: Arc<Message>) {
        if self.by_id.contains_key(&message.id) {
            return self.changed(&message);
        }
        let by_id = Arc::make_mut(&mut self.by_id);
        if self.order.len() == QUOTED_MOST
            && let Some(oldest) = self.order.pop_front()
        {
            by_id.remove(&oldest);
        }
        self.order.push_back(message.id.clone());
        by_id.insert(message.id.clone(), message);
    }

    /// Counts a reply at the message that its thread hangs on.
    pub(crate) fn answered(&mut self, reply: &Message) {
        if let Some(root) = reply.thread_id.as_ref().filter(|root| self.by_id.contains_key(*root)) {
            let root = Arc::make_mut(&mut self.by_id).get_mut(root).expect("it is there");
            Arc::make_mut(root).count_reply(reply);
        }
    }

    /// Follows a change of a message.
    pub(crate) fn changed(&mut self, message: &Arc<Message>) {
        if self.by_id.get(&message.id).is_some_and(|known| known.rev < message.rev) {
            Arc::make_mut(&mut self.by_id).insert(message.id.clone(), Arc::clone(message));
        }
    }
}
