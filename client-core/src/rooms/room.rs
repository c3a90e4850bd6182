//! One room: its changes in the order of `rev`, and what they made of it. `pages` takes what was asked for beside.

use std::sync::Arc;

use roomcast_protocol::{
    ClientId, MessageId, Rev, RoomId, Seq, UserId,
    collections::BTreeMap,
    model::{DeltaKind, Member, Message, Receipt, Role, Room as RoomInfo, RoomDelta, RoomState, Status},
};

use super::{
    change::Change,
    chunks::Put,
    history::History,
    members::Members,
    mine::{self, Mine},
    quoted::Quoted,
    receipts::Receipts,
    thread::Thread,
    unread::Unread,
};
use crate::{
    notice::Notice,
    planted::{self, Bug},
};

mod pages;

/// Most changes held back while one before them is missing; beyond, the server is asked anyway.
const HELD_MOST: usize = 1_000;

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offered {
    /// It took effect, and maybe others that had waited for it.
    Applied,
    /// It had taken effect before.
    Known,
    /// One before it is missing.
    Held,
}

/// A room that the user is in.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(crate) info: Arc<RoomInfo>,
    pub(crate) role: Role,
    /// The newest change that took effect. The `rev` within `info` is the server's word at some moment.
    rev: Rev,
    pub(crate) history: History,
    quoted: Quoted,
    threads: BTreeMap<MessageId, Thread>,
    pub(crate) members: Members,
    pub(crate) receipts: Receipts,
    pub(crate) unread: Unread,
    held: BTreeMap<Rev, Change>,
    /// What acknowledgements said of messages ahead of our `rev`: shown at once, whatever is held.
    told_ahead: BTreeMap<MessageId, Arc<Message>>,
    /// The newest change that we have heard of.
    heard: Rev,
    /// Most messages to keep that nobody asked for.
    limit: usize,
    unconfirmed: Option<Unconfirmed>,
}

/// The user's cursor as it was before they moved it further than the server knows.
#[derive(Debug, Clone)]
struct Unconfirmed {
    before: Unread,
    /// The newest message at that moment.
    head: Seq,
    /// How far the server knows of since.
    confirmed: Seq,
}

/// Who looks: it decides what is unread.
pub(crate) type Me<'a> = Option<&'a UserId>;

impl Room {
    pub(crate) fn new(state: RoomState, limit: usize) -> Self {
        let RoomState { room, role, read_seq, unread, mentions, last_message, users, receipts, .. } = state;
        let mut entered = Self {
            rev: room.rev,
            heard: room.rev,
            history: History::new(room.seq, limit),
            quoted: Quoted::default(),
            threads: BTreeMap::new(),
            info: Arc::new(room),
            role,
            members: Members::new(users),
            receipts: Receipts::default(),
            unread: Unread { read_seq, count: unread, mentions, vague: false },
            held: BTreeMap::new(),
            told_ahead: BTreeMap::new(),
            limit,
            unconfirmed: None,
        };
        entered.receipts.merge(&receipts);
        entered.history.load(last_message.into_iter().collect());
        entered
    }

    pub(crate) const fn rev(&self) -> Rev {
        self.rev
    }

    pub(crate) fn id(&self) -> &RoomId {
        &self.info.id
    }

    /// Where a message is, if it is loaded.
    pub(crate) fn place_of(&self, id: &MessageId) -> Option<Seq> {
        self.history.place_of(id).or_else(|| self.threads.values().find_map(|thread| thread.place_of(id)))
    }

    /// The version of a message that the server is known to have come to.
    pub(crate) fn version_of(&self, id: &MessageId) -> Option<u64> {
        let loaded = self.history.place_of(id).and_then(|seq| self.history.at(seq));
        loaded.into_iter().chain(self.ahead(id)).map(|message| message.version).max()
    }

    /// The newest change that is known of all of the room or of this message.
    pub(crate) fn rev_with(&self, id: &MessageId) -> Rev {
        self.ahead(id).map(|message| message.rev).fold(self.rev, Rev::max)
    }

