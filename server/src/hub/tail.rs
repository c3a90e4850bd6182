//! The last changes of a room, so that most resumes never touch the database (G-7).

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use roomcast_protocol::{
    Event, MessageId, Rev, RoomId, Seq, UserId,
    model::{DeltaKind, Message, Receipt, RoomDelta},
};

use crate::planted::{self, Bug};

/// Most entries that a room keeps.
const LENGTH: usize = 256;

#[derive(Debug, Clone)]
enum Entry {
    Message(Box<Message>),
    /// Something that is told better from the database.
    Other,
}

/// A room's last changes, oldest first, without holes.
#[derive(Debug, Clone)]
pub struct Tail {
    /// Everything after this `rev` is here.
    floor: Rev,
    head: Rev,
    entries: VecDeque<(Rev, Entry)>,
    cursors: Cursors,
}

/// Where the members have read up to, which stands beside the log.
#[derive(Debug, Clone, Default)]
struct Cursors {
    /// What was heard, and read.
    known: BTreeMap<UserId, Seq>,
    /// Whether they are all: the database was read since the tail hears of them.
    whole: bool,
    /// Which ones these are.
    since: CursorsSince,
}

/// Since when a tail hears of cursors: what was read from the database before another one began says nothing of what
/// moved in between.
#[derive(Debug, Clone, Default)]
pub struct CursorsSince(Arc<()>);

/// What a tail can say about a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TailAnswer {
    /// All that happened since.
    Delta(Box<RoomDelta>),
    /// Ask the database.
    Unknown,
}

impl Tail {
    /// A tail that begins after this `rev`.
    #[must_use]
    pub fn after(rev: Rev) -> Self {
        Self { floor: rev, head: rev, entries: VecDeque::new(), cursors: Cursors::default() }
    }

    /// The newest change that it knows.
    #[must_use]
    pub const fn head(&self) -> Rev {
        self.head
    }

    /// Takes a change of the room's log. One that does not follow the last makes the tail begin anew.
    pub fn push(&mut self, rev: Rev, event: &Event) {
        if rev <= self.head {
            return;
        }
        if rev != self.head.next() {
            let cursors = std::mem::take(&mut self.cursors);
            *self = Self { cursors, ..Self::after(Rev::new(rev.value() - 1)) };
        }
        self.head = rev;
        let entry = match event {
            // Its change is one of the thread's first message, too, which is not here.
            Event::NewMessage(new) if new.message.thread_id.is_some() => Entry::Other,
            Event::NewMessage(new) => Entry::Message(Box::new(new.message.clone())),
            Event::MessageEdited(changed) | Event::MessageDeleted(changed) => {
                Entry::Message(Box::new(changed.message.clone()))
            }
            Event::MessageUpdated(updated) => Entry::Message(Box::new(updated.message.clone())),
            _ => Entry::Other,
        };
        self.keep(rev, entry);
    }

    /// Takes note that the room has come to a change that is not among those that were pushed.
    pub fn reach(&mut self, rev: Rev) {
        if rev > self.head {
            self.head = rev;
            self.keep(rev, Entry::Other);
        }
    }

    /// Takes what the database says of all changes after `since` and up to `rev`: the messages that changed, and the
    /// changes of what is told better from the database. Where it lacks what was before, it begins anew.
    pub fn catch_up(&mut self, since: Rev, rev: Rev, messages: Vec<Message>, others: impl IntoIterator<Item = Rev>) {
        if since > self.head {
            let cursors = std::mem::take(&mut self.cursors);
            *self = Self { cursors, ..Self::after(since) };
        }
        let before = self.head;
        let others = others.into_iter().map(|rev| (rev, Entry::Other));
        let mut entries: Vec<(Rev, Entry)> = messages
            .into_iter()
            .map(|message| (message.rev, Entry::Message(Box::new(message))))
            .chain(others)
            .collect();
        entries.retain(|(at, _)| *at > before && *at <= rev);
        entries.sort_by_key(|(at, _)| *at);
        self.head = self.head.max(rev);
        for (at, entry) in entries {
            self.keep(at, entry);
        }
    }

    /// Takes a moved cursor.
    pub fn push_cursor(&mut self, user: UserId, seq: Seq) {
        // They may come in any order, and only move forward.
        let cursor = self.cursors.known.entry(user).or_default();
        *cursor = (*cursor).max(seq);
    }

