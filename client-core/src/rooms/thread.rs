//! A thread that is looked at: the messages of a room that belong to one first message.
//!
//! A thread's places are not dense, so a page says how far it reaches, and what is known is kept as runs of the
//! room's places. What is shown is the run that reaches to now.

use std::sync::Arc;

use roomcast_protocol::{MessageId, Seq, model::Message};

use super::{
    Timeline,
    chunks::{Chunks, Put},
    runs::Runs,
};

/// Places from here on are yet to come.
const NOW: u64 = roomcast_protocol::number::SAFE_END;

/// One thread.
#[derive(Debug, Clone)]
pub(crate) struct Thread {
    id: MessageId,
    /// The message that it hangs below.
    pub(crate) first: Option<Arc<Message>>,
    messages: Chunks,
    known: Runs,
    /// Most messages to keep; more once the user has asked for more.
    keep: usize,
    limit: usize,
}

impl Thread {
    /// A thread of which everything after the room's newest message will be told.
    pub(crate) fn new(id: MessageId, first: Option<Arc<Message>>, head: Seq, limit: usize) -> Self {
        let mut thread = Self { id, first, messages: Chunks::default(), known: Runs::default(), keep: limit, limit };
        thread.known.add(head.value() + 1, NOW);
        thread
    }

    /// Begins anew, because what is loaded may have changed unheard.
    pub(crate) fn reset(&mut self, head: Seq) {
        *self = Self::new(self.id.clone(), None, head, self.limit);
    }

    /// Takes in a message as a change of the room has made it.
    pub(crate) fn take(&mut self, message: &Arc<Message>) {
        if message.id == self.id {
            if self.first.as_ref().is_none_or(|first| first.rev < message.rev) {
                self.first = Some(Arc::clone(message));
            }
        } else if message.thread_id.as_ref() == Some(&self.id)
            && self.known.around(message.seq.value()).is_some()
            && self.messages.put(Arc::clone(message)) == Put::New
        {
            self.trim();
        }
    }

    /// Counts a reply at the message that the thread hangs on.
    pub(crate) fn answered(&mut self, reply: &Message) {
        if let Some(first) = self.first.as_mut().filter(|_| reply.thread_id.as_ref() == Some(&self.id)) {
            Arc::make_mut(first).count_reply(reply);
        }
    }

    /// Takes in the page before a place.
    pub(crate) fn load(&mut self, messages: &[Arc<Message>], before: Seq, has_more: bool) {
        let last = before.value().saturating_sub(1);
        let oldest = messages.iter().map(|message| message.seq.value()).min();
        self.known.add(if has_more { oldest.unwrap_or(last) } else { 1 }, last);
        self.keep = self.keep.max((self.messages.len() + messages.len()).saturating_add(self.limit));
        for message in messages {
            self.take(message);
        }
    }

    /// Where a message of it is.
    pub(crate) fn place_of(&self, id: &MessageId) -> Option<Seq> {
        self.timeline().find(id).map(|message| message.seq)
    }

    /// The place from which everything is known: the next page is the one before it.
    pub(crate) fn reach(&self) -> Seq {
        Seq::new(self.known.around(NOW).map_or(NOW, |run| run.first))
    }

    pub(crate) fn has_older(&self) -> bool {
        self.reach().value() > 1
    }

    pub(crate) fn timeline(&self) -> Timeline {
        Timeline::of_all(&self.messages, self.reach().value())
    }

    fn trim(&mut self) {
        while self.messages.len() > self.keep {
            let Some(oldest) = self.messages.range(0, u64::MAX).next().map(|message| message.seq.value()) else {
                return;
            };
            self.messages.remove(0, oldest);
            self.known.remove(0, oldest);
        }
    }
}