    /// A message as it is told to be behind the changes that the room has come to.
    fn ahead(&self, id: &MessageId) -> impl Iterator<Item = &Arc<Message>> {
        let held = self.held.values().filter_map(|change| match change {
            Change::Posted(message, _) | Change::Edited(message, _) => Some(message),
            _ => None,
        });
        // What was told ahead says nothing any more once changes have come so far.
        self.told_ahead().chain(held).filter(move |message| message.id == *id)
    }

    /// The user's own messages that are acknowledged and wait for a change before them.
    pub(crate) fn held_messages_of(&self, user_id: &UserId) -> impl Iterator<Item = &Arc<Message>> {
        let waits = |message: &Message| message.user_id == *user_id && self.history.is_untold(message.seq);
        self.held.values().filter_map(move |change| match change {
            Change::Posted(message, _) if waits(message) => Some(message),
            _ => None,
        })
    }

    /// The message that a send became, if it is loaded; the newest are looked at first.
    pub(crate) fn sent_as(&self, user_id: &UserId, client_id: &ClientId) -> Option<&Arc<Message>> {
        let sent =
            |message: &&Arc<Message>| message.client_id.as_ref() == Some(client_id) && message.user_id == *user_id;
        self.held_messages_of(user_id).find(sent).or_else(|| self.history.newest_first().find(sent))
    }

    /// Messages as acknowledgements say that they are now, where a change before that is missing.
    pub(crate) fn told_ahead(&self) -> impl Iterator<Item = &Arc<Message>> {
        self.told_ahead.values().filter(|message| message.rev > self.rev)
    }

    /// Takes a change in any order and lets take effect what is next (G-9).
    pub(crate) fn offer(&mut self, rev: Rev, change: Change, me: Me<'_>, notices: &mut Vec<Notice>) -> Offered {
        if rev <= self.rev {
            return Offered::Known;
        }
        let change = self.as_it_is(change);
        if rev > self.rev.next() && !planted::has(Bug::OutOfTurn) {
            self.hold(rev, change);
            return Offered::Held;
        }
        if self.stands_for_another(&change) {
            self.hear_of(rev);
            return Offered::Held;
        }
        self.apply(change, me, notices);
        self.rev = rev;
        self.release(me, notices);
        Offered::Applied
    }

    /// The acknowledgement of a send that was repeated says how the message is now: where it has been told, that is no
    /// posting.
    fn as_it_is(&self, change: Change) -> Change {
        match change {
            Change::Posted(message, None) if !self.history.is_untold(message.seq) => {
                Change::Edited(message, Mine::Told)
            }
            change => change,
        }
    }

    /// Holds a change back. An acknowledgement says how a message is, at a change that may be another's: what tells of
    /// that one stays.
    fn hold(&mut self, rev: Rev, change: Change) {
        if let Change::Edited(message, Mine::Told) = &change {
            let head = self.rev;
            self.told_ahead.retain(|_, told| told.rev > head);
            if self.told_ahead.len() < HELD_MOST {
                self.told_ahead.insert(message.id.clone(), Arc::clone(message));
            }
            if self.held.contains_key(&rev) {
                return;
            }
        }
        self.held.insert(rev, change);
        if self.held.len() > HELD_MOST {
            self.held.pop_last();
        }
    }

    /// Whether what would be the next change is one of another message. A command that changes nothing is answered with
    /// the message as it is, and the newest change of one that begins a thread can be that a reply was posted: only
    /// that reply takes effect as that change. Nothing else makes the thread's summary another one.
    fn stands_for_another(&self, change: &Change) -> bool {
        let Change::Edited(message, Mine::Told) = change else { return false };
        let known = self.history.at(message.seq);
        self.history.is_untold(message.seq)
            || match known {
                Some(known) if known.rev < message.rev => known.thread != message.thread,
                _ => message.thread.is_some(),
            }
    }