    /// Forgets the cursor of somebody who left.
    pub fn forget_cursor(&mut self, user: &UserId) {
        self.cursors.known.remove(user);
    }

    /// Forgets all cursors: those that move from now on are not told here.
    pub fn forget_cursors(&mut self) {
        self.cursors = Cursors::default();
    }

    /// All cursors; where they are not whole, since when they are heard of: they are to be read from the database and
    /// given to [`Tail::take_cursors`] with that.
    ///
    /// # Errors
    /// They are not whole.
    pub fn cursors(&self) -> Result<Vec<Receipt>, CursorsSince> {
        let receipt = |(user, seq): (&UserId, &Seq)| Receipt { user_id: user.clone(), read_seq: *seq };
        if self.cursors.whole {
            Ok(self.cursors.known.iter().map(receipt).collect())
        } else {
            Err(self.cursors.since.clone())
        }
    }

    /// Takes all cursors as they were read; what moved meanwhile was heard. Nothing where others began meanwhile.
    pub fn take_cursors(&mut self, since: &CursorsSince, receipts: &[Receipt]) {
        if Arc::ptr_eq(&self.cursors.since.0, &since.0) {
            receipts.iter().for_each(|receipt| self.push_cursor(receipt.user_id.clone(), receipt.read_seq));
            self.cursors.whole = true;
        }
    }

    fn keep(&mut self, rev: Rev, entry: Entry) {
        self.entries.push_back((rev, entry));
        if self.entries.len() > LENGTH
            && let Some((dropped, _)) = self.entries.pop_front()
        {
            self.floor = self.floor.max(dropped);
        }
    }

    /// What happened after `since`, without the cursors.
    #[must_use]
    pub fn since(&self, room: &RoomId, since: Rev) -> TailAnswer {
        if since < self.floor || since > self.head {
            return TailAnswer::Unknown;
        }
        let mut messages = BTreeMap::<&MessageId, &Message>::new();
        for (rev, entry) in &self.entries {
            match entry {
                Entry::Message(message) if *rev > since => {
                    messages.insert(&message.id, message);
                }
                Entry::Other if *rev > since && !planted::has(Bug::TailSkipsMembers) => return TailAnswer::Unknown,
                _ => {}
            }
        }
        let mut delta = RoomDelta::bare(room.clone(), DeltaKind::Delta, self.head);
        delta.messages = messages.into_values().cloned().collect();
        delta.messages.sort_by_key(|message| message.seq);
        TailAnswer::Delta(Box::new(delta))
    }
}

#[cfg(test)]
mod tests {
    use roomcast_protocol::event::{NewMessage, UserLeft};

    use super::*;

