//! The rows of the model store, and what the checker remembers beside them.

use std::collections::{BTreeMap, BTreeSet};

use roomcast_protocol::{
    ClientId, Epoch, MessageId, Rev, RoomId, Seq, Timestamp, UserId,
    model::{Message, User},
};
use roomcast_server::domain::{Act, Change, Keys, MemberRow, MessageRow, News, ReactionRow, RoomRow, Workspace};

/// A time in a room: from one change up to, and not including, another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stay {
    /// The change that began it.
    pub from: Rev,
    /// The change that ended it.
    pub until: Option<Rev>,
}

/// All rows.
#[derive(Debug, Clone)]
pub(crate) struct Db {
    /// The database's life.
    pub epoch: Epoch,
    /// Which one it is.
    pub life: u64,
    /// Rooms.
    pub rooms: BTreeMap<RoomId, RoomRow>,
    /// Memberships, ended ones among them.
    pub members: BTreeMap<(RoomId, UserId), MemberRow>,
    /// Messages.
    pub messages: BTreeMap<MessageId, MessageRow>,
    /// Messages by their place.
    pub by_seq: BTreeMap<(RoomId, Seq), MessageId>,
    /// Messages by their sender's id.
    pub sends: BTreeMap<(RoomId, UserId, ClientId), MessageId>,
    /// With what a user has reacted to a message.
    pub reactions: BTreeMap<(MessageId, UserId), BTreeMap<String, ReactionRow>>,
    /// Which user has blocked which.
    pub blocks: BTreeSet<(UserId, UserId)>,
    /// Users.
    pub users: BTreeMap<UserId, User>,
    /// When they were last connected.
    pub last_seen: BTreeMap<UserId, Timestamp>,
    /// For the checker: who was in which room when.
    pub stays: BTreeMap<(RoomId, UserId), Vec<Stay>>,
    /// For the checker: the newest change of each room, to be dense and unique.
    pub revs: BTreeMap<RoomId, Rev>,
    /// For the checker: cursors that were moved by their owner.
    pub marks: BTreeMap<(RoomId, UserId), Seq>,
    /// For the checker: what went wrong in here.
    pub faults: Vec<(&'static str, String)>,
    /// For the checker: every text that was ever posted, which the model's users never repeat.
    pub born: BTreeSet<(RoomId, String)>,
}

impl Db {
    /// An empty database.
    #[must_use]
    pub(crate) fn new(life: u64) -> Self {
        Self {
            epoch: epoch(life),
            life,
            rooms: BTreeMap::new(),
            members: BTreeMap::new(),
            messages: BTreeMap::new(),
            by_seq: BTreeMap::new(),
            sends: BTreeMap::new(),
            reactions: BTreeMap::new(),
            blocks: BTreeSet::new(),
            users: BTreeMap::new(),
            last_seen: BTreeMap::new(),
            stays: BTreeMap::new(),
            revs: BTreeMap::new(),
            marks: BTreeMap::new(),
            faults: Vec::new(),
            born: BTreeSet::new(),
        }
    }

    /// Begins another life: what was restored.
    pub(crate) fn rotate(&mut self, life: u64) {
        self.life = life;
        self.epoch = epoch(life);
    }

    /// The messages of a room, in order.
    pub(crate) fn room_messages(&self, room: &RoomId) -> impl DoubleEndedIterator<Item = &Message> {
        let (from, to) = ((room.clone(), Seq::new(0)), (room.clone(), Seq::new(u64::MAX)));
        self.by_seq.range(from..=to).map(|(_, id)| &self.messages[id].message)
    }

    /// A message with the reader's own reactions marked.
    pub(crate) fn as_seen_by(&self, message: &Message, reader: &UserId) -> Message {
        let mut message = message.clone();
        for reaction in &mut message.reactions {
            reaction.mine = self.has_reacted(&message.id, reader, &reaction.emoji);
        }
        message
    }

    /// Whether a reaction of somebody's stands.
    pub(crate) fn has_reacted(&self, message: &MessageId, user: &UserId, emoji: &str) -> bool {
        let own = self.reactions.get(&(message.clone(), user.clone()));
        own.and_then(|own| own.get(emoji)).is_some_and(|row| row.given)
    }

    /// Whether somebody is in a room.
    #[must_use]
    pub(crate) fn is_member(&self, room: &RoomId, user: &UserId) -> bool {
        self.members.get(&(room.clone(), user.clone())).is_some_and(MemberRow::is_active)
    }

    /// The rows that a batch needs.
    #[must_use]
    pub(crate) fn load(&self, keys: &Keys) -> Workspace {
        let mut workspace = Workspace::default();
        let mut rooms = keys.rooms.clone();
        let mut members = keys.members.clone();
        for (id, user) in &keys.messages {
            if let Some(row) = self.messages.get(id) {
                rooms.insert(row.message.room_id.clone());
                members.insert((row.message.room_id.clone(), user.clone()));
                keep(&mut workspace, row);
            }
        }
        for key in &keys.sends {
            if let Some(row) = self.sends.get(key).and_then(|id| self.messages.get(id)) {
                keep(&mut workspace, row);
            }
        }
        for key in keys.reactions(&workspace) {
            if let Some(own) = self.reactions.get(&key) {
                workspace.reactions.insert(key, own.clone());
            }
        }
        for place in &keys.places {
            if let Some(id) = self.by_seq.get(place) {
                workspace.places.insert(place.clone(), id.clone());
            }
        }
        for id in rooms {
            if let Some(row) = self.rooms.get(&id) {
                workspace.rooms.insert(id, row.clone());
            }
        }
        for key in members {
            if let Some(row) = self.members.get(&key) {
                workspace.members.insert(key, row.clone());
            }
        }
        workspace.blocks.extend(keys.blocks.intersection(&self.blocks).cloned());
        for id in &keys.users {
            if let Some(user) = self.users.get(id) {
                workspace.users.insert(id.clone(), user.clone());
            }
        }
        for id in &keys.room_counts {
            let count = self.members.iter().filter(|((_, user), row)| user == id && row.is_active()).count() as u64;
            workspace.room_counts.insert(id.clone(), count);
        }
        workspace
    }