    /// Another life of the database: changes that waited for one of the old life wait for nothing now, cursors may be
    /// where they were before, and no place is what it was.
    pub(crate) fn begin_anew(&mut self) {
        self.held.clear();
        self.told_ahead.clear();
        self.receipts = Receipts::default();
        self.history.look_at_newest();
        self.threads.clear();
    }

    /// Hears of a change without being told what it is.
    pub(crate) fn hear_of(&mut self, rev: Rev) {
        self.heard = self.heard.max(rev);
    }

    /// Whether changes are known to be missing.
    pub(crate) fn is_behind(&self) -> bool {
        !self.held.is_empty() || self.heard > self.rev
    }

    /// Takes the server's answer to what happened since our `rev`.
    pub(crate) fn catch_up(&mut self, delta: RoomDelta, me: Me<'_>, notices: &mut Vec<Notice>) {
        match delta.kind {
            DeltaKind::UpToDate | DeltaKind::Gone => {}
            DeltaKind::Reset => self.reset(delta, me, notices),
            DeltaKind::Delta if delta.rev > self.rev || planted::has(Bug::DeltaUnchecked) => {
                self.merge(delta, me, notices)
            }
            // Cursors stand beside the log: they can have moved where it did not.
            DeltaKind::Delta => self.merge_receipts(&delta.receipts, me),
        }
        // The server has answered: hearsay beyond its answer is no reason to ask the same again.
        self.heard = self.rev;
        self.release(me, notices);
    }

    /// Moves somebody's read cursor; tells whether it moved.
    pub(crate) fn read(&mut self, user_id: &UserId, seq: Seq, me: Me<'_>) -> bool {
        let moved = self.receipts.advance(user_id, seq);
        if me == Some(user_id) {
            return self.unread.advance(seq, &self.history, me) || moved;
        }
        moved
    }

    /// The user moves their cursor, ahead of the server; tells whether it moved.
    pub(crate) fn mark(&mut self, me: &UserId, seq: Seq) -> bool {
        let before = self.unread.clone();
        let head = self.info.seq;
        let moved = self.read(me, seq, Some(me));
        if moved {
            let confirmed = before.read_seq;
            self.unconfirmed.get_or_insert(Unconfirmed { before, head, confirmed });
        }
        moved
    }

    /// The server knows the user's cursor up to here.
    pub(crate) fn confirm_mark(&mut self, seq: Seq) {
        if seq >= self.unread.read_seq {
            self.unconfirmed = None;
        } else if let Some(unconfirmed) = &mut self.unconfirmed {
            unconfirmed.confirmed = unconfirmed.confirmed.max(seq);
        }
    }

    /// The server will not have it: the cursor goes back to where the server knows it; tells whether it moved.
    pub(crate) fn take_back_mark(&mut self, me: &UserId) -> bool {
        let Some(Unconfirmed { before, head, confirmed }) = self.unconfirmed.take() else { return false };
        self.unread = before;
        if !self.unread.recount(&self.history, Some(me)) {
            for message in self.history.range(head.next(), self.history.head()) {
                self.unread.posted(message, Some(me));
            }
        }
        self.unread.advance(confirmed, &self.history, Some(me));
        self.receipts.take_back(me, self.unread.read_seq);
        true
    }

    fn release(&mut self, me: Me<'_>, notices: &mut Vec<Notice>) {
        while let Some(entry) = self.held.first_entry() {
            if *entry.key() > self.rev.next() || planted::has(Bug::HeldDropped) {
                break;
            }
            let (rev, change) = entry.remove_entry();
            let change = self.as_it_is(change);
            if rev > self.rev && self.stands_for_another(&change) {
                self.hear_of(rev);
            } else if rev > self.rev {
                self.apply(change, me, notices);
                self.rev = rev;
            }
        }
    }