    fn message(seq: u64, rev: u64) -> Event {
        let json = format!(
            r#"{{"message":{{"id":"m{seq}","roomId":"r","userId":"u","type":"text","content":"hi","seq":{seq},
            "rev":{rev},"version":1,"createdAt":1}},"user":{{"id":"u","name":"U"}},"rev":{rev}}}"#
        );
        Event::NewMessage(Box::new(serde_json::from_str::<NewMessage>(&json).expect("a message")))
    }

    fn seqs(answer: TailAnswer) -> Option<Vec<u64>> {
        match answer {
            TailAnswer::Delta(delta) => Some(delta.messages.iter().map(|message| message.seq.value()).collect()),
            TailAnswer::Unknown => None,
        }
    }

    #[test]
    fn answers_what_it_has_and_nothing_more() {
        let room = RoomId::parse("r").expect("an id");
        let mut tail = Tail::after(Rev::new(10));
        for n in 11..=14 {
            tail.push(Rev::new(n), &message(n, n));
        }
        assert_eq!(seqs(tail.since(&room, Rev::new(12))), Some(vec![13, 14]));
        assert_eq!(seqs(tail.since(&room, Rev::new(14))), Some(vec![]));
        assert_eq!(seqs(tail.since(&room, Rev::new(9))), None);
        assert_eq!(seqs(tail.since(&room, Rev::new(15))), None);
    }

    #[test]
    fn a_hole_makes_it_begin_anew() {
        let room = RoomId::parse("r").expect("an id");
        let mut tail = Tail::after(Rev::new(0));
        tail.push(Rev::new(1), &message(1, 1));
        tail.push(Rev::new(3), &message(3, 3));
        assert_eq!(seqs(tail.since(&room, Rev::new(1))), None);
        assert_eq!(seqs(tail.since(&room, Rev::new(3))), Some(vec![]));
    }

    #[test]
    fn g7_what_was_read_answers_like_what_was_heard() {
        let room = RoomId::parse("r").expect("an id");
        let read = |seq: u64, rev: u64| match message(seq, rev) {
            Event::NewMessage(new) => new.message,
            _ => unreachable!("a message"),
        };
        let mut tail = Tail::after(Rev::new(4));
        tail.push(Rev::new(5), &message(1, 5));
        // 6 and 9 are one message, 7 is a membership, 8 another message.
        tail.catch_up(Rev::new(5), Rev::new(9), vec![read(3, 8), read(2, 9)], [Rev::new(7)]);
        assert_eq!(tail.head(), Rev::new(9));
        assert_eq!(seqs(tail.since(&room, Rev::new(7))), Some(vec![2, 3]));
        assert_eq!(seqs(tail.since(&room, Rev::new(8))), Some(vec![2]));
        assert_eq!(seqs(tail.since(&room, Rev::new(6))), None, "the membership is the database's to tell");
        tail.push(Rev::new(10), &message(4, 10));
        assert_eq!(seqs(tail.since(&room, Rev::new(9))), Some(vec![4]));
        tail.catch_up(Rev::new(5), Rev::new(8), vec![read(3, 8)], []);
        assert_eq!(tail.head(), Rev::new(10), "an old reading changes nothing");
        tail.reach(Rev::new(11));
        assert_eq!(seqs(tail.since(&room, Rev::new(10))), None);
    }

    #[test]
    fn g7_what_was_read_from_behind_the_head_on_answers_for_nothing_before() {
        let room = RoomId::parse("r").expect("an id");
        let mut tail = Tail::after(Rev::new(4));
        // The room was forgotten and began again while the database was read.
        let Event::NewMessage(new) = message(9, 9) else { unreachable!("a message") };
        tail.catch_up(Rev::new(7), Rev::new(9), vec![new.message], []);
        assert_eq!(seqs(tail.since(&room, Rev::new(6))), None, "the seventh is not here");
        assert_eq!(seqs(tail.since(&room, Rev::new(8))), Some(vec![9]));
    }

    #[test]
    fn memberships_are_left_to_the_database() {
        let room = RoomId::parse("r").expect("an id");
        let mut tail = Tail::after(Rev::new(0));
        tail.push(Rev::new(1), &message(1, 1));
        let left = UserLeft { room_id: room.clone(), user_id: UserId::parse("u").expect("an id"), rev: Rev::new(2) };
        tail.push(Rev::new(2), &Event::UserLeft(Box::new(left)));
        tail.push(Rev::new(3), &message(2, 3));
        assert_eq!(seqs(tail.since(&room, Rev::new(1))), None);
        assert_eq!(seqs(tail.since(&room, Rev::new(2))), Some(vec![2]));
    }

    #[test]
    fn old_changes_fall_off_its_end() {
        let room = RoomId::parse("r").expect("an id");
        let mut tail = Tail::after(Rev::new(0));
        for n in 1..=300 {
            tail.push(Rev::new(n), &message(n, n));
        }
        assert_eq!(seqs(tail.since(&room, Rev::new(43))), None);
        assert_eq!(seqs(tail.since(&room, Rev::new(44))).map(|seqs| seqs.len()), Some(256));
    }

    #[test]
    fn g12_cursors_are_told_where_the_database_was_read_since_they_are_heard() {
        let user = |name: &str| UserId::parse(name).expect("an id");
        let read = |name: &str, seq| Receipt { user_id: user(name), read_seq: Seq::new(seq) };
        let mut tail = Tail::after(Rev::new(0));
        tail.push_cursor(user("u"), Seq::new(5));
        let since = tail.cursors().expect_err("who moved before is not known");
        tail.push_cursor(user("u"), Seq::new(7));
        tail.take_cursors(&since, &[read("u", 6), read("v", 3)]);
        assert_eq!(tail.cursors().ok(), Some(vec![read("u", 7), read("v", 3)]), "each at its furthest");
        tail.push(Rev::new(9), &message(1, 9));
        tail.forget_cursor(&user("u"));
        assert_eq!(tail.cursors().ok(), Some(vec![read("v", 3)]), "a hole in the log is none of theirs");
        tail.forget_cursors();
        tail.take_cursors(&since, &[read("v", 3)]);
        assert!(tail.cursors().is_err(), "what was read before says nothing of what moved since");
    }
}
