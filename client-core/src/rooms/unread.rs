//! The user's own cursor and what lies behind it: seq > cursor, not mine, not deleted (G-12).

use roomcast_protocol::{Seq, UserId, model::Message};

use super::history::History;
use crate::planted::{self, Bug};

/// A cursor with its counts. Taken from the server, kept by small steps, recounted where what is loaded reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Unread {
    pub(crate) read_seq: Seq,
    pub(crate) count: u64,
    pub(crate) mentions: u64,
    /// Whether the counts are a guess, because the cursor passed messages that are not here or one of those is gone.
    pub(crate) vague: bool,
}

impl Unread {
    /// Counts a message that was not there before.
    pub(crate) fn posted(&mut self, message: &Message, me: Option<&UserId>) {
        if self.counts(message, me) {
            self.count += 1;
            self.mentions += u64::from(mentions(message, me));
        }
    }

    /// Counts a message no more that was deleted; `before` is what it was, if known.
    pub(crate) fn deleted(&mut self, before: Option<&Message>, now: &Message, history: &History, me: Option<&UserId>) {
        let counted = now.seq > self.read_seq && me != Some(&now.user_id);
        if now.deleted_at.is_none() || !counted || self.recount(history, me) {
            return;
        }
        if let Some(before) = before.filter(|before| before.rev < now.rev) {
            if before.deleted_at.is_none() {
                self.count = self.count.saturating_sub(1);
                self.mentions = self.mentions.saturating_sub(u64::from(mentions(before, me)));
            }
            return;
        }
        self.count = self.count.saturating_sub(1);
        // Nobody knows here whom it mentioned. A page may have told in advance, and one that begins a thread changes
        // again after its deletion.
        self.vague |= self.mentions > 0 || before.is_some() || now.thread.is_some();
        self.mentions = self.mentions.min(self.count);
    }

    /// Moves the cursor, never back; tells whether it moved.
    pub(crate) fn advance(&mut self, seq: Seq, history: &History, me: Option<&UserId>) -> bool {
        if seq <= self.read_seq {
            return false;
        }
        let (passed, head) = (self.read_seq.next(), history.head());
        self.read_seq = seq;
        if seq >= head {
            (self.count, self.mentions, self.vague) = (0, 0, false);
        } else if !self.recount(history, me) {
            self.vague = true;
            for message in history.range(passed, seq) {
                if me != Some(&message.user_id) && message.deleted_at.is_none() {
                    self.count = self.count.saturating_sub(1);
                    self.mentions = self.mentions.saturating_sub(u64::from(mentions(message, me)));
                }
            }
            self.count = self.count.min(head.value() - seq.value());
            self.mentions = self.mentions.min(self.count);
        }
        true
    }

    /// Counts anew, if all that is after the cursor is loaded; tells whether it is.
    pub(crate) fn recount(&mut self, history: &History, me: Option<&UserId>) -> bool {
        let Some(rest) = history.after(self.read_seq) else { return false };
        let (mut count, mut mentioned) = (0, 0);
        for message in rest.filter(|message| self.counts(message, me)) {
            count += 1;
            mentioned += u64::from(mentions(message, me));
        }
        (self.count, self.mentions, self.vague) = (count, mentioned, false);
        true
    }

    fn counts(&self, message: &Message, me: Option<&UserId>) -> bool {
        let own = me == Some(&message.user_id) && !planted::has(Bug::OwnUnread);
        message.seq > self.read_seq && !own && message.deleted_at.is_none()
    }
}

fn mentions(message: &Message, me: Option<&UserId>) -> bool {
    me.is_some_and(|me| message.mentions.contains(me))
}
