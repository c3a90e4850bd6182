//! The read side of a store.

use async_trait::async_trait;
use roomcast_protocol::{
    MessageId, Rev, RoomId, Seq, Timestamp, UserId,
    model::{Member, Message, Receipt, Role, Room, User},
};

use super::StoreError;

/// A room as one member's row in it sees it.
#[derive(Debug, Clone)]
pub struct RoomView {
    /// The room.
    pub room: Room,
    /// The member's role.
    pub role: Role,
    /// The change that last touched the membership.
    pub member_rev: Rev,
    /// The member's cursor.
    pub read_seq: Seq,
    /// Messages after the cursor, not the member's own, not deleted.
    pub unread: u64,
    /// Those of them that mention the member.
    pub mentions: u64,
    /// The newest message.
    pub last_message: Option<Message>,
}

/// Where a room stands, as a member needs to know it first of all.
#[derive(Debug, Clone)]
pub struct RoomHead {
    /// The room.
    pub room: RoomId,
    /// Its newest change.
    pub rev: Rev,
    /// The change that last touched the membership.
    pub member_rev: Rev,
    /// The change by which they last came in.
    pub entered_rev: Rev,
    /// The member's role.
    pub role: Role,
    /// How many are in it.
    pub member_count: u64,
    /// The member's cursor.
    pub read_seq: Seq,
}

/// Where a room stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRev {
    /// The room.
    pub room: RoomId,
    /// Its newest change.
    pub rev: Rev,
    /// How many are in it.
    pub member_count: u64,
}

/// What changed in a room since a `rev`, row by row.
#[derive(Debug, Clone, Default)]
pub struct DeltaRows {
    /// Messages whose last change is newer, by `seq`.
    pub messages: Vec<Message>,
    /// Memberships whose last change is newer.
    pub members: Vec<Member>,
    /// Cursors that moved at that `rev` or later.
    pub receipts: Vec<Receipt>,
    /// Whether the room's settings changed.
    pub settings: bool,
    /// The room's newest change as these rows know it.
    pub rev: Rev,
    /// How many are in the room at that `rev`.
    pub member_count: u64,
    /// Whether there was more than the limit.
    pub overflow: bool,
}

/// Which messages of a room to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// The newest.
    Newest,
    /// Older than this.
    Before(Seq),
    /// Newer than this.
    After(Seq),
    /// On both sides of this.
    Around(Seq),
}

/// Out of which messages of a room to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among<'a> {
    /// All.
    All,
    /// Those of a thread, the message that it hangs on among them.
    Thread(&'a MessageId),
    /// Those that are pinned.
    Pinned,
}

/// A page of messages, by `seq`.
#[derive(Debug, Clone, Default)]
pub struct MessagePage {
    /// The messages.
    pub messages: Vec<Message>,
    /// Whether the direction asked for goes on.
    pub has_more: bool,
}

/// Which rooms to list.
#[derive(Debug, Clone)]
pub struct RoomQuery {
    /// The rooms of this user; the public ones without.
    pub of: Option<UserId>,
    /// Only those whose name holds this.
    pub name: Option<String>,
    /// After this (name, id).
    pub after: Option<(String, String)>,
    /// Most rooms.
    pub limit: u64,
}

/// A page of rooms, by name and id.
#[derive(Debug, Clone, Default)]
pub struct RoomPage {
    /// The rooms.
    pub rooms: Vec<Room>,
    /// Whether there are more.
    pub has_more: bool,
}

/// A page of a room's members, by user id.
#[derive(Debug, Clone, Default)]
pub struct UserPage {
    /// The members, with when they were last seen.
    pub members: Vec<(Member, Option<Timestamp>)>,
    /// Whether there are more.
    pub has_more: bool,
}

/// Reads. Each is one snapshot; none waits for the writer.
#[async_trait]
pub trait ReadStore: Send + Sync + 'static {
    /// These users as last seen, each once; those who were never seen are left out.
    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError>;

    /// Whom a user has blocked.
    async fn blocked(&self, user: &UserId) -> Result<Vec<UserId>, StoreError>;

    /// The rooms that these users are in.
    async fn memberships_of(&self, users: &[UserId]) -> Result<Vec<(UserId, RoomHead)>, StoreError>;

    /// The rooms that a user is in.
    async fn memberships(&self, user: &UserId) -> Result<Vec<RoomHead>, StoreError> {
        let rows = self.memberships_of(std::slice::from_ref(user)).await?;
        Ok(rows.into_iter().map(|(_, head)| head).collect())
    }

    /// Where these rooms stand, deleted ones among them; those that never were are left out.
    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<RoomRev>, StoreError>;

    /// These of a user's rooms as they see them; rooms that they are not in are left out.
    async fn room_views(&self, user: &UserId, rooms: &[RoomId]) -> Result<Vec<RoomView>, StoreError>;

    /// A room that is there.
    async fn room(&self, id: &RoomId) -> Result<Option<Room>, StoreError>;

    /// A page of rooms.
    async fn rooms(&self, query: &RoomQuery) -> Result<RoomPage, StoreError>;

    /// A page of a room's messages, out of these.
    async fn messages(
        &self,
        room: &RoomId,
        range: Range,
        among: Among<'_>,
        limit: u64,
    ) -> Result<MessagePage, StoreError>;

    /// The place of a room's message.
    async fn place(&self, room: &RoomId, id: &MessageId) -> Result<Option<Seq>, StoreError>;
    /// With what a user has reacted to these messages.
    async fn own_reactions(
        &self,
        user: &UserId,
        messages: &[MessageId],
    ) -> Result<Vec<(MessageId, String)>, StoreError>;

    /// What changed in a room after `since`, at most `limit` messages and members.
    async fn delta(&self, room: &RoomId, since: Rev, limit: u64) -> Result<DeltaRows, StoreError>;

    /// The cursors of the members of these rooms.
    async fn receipts(&self, rooms: &[RoomId]) -> Result<Vec<(RoomId, Receipt)>, StoreError>;

    /// A page of a room's members after a user id.
    async fn members(&self, room: &RoomId, after: Option<&UserId>, limit: u64) -> Result<UserPage, StoreError>;
}

/// Where to search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchIn {
    /// In one room, which the asker may read.
    Room(RoomId),
    /// In all rooms that this user is in.
    RoomsOf(UserId),
}

/// What to find.
#[derive(Debug, Clone)]
pub struct SearchQuery {
    /// Where.
    pub within: SearchIn,
    /// The words, all of which a message must hold; the last may be the beginning of one.
    pub words: String,
    /// Only what came before this, which the page before gave.
    pub before: Option<u64>,
    /// Most messages.
    pub limit: u64,
}

/// What was found, newest first.
#[derive(Debug, Clone, Default)]
pub struct FoundPage {
    /// The messages; may be none although there are more.
    pub messages: Vec<Message>,
    /// Where the next page begins, where there may be more.
    pub next: Option<u64>,
}

/// Finding messages by their words.
#[async_trait]
pub trait SearchStore: Send + Sync + 'static {
    /// A page of what was found. It costs no more than so much, however common the words are: a page may be shorter
    /// than asked for and yet have a next one.
    async fn search(&self, query: &SearchQuery) -> Result<FoundPage, StoreError>;
}
