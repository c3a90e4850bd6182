//! The rows that a batch works on, and which of them it touched.

use std::collections::{BTreeMap, BTreeSet};

use roomcast_protocol::{
    ClientId, MessageId, Rev, RoomId, Seq, Timestamp, UserId,
    command::{EditMessage, MarkRead},
    model::User,
};

use super::{Act, Change, MemberRow, MessageRow, ReactionRow, RoomRow};

/// A send's key: unique for ever (G-4).
pub(crate) type SendKey = (RoomId, UserId, ClientId);

/// Which rows a batch needs.
#[derive(Debug, Default)]
pub struct Keys {
    /// Rooms named by the changes. The rooms of [`Keys::messages`] and of their authors' memberships come on top.
    pub rooms: BTreeSet<RoomId>,
    /// Memberships.
    pub members: BTreeSet<(RoomId, UserId)>,
    /// Messages by id, with the user whose membership in the message's room and whose reactions to it are needed
    /// too.
    pub messages: BTreeSet<(MessageId, UserId)>,
    /// Messages and users whose reactions are needed also where the message has none any more.
    pub reacting: BTreeSet<(MessageId, UserId)>,
    /// Messages by the sender's own id, with the sender's reactions to them.
    pub sends: BTreeSet<SendKey>,
    /// Messages by their place, of which only the id is needed.
    pub places: BTreeSet<(RoomId, Seq)>,
    /// Whether the first of two users has blocked the second.
    pub blocks: BTreeSet<(UserId, UserId)>,
    /// Users by id.
    pub users: BTreeSet<UserId>,
    /// Users whose rooms must be counted.
    pub room_counts: BTreeSet<UserId>,
}

impl Keys {
    /// The pairs of a message and a user whose own reactions are needed, once the messages are there: of those that have
    /// any, and those that somebody reacts to.
    #[must_use]
    pub fn reactions(&self, workspace: &Workspace) -> BTreeSet<(MessageId, UserId)> {
        let sent = self.sends.iter().filter_map(|key| Some((workspace.sends.get(key)?.clone(), key.1.clone())));
        let reacted = |(id, _): &(MessageId, UserId)| {
            workspace.messages.get(id).is_some_and(|row| !row.message.reactions.is_empty())
        };
        self.messages.iter().cloned().chain(sent).filter(reacted).chain(self.reacting.iter().cloned()).collect()
    }

    /// The keys of a batch.
    #[must_use]
    pub fn of<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Self {
        let mut keys = Self::default();
        for change in changes {
            keys.add(change);
        }
        keys
    }

    fn add(&mut self, change: &Change) {
        let author = &change.author.user.id;
        match &change.act {
            Act::Send(send) => {
                self.member(&send.room_id, author);
                for client_id in [&send.client_id, &send.after].into_iter().flatten() {
                    self.sends.insert((send.room_id.clone(), author.clone(), client_id.clone()));
                }
                for id in [&send.reply_to, &send.thread_id].into_iter().flatten() {
                    self.messages.insert((id.clone(), author.clone()));
                }
            }
            Act::Edit(EditMessage { message_id, .. }) => {
                self.messages.insert((message_id.clone(), author.clone()));
            }
            Act::Delete(delete) => {
                self.messages.insert((delete.message_id.clone(), author.clone()));
            }
            Act::React(react) | Act::Unreact(react) => {
                self.messages.insert((react.message_id.clone(), author.clone()));
                self.reacting.insert((react.message_id.clone(), author.clone()));
            }
            Act::Pin(pin) | Act::Unpin(pin) => {
                self.messages.insert((pin.message_id.clone(), author.clone()));
            }
            Act::Read(MarkRead::UpTo(mark)) => {
                self.member(&mark.room_id, author);
                self.places.insert((mark.room_id.clone(), mark.up_to_seq));
            }
            Act::Read(MarkRead::Messages(ids)) => {
                self.messages.extend(ids.iter().map(|id| (id.clone(), author.clone())));
            }
            Act::CreateRoom(create) => {
                if let Some(room) = &create.room_id {
                    self.member(room, author);
                }
                self.blocks.extend(create.members.iter().map(|user| (user.clone(), author.clone())));
                self.users.extend(create.members.iter().cloned());
                self.room_counts.insert(author.clone());
                self.room_counts.extend(create.members.iter().cloned());
            }
            Act::UpdateRoom(update) => self.member(&update.room_id, author),
            Act::DeleteRoom(room) => self.member(room, author),
            Act::SetRole(set) => {
                self.member(&set.room_id, author);
                self.member(&set.room_id, &set.user_id);
            }
            Act::Ban(sanction) | Act::Unban(sanction) | Act::Mute(sanction) | Act::Unmute(sanction) => {
                self.member(&sanction.room_id, author);
                self.member(&sanction.room_id, &sanction.user_id);
                self.users.insert(sanction.user_id.clone());
            }
            Act::Join(room) => {
                self.member(room, author);
                self.room_counts.insert(author.clone());
            }
            Act::Leave(room) => self.member(room, author),
            Act::AddMembers(add) => {
                self.member(&add.room_id, author);
                for user in &add.user_ids {
                    self.member(&add.room_id, user);
                    self.blocks.insert((user.clone(), author.clone()));
                    self.users.insert(user.clone());
                    self.room_counts.insert(user.clone());
                }
            }
            Act::RemoveMember(remove) => {
                self.member(&remove.room_id, author);
                self.member(&remove.room_id, &remove.user_id);
            }
            Act::Block(other) | Act::Unblock(other) => {
                self.blocks.insert((author.clone(), other.clone()));
                self.users.insert(other.clone());
            }
            Act::SeeUser => {
                self.users.insert(author.clone());
            }
            Act::LastSeen(seen) => self.users.extend(seen.iter().map(|(user, _)| user.clone())),
        }
    }