    fn apply(&mut self, change: Change, me: Me<'_>, notices: &mut Vec<Notice>) {
        match change {
            Change::Posted(message, author) => {
                let told = author.is_some();
                if let Some(user) = author
                    && !self.members.by_id().contains_key(&user.id)
                {
                    self.members.joined(&user, Status::Unknown);
                }
                // The acknowledgement of a send that was repeated is as the message is now, not as it was posted.
                if self.posted(Arc::clone(&message), me, notices) || told {
                    self.count_reply(&message);
                }
            }
            Change::Edited(message, mine) => self.edited(message, &mine, me, notices),
            Change::Joined(user) => {
                self.members.joined(&user, Status::Unknown);
                self.count_members(1);
                notices.push(Notice::MemberJoined(self.id().clone(), user));
            }
            Change::Left(user_id) => {
                self.members.left(&user_id);
                self.count_members(-1);
                notices.push(Notice::MemberLeft(self.id().clone(), user_id));
            }
            Change::Member(member) => {
                if me == Some(&member.user_id) {
                    self.role = member.role;
                }
                self.members.updated(&member, Status::Unknown);
                notices.push(Notice::MemberUpdated(self.id().clone(), member.user_id));
            }
            Change::Settings(info) => {
                // Its `seq` is the server's word at some moment; ours is what has been told.
                let seq = self.info.seq;
                self.info = Arc::new(RoomInfo { seq, ..info });
                notices.push(Notice::RoomUpdated(self.id().clone()));
            }
        }
    }

    /// Takes a message that was posted; tells whether it was not here.
    fn posted(&mut self, message: Arc<Message>, me: Me<'_>, notices: &mut Vec<Notice>) -> bool {
        if message.seq > self.info.seq {
            Arc::make_mut(&mut self.info).seq = message.seq;
        }
        for thread in self.threads.values_mut() {
            thread.take(&message);
        }
        let is_new = self.history.post(Arc::clone(&message)) == Put::New;
        if is_new {
            self.unread.posted(&message, me);
            notices.push(Notice::NewMessage(Arc::clone(&message)));
        }
        is_new
    }

    /// A reply is a change of the message that its thread hangs on, too. Only for what is told live: a delta holds that
    /// message as it is, and the reply maybe as a later change left it.
    fn count_reply(&mut self, reply: &Arc<Message>) {
        if reply.thread_id.is_none() {
            return;
        }
        self.history.answered(reply);
        self.quoted.answered(reply);
        for thread in self.threads.values_mut() {
            thread.answered(reply);
        }
    }

    fn edited(&mut self, mut message: Arc<Message>, mine: &Mine, me: Me<'_>, notices: &mut Vec<Notice>) {
        let before = self.history.at(message.seq).cloned();
        if let (Mine::Kept(by), Some(me)) = (mine, me) {
            mine::keep(&mut message, before.as_deref(), by.as_ref(), me);
        }
        let own = match mine {
            Mine::Kept(by) => Mine::Kept(by.clone().filter(|by| me == Some(&by.user_id))),
            Mine::Told => Mine::Told,
        };
        self.history.edit(Arc::clone(&message), own);
        for thread in self.threads.values_mut() {
            thread.take(&message);
        }
        self.quoted.changed(&message);
        self.unread.deleted(before.as_deref(), &message, &self.history, me);
        notices.push(Notice::MessageUpdated(message));
    }

    fn merge_receipts(&mut self, receipts: &[Receipt], me: Me<'_>) {
        self.receipts.merge(receipts);
        if let Some(own) = me.and_then(|me| receipts.iter().find(|receipt| receipt.user_id == *me)) {
            self.unread.advance(own.read_seq, &self.history, me);
            self.confirm_mark(own.read_seq);
        }
    }

