//! What was asked for beside the changes: pages of the history and of threads, single messages.

use std::sync::Arc;

use roomcast_protocol::{MessageId, Seq, model::Message};

use super::{Me, Room};
use crate::rooms::{quoted::Quoted, thread::Thread};

impl Room {
    /// Takes in a page of the history and gives it back as it is now known.
    pub(crate) fn load(&mut self, messages: Vec<Message>, me: Me<'_>) -> Vec<Arc<Message>> {
        let loaded = self.history.load(messages);
        self.unread.recount(&self.history, me);
        loaded
    }

    /// Takes in the page of the history before a place; without one, the newest.
    pub(crate) fn load_older(
        &mut self,
        messages: Vec<Message>,
        before: Option<Seq>,
        has_more: bool,
        me: Me<'_>,
    ) -> Vec<Arc<Message>> {
        let oldest = messages.iter().map(|message| message.seq).min();
        if !has_more {
            self.history.begins_at(oldest.or(before).unwrap_or(self.history.head().next()));
        }
        self.load(messages, me)
    }

    /// The cursor from which the messages must be asked for to know how many are unread; `None` where it is known.
    pub(crate) fn uncounted(&self) -> Option<Seq> {
        self.unread.vague.then_some(self.unread.read_seq)
    }

    /// Takes in the messages after the cursor.
    pub(crate) fn recount(&mut self, messages: Vec<Message>, has_more: bool, me: Me<'_>) -> Vec<Arc<Message>> {
        let loaded = self.load(messages, me);
        // Where there are more than a page of them, their number stays a guess.
        self.unread.vague &= !has_more;
        loaded
    }

    /// Messages that were looked up because others answer them.
    pub(crate) const fn quoted(&self) -> &Quoted {
        &self.quoted
    }

    /// Keeps a message that another one answers.
    pub(crate) fn quote(&mut self, message: Arc<Message>) {
        self.quoted.keep(message);
    }

    pub(crate) fn thread(&self, id: &MessageId) -> Option<&Thread> {
        self.threads.get(id)
    }

    /// The threads that are looked at.
    pub(crate) fn threads(&self) -> impl Iterator<Item = &MessageId> {
        self.threads.keys()
    }

    /// Begins to look at a thread, if nobody does.
    pub(crate) fn open_thread(&mut self, id: &MessageId) -> &Thread {
        let (history, limit) = (&self.history, self.limit);
        self.threads.entry(id.clone()).or_insert_with(|| {
            let first = history.place_of(id).and_then(|seq| history.at(seq)).cloned();
            Thread::new(id.clone(), first, history.head(), limit)
        })
    }

    /// Stops looking at a thread.
    pub(crate) fn close_thread(&mut self, id: &MessageId) {
        self.threads.remove(id);
    }

    /// Takes in the page of a thread before a place, and gives it back as it is now known.
    pub(crate) fn load_thread(
        &mut self,
        id: &MessageId,
        messages: Vec<Message>,
        before: Seq,
        has_more: bool,
    ) -> Vec<Arc<Message>> {
        // What was posted after our `rev` comes with its own change.
        let told = messages.into_iter().filter(|message| message.seq <= self.history.head());
        let loaded: Vec<_> = told.map(|message| self.history.latest(message)).collect();
        if let Some(thread) = self.threads.get_mut(id) {
            thread.load(&loaded, before, has_more);
        }
        loaded
    }

    /// Takes in the first message of a thread.
    pub(crate) fn load_first(&mut self, id: &MessageId, message: &Arc<Message>) {
        if let Some(thread) = self.threads.get_mut(id) {
            thread.take(message);
        }
    }
}