    /// Keeps what a batch touched.
    pub(crate) fn save(&mut self, mut workspace: Workspace, changes: &[&Change]) {
        let dirty = std::mem::take(&mut workspace.dirty);
        for id in dirty.users {
            self.users.insert(id.clone(), workspace.users[&id].clone());
        }
        for id in dirty.rooms {
            let row = workspace.rooms[&id].clone();
            self.rooms.insert(id, row);
        }
        for key in dirty.members {
            let row = workspace.members[&key].clone();
            if let Some(before) = self.members.get(&key)
                && before.member.joined_at == row.member.joined_at
                && before.read_seq > row.read_seq
            {
                let what = format!("the cursor of {key:?} goes from {} to {}", before.read_seq, row.read_seq);
                self.faults.push(("cursors", what));
            }
            if self.members.get(&key).is_none_or(|before| before.entered_rev != row.entered_rev) {
                self.marks.remove(&key);
            }
            self.members.insert(key, row);
        }
        for (room, (at, rev)) in dirty.ended {
            let inside = self.members.iter().filter(|((id, _), row)| *id == room && row.is_active());
            let inside: Vec<_> = inside.map(|(key, row)| (key.clone(), row.clone())).collect();
            for (key, mut row) in inside {
                (row.member.left_at, row.member.rev) = (Some(at), rev);
                self.members.insert(key, row);
            }
        }
        for id in dirty.messages {
            let row = workspace.messages[&id].clone();
            let message = &row.message;
            let place = (message.room_id.clone(), message.seq);
            if let Some(other) = self.by_seq.insert(place, id.clone())
                && other != id
            {
                let what = format!("two messages have the place {} of {}", message.seq, message.room_id);
                self.faults.push(("dense", what));
            }
            if let Some(client_id) = &message.client_id {
                let key = (message.room_id.clone(), message.user_id.clone(), client_id.clone());
                if self.sends.insert(key, id.clone()).is_some_and(|other| other != id) {
                    self.faults.push(("exactly once", format!("the send {client_id} is stored twice")));
                }
            }
            self.messages.insert(id, row);
        }
        for (message, user, _) in dirty.reactions {
            let own = workspace.reactions.get(&(message.clone(), user.clone())).cloned().unwrap_or_default();
            self.reactions.insert((message, user), own);
        }
        for id in dirty.unreacted {
            self.reactions.retain(|(message, _), _| *message != id);
        }
        for pair in dirty.blocks {
            if workspace.blocks.contains(&pair) {
                self.blocks.insert(pair);
            } else {
                self.blocks.remove(&pair);
            }
        }
        for (user, at) in dirty.last_seen {
            self.last_seen.insert(user, at);
        }
        for change in changes {
            if let Act::Read(_) = &change.act {
                let user = &change.author.user.id;
                let own: Vec<_> = self.members.iter().filter(|((_, id), _)| id == user).collect();
                for ((room, _), row) in own {
                    if row.read_rev > row.entered_rev {
                        self.marks.insert((room.clone(), user.clone()), row.read_seq);
                    }
                }
            }
        }
    }

    /// A message is posted by a member, and once.
    pub(super) fn note_birth(&mut self, message: &Message) {
        let key = (message.room_id.clone(), message.user_id.clone());
        if self.stays.get(&key).and_then(|stays| stays.last()).is_none_or(|stay| stay.until.is_some()) {
            let what = format!("{} posts in {} and is not in it", message.user_id, message.room_id);
            self.faults.push(("members", what));
        }
        if !self.born.insert((message.room_id.clone(), message.content.clone())) {
            self.faults.push(("exactly once", format!("{:?} is posted twice in {}", message.content, message.room_id)));
        }
    }

    /// From the news, as who comes and goes within one batch leaves one row.
    pub(super) fn note_stay(&mut self, news: &News) {
        match news {
            News::Entered { room, user, rev, .. } => {
                let stays = self.stays.entry((room.clone(), user.clone())).or_default();
                stays.push(Stay { from: *rev, until: None });
            }
            News::Removed { room, user, rev, .. } => {
                if let Some(stay) = self.stays.get_mut(&(room.clone(), user.clone())).and_then(|stays| stays.last_mut())
                {
                    stay.until = Some(*rev);
                }
            }
            News::Deleted { room, rev } => {
                let inside = self.stays.iter_mut().filter(|((id, _), _)| id == room);
                for stay in inside.filter_map(|(_, stays)| stays.last_mut()).filter(|stay| stay.until.is_none()) {
                    stay.until = Some(*rev);
                }
            }
            News::Room { .. } => {}
        }
    }
}

fn keep(workspace: &mut Workspace, row: &MessageRow) {
    let message = &row.message;
    if let Some(client_id) = &message.client_id {
        let key = (message.room_id.clone(), message.user_id.clone(), client_id.clone());
        workspace.sends.insert(key, message.id.clone());
    }
    workspace.messages.insert(message.id.clone(), row.clone());
}

fn epoch(life: u64) -> Epoch {
    Epoch::parse(&format!("life-{life}")).expect("a good epoch")
}