    fn member(&mut self, room: &RoomId, user: &UserId) {
        self.rooms.insert(room.clone());
        self.members.insert((room.clone(), user.clone()));
    }
}

/// The rows, and which of them became dirty.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Rooms by id.
    pub rooms: BTreeMap<RoomId, RoomRow>,
    /// Memberships.
    pub members: BTreeMap<(RoomId, UserId), MemberRow>,
    /// Messages by id.
    pub messages: BTreeMap<MessageId, MessageRow>,
    /// Messages by the sender's own id.
    pub sends: BTreeMap<SendKey, MessageId>,
    /// Messages by their place.
    pub places: BTreeMap<(RoomId, Seq), MessageId>,
    /// With what a user has reacted to a message, by emoji.
    pub reactions: BTreeMap<(MessageId, UserId), BTreeMap<String, ReactionRow>>,
    /// Which user has blocked which.
    pub blocks: BTreeSet<(UserId, UserId)>,
    /// Users by id.
    pub users: BTreeMap<UserId, User>,
    /// In how many rooms a user is.
    pub room_counts: BTreeMap<UserId, u64>,
    /// To be written.
    pub dirty: Dirty,
}

impl Workspace {
    /// Takes in a message as a store has it.
    pub fn keep(&mut self, row: MessageRow) {
        let message = &row.message;
        if let Some(client_id) = &message.client_id {
            let key = (message.room_id.clone(), message.user_id.clone(), client_id.clone());
            self.sends.insert(key, message.id.clone());
        }
        self.messages.insert(message.id.clone(), row);
    }

    /// The reactions that became different, as they are now; those of a message that was deleted since are gone.
    pub fn reactions_to_write(&self) -> impl Iterator<Item = (&Reacted, ReactionRow)> {
        self.dirty.reactions.iter().filter_map(|reacted @ (message, user, emoji)| {
            let own = self.reactions.get(&(message.clone(), user.clone()))?;
            Some((reacted, *own.get(emoji)?))
        })
    }

    /// The blocks that became different: those that hold now, and those that do not.
    #[must_use]
    pub fn blocks_to_write(&self) -> (Vec<&Block>, Vec<&Block>) {
        self.dirty.blocks.iter().partition(|pair| self.blocks.contains(*pair))
    }
}

/// A message, who reacted to it, and with what.
pub type Reacted = (MessageId, UserId, String);

/// Who has blocked, and whom.
pub type Block = (UserId, UserId);

/// Which rows must be written.
#[derive(Debug, Default)]
pub struct Dirty {
    /// Rooms.
    pub rooms: BTreeSet<RoomId>,
    /// Memberships.
    pub members: BTreeSet<(RoomId, UserId)>,
    /// Rooms that are no more, since when and by which change: every membership that holds ends with it.
    pub ended: BTreeMap<RoomId, (Timestamp, Rev)>,
    /// Messages.
    pub messages: BTreeSet<MessageId>,
    /// Reactions.
    pub reactions: BTreeSet<Reacted>,
    /// Messages that have no reactions any more.
    pub unreacted: BTreeSet<MessageId>,
    /// Blocks: one that the workspace does not have any more is to be removed.
    pub blocks: BTreeSet<(UserId, UserId)>,
    /// Users.
    pub users: BTreeSet<UserId>,
    /// When users were last connected.
    pub last_seen: BTreeMap<UserId, Timestamp>,
}

impl Dirty {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rooms.is_empty()
            && self.members.is_empty()
            && self.messages.is_empty()
            && self.reactions.is_empty()
            && self.unreacted.is_empty()
            && self.blocks.is_empty()
            && self.users.is_empty()
            && self.last_seen.is_empty()
    }
}