    fn merge(&mut self, delta: RoomDelta, me: Me<'_>, notices: &mut Vec<Notice>) {
        // What came meanwhile on its own has taken effect.
        let news = delta.messages.into_iter().filter(|message| message.rev > self.rev);
        for message in news.map(Arc::new).collect::<Vec<_>>() {
            if self.history.is_untold(message.seq) {
                self.posted(message, me, notices);
            } else {
                self.edited(message, &Mine::Told, me, notices);
            }
        }
        for member in delta.members {
            if me == Some(&member.user_id) {
                self.role = member.role;
            }
            let known = self.members.by_id().contains_key(&member.user_id);
            self.members.updated(&member, Status::Unknown);
            notices.push(self.membership(member, known));
        }
        self.merge_receipts(&delta.receipts, me);
        if let Some(state) = delta.room {
            self.settle(*state, delta.rev);
            notices.push(Notice::RoomUpdated(self.id().clone()));
        }
        // The settings may be of a later moment than the delta: what lies between is counted when it comes.
        if let Some(counted) = delta.member_count {
            Arc::make_mut(&mut self.info).member_count = counted;
        }
        self.rev = delta.rev;
    }

    /// What a membership of a delta means. The log says how it is, not how it became so: whoever was not known is
    /// taken to have joined.
    fn membership(&mut self, member: Member, known: bool) -> Notice {
        let room_id = self.id().clone();
        if member.left_at.is_some() {
            self.count_members(-1);
            Notice::MemberLeft(room_id, member.user_id)
        } else if known {
            Notice::MemberUpdated(room_id, member.user_id)
        } else {
            self.count_members(1);
            Notice::MemberJoined(room_id, member.user())
        }
    }

    fn reset(&mut self, delta: RoomDelta, me: Me<'_>, notices: &mut Vec<Notice>) {
        let Some(state) = delta.room else { return };
        let (known_seq, read_seq) = (self.info.seq, self.unread.read_seq);
        let (mut held, told_ahead) = (std::mem::take(&mut self.held), std::mem::take(&mut self.told_ahead));
        let cursors = std::mem::take(&mut self.receipts);
        let (last_message, limit) = (state.last_message.clone(), self.limit);
        self.history.reset(state.room.seq);
        let history = std::mem::replace(&mut self.history, History::new(state.room.seq, limit));
        let threads = std::mem::take(&mut self.threads);
        *self = Self { history, threads, ..Self::new(*state, limit) };
        self.receipts.take_newer(&cursors);
        self.rev = delta.rev;
        notices.push(Notice::RoomReset(self.id().clone()));
        // A message newer than the state is counted by the state to come: its own change brings it.
        let oldest = delta.messages.iter().map(|message| message.seq).min();
        self.history.load(last_message.into_iter().collect());
        for message in self.history.load(delta.messages) {
            if message.seq > known_seq {
                notices.push(Notice::NewMessage(message));
            }
        }
        if !delta.has_more {
            self.history.begins_at(oldest.unwrap_or(self.history.head().next()));
        }
        let head = self.history.head();
        self.threads.values_mut().for_each(|thread| thread.reset(head));
        self.receipts.merge(&delta.receipts);
        if let Some(me) = me {
            self.read(me, read_seq.min(self.info.seq), Some(me));
        }
        held.retain(|rev, _| *rev > delta.rev);
        (self.held, self.told_ahead) = (held, told_ahead);
    }

    /// Takes a state of the room at our `rev`: what is not a log, and what is counted.
    pub(crate) fn refresh(&mut self, state: RoomState) {
        let read_seq = self.unread.read_seq.max(state.read_seq);
        if read_seq == state.read_seq {
            self.unread = Unread { read_seq, count: state.unread, mentions: state.mentions, vague: false };
        }
        self.role = state.role;
        self.members.merge(&state.users);
        self.receipts.merge(&state.receipts);
        self.info = Arc::new(state.room);
    }

    /// Takes a state that comes with a delta. One of a later moment tells the settings only: it has counted what this
    /// room has yet to be told of.
    fn settle(&mut self, state: RoomState, rev: Rev) {
        if state.room.rev <= rev {
            return self.refresh(state);
        }
        self.role = state.role;
        self.members.merge(&state.users);
        let (member_count, seq) = (self.info.member_count, self.info.seq);
        self.info = Arc::new(RoomInfo { member_count, seq, ..state.room });
    }

    fn count_members(&mut self, by: i64) {
        let info = Arc::make_mut(&mut self.info);
        info.member_count = info.member_count.saturating_add_signed(by);
    }
}
