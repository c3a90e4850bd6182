//! The read side of the model store: what the statements of the real ones say, on rows in memory.

use std::{cmp::Reverse, collections::BTreeSet};

use async_trait::async_trait;
use roomcast_protocol::{
    MessageId, Rev, RoomId, Seq, UserId,
    model::{Message, Receipt, Room, User, Visibility},
};
use roomcast_server::store::{
    Among, DeltaRows, FoundPage, MessagePage, Range, ReadStore, RoomHead, RoomPage, RoomQuery, RoomRev, RoomView,
    SearchIn, SearchQuery, SearchStore, StoreError, UserPage,
};

use super::{Db, ModelStore};

#[async_trait]
impl<E: Send + 'static> ReadStore for ModelStore<E> {
    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        self.snapshot(|db| {
            ids.iter().collect::<BTreeSet<_>>().into_iter().filter_map(|id| db.users.get(id)).cloned().collect()
        })
        .await
    }

    async fn blocked(&self, user: &UserId) -> Result<Vec<UserId>, StoreError> {
        self.snapshot(|db| db.blocks.iter().filter(|(by, _)| by == user).map(|(_, whom)| whom.clone()).collect()).await
    }

    async fn memberships_of(&self, users: &[UserId]) -> Result<Vec<(UserId, RoomHead)>, StoreError> {
        self.snapshot(|db| {
            let own = db.members.iter().filter(|((_, id), row)| users.contains(id) && row.is_active());
            own.map(|((room, user), row)| {
                let info = &db.rooms[room].room;
                let head = RoomHead {
                    room: room.clone(),
                    rev: info.rev,
                    member_rev: row.member.rev,
                    entered_rev: row.entered_rev,
                    role: row.member.role,
                    member_count: info.member_count,
                    read_seq: row.read_seq,
                };
                (user.clone(), head)
            })
            .collect()
        })
        .await
    }

    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<RoomRev>, StoreError> {
        self.snapshot(|db| {
            let there = rooms.iter().filter_map(|room| db.rooms.get(room)).map(|row| &row.room);
            let head = |room: &Room| RoomRev { room: room.id.clone(), rev: room.rev, member_count: room.member_count };
            there.map(head).collect()
        })
        .await
    }

    async fn room_views(&self, user: &UserId, rooms: &[RoomId]) -> Result<Vec<RoomView>, StoreError> {
        self.snapshot(|db| rooms.iter().filter_map(|room| db.view(user, room)).collect()).await
    }

    async fn room(&self, id: &RoomId) -> Result<Option<Room>, StoreError> {
        self.snapshot(|db| db.rooms.get(id).filter(|row| row.deleted_at.is_none()).map(|row| row.room.clone())).await
    }

    async fn rooms(&self, query: &RoomQuery) -> Result<RoomPage, StoreError> {
        self.snapshot(|db| {
            let wanted = |room: &&Room| match &query.of {
                Some(user) => db.is_member(&room.id, user),
                None => room.visibility == Visibility::Public,
            };
            let there = db.rooms.values().filter(|row| row.deleted_at.is_none());
            let mut rooms: Vec<Room> = there.map(|row| &row.room).filter(wanted).cloned().collect();
            rooms.sort_by(|a, b| (&a.name, a.id.as_str()).cmp(&(&b.name, b.id.as_str())));
            if let Some((name, id)) = &query.after {
                rooms.retain(|room| (room.name.as_str(), room.id.as_str()) > (name.as_str(), id.as_str()));
            }
            let has_more = cut(&mut rooms, query.limit);
            RoomPage { rooms, has_more }
        })
        .await
    }

    async fn messages(
        &self,
        room: &RoomId,
        range: Range,
        among: Among<'_>,
        limit: u64,
    ) -> Result<MessagePage, StoreError> {
        let wanted = move |message: &Message| match among {
            Among::All => true,
            Among::Thread(id) => message.id == *id || message.thread_id.as_ref() == Some(id),
            Among::Pinned => message.pinned_at.is_some(),
        };
        self.snapshot(|db| match range {
            Range::Newest => db.page(room, wanted, false, limit),
            Range::Before(seq) => db.page(room, |message| message.seq < seq && wanted(message), false, limit),
            Range::After(seq) => db.page(room, |message| message.seq > seq && wanted(message), true, limit),
            Range::Around(seq) => {
                let older = db.page(room, |message| message.seq <= seq && wanted(message), false, limit.div_ceil(2));
                let newer = db.page(room, |message| message.seq > seq && wanted(message), true, limit / 2);
                let messages = older.messages.into_iter().chain(newer.messages).collect();
                MessagePage { messages, has_more: older.has_more || newer.has_more }
            }
        })
        .await
    }

    async fn place(&self, room: &RoomId, id: &MessageId) -> Result<Option<Seq>, StoreError> {
        self.snapshot(|db| db.room_messages(room).find(|message| message.id == *id).map(|message| message.seq)).await
    }

    async fn own_reactions(
        &self,
        user: &UserId,
        messages: &[MessageId],
    ) -> Result<Vec<(MessageId, String)>, StoreError> {
        self.snapshot(|db| {
            let own = |id: &MessageId| db.reactions.get(&(id.clone(), user.clone())).map(|own| (id.clone(), own));
            let pairs = messages.iter().filter_map(own);
            let given = pairs.flat_map(|(id, own)| {
                own.iter().filter(|(_, row)| row.given).map(move |(emoji, _)| (id.clone(), emoji.clone()))
            });
            given.collect()
        })
        .await
    }

    async fn delta(&self, room: &RoomId, since: Rev, limit: u64) -> Result<DeltaRows, StoreError> {
        self.snapshot(|db| {
            let messages: Vec<Message> = db.room_messages(room).filter(|m| m.rev > since).cloned().collect();
            let members = db.members.iter().filter(|((id, _), _)| id == room);
            let changed: Vec<_> = members
                .clone()
                .filter(|(_, row)| row.member.rev > since)
                .map(|((_, user), row)| {
                    let mut member = row.member.clone();
                    if let Some(user) = db.users.get(user) {
                        member.username.clone_from(&user.name);
                        member.avatar_url.clone_from(&user.avatar_url);
                    }
                    member
                })
                .collect();
            let receipts = members.filter(|(_, row)| row.is_active() && row.read_rev >= since).map(receipt).collect();
            let overflow = messages.len() as u64 > limit || changed.len() as u64 > limit;
            let settings = db.rooms.get(room).is_some_and(|row| row.settings_rev > since);
            let info = db.rooms.get(room).map(|row| &row.room);
            DeltaRows {
                messages,
                members: changed,
                receipts,
                settings,
                rev: info.map_or(Rev::default(), |info| info.rev),
                member_count: info.map_or(0, |info| info.member_count),
                overflow,
            }
        })
        .await
    }

    async fn receipts(&self, rooms: &[RoomId]) -> Result<Vec<(RoomId, Receipt)>, StoreError> {
        self.snapshot(|db| {
            let wanted = db.members.iter().filter(|((room, _), row)| rooms.contains(room) && row.is_active());
            wanted.map(|entry| (entry.0.0.clone(), receipt(entry))).collect()
        })
        .await
    }

    async fn members(&self, room: &RoomId, after: Option<&UserId>, limit: u64) -> Result<UserPage, StoreError> {
        self.snapshot(|db| {
            let wanted = db
                .members
                .iter()
                .filter(|((id, user), row)| id == room && row.is_active() && after.is_none_or(|after| user > after));
            let seen = |user: &UserId| db.last_seen.get(user).copied();
            let mut members: Vec<_> = wanted.map(|((_, user), row)| (row.member.clone(), seen(user))).collect();
            let has_more = cut(&mut members, limit);
            UserPage { members, has_more }
        })
        .await
    }
}

#[async_trait]
impl<E: Send + 'static> SearchStore for ModelStore<E> {
    async fn search(&self, query: &SearchQuery) -> Result<FoundPage, StoreError> {
        self.snapshot(|db| {
            let wanted = |message: &&Message| {
                let here = match &query.within {
                    SearchIn::Room(room) => message.room_id == *room,
                    SearchIn::RoomsOf(user) => db.is_member(&message.room_id, user),
                };
                let text = message.content.to_lowercase();
                here && query.words.split_whitespace().all(|word| text.contains(&word.to_lowercase()))
            };
            let all = db.rooms.keys().flat_map(|room| db.room_messages(room)).filter(wanted);
            let mut messages: Vec<Message> = all.cloned().collect();
            messages.sort_by_key(|message| Reverse(message.created_at));
            cut(&mut messages, query.limit);
            FoundPage { messages, next: None }
        })
        .await
    }
}

impl Db {
    /// A room as one of its members sees it.
    #[must_use]
    pub(crate) fn view(&self, user: &UserId, room: &RoomId) -> Option<RoomView> {
        let row = self.members.get(&(room.clone(), user.clone())).filter(|row| row.is_active())?;
        let info = self.rooms.get(room)?.room.clone();
        let unread = |m: &&Message| m.seq > row.read_seq && m.user_id != *user && m.deleted_at.is_none();
        Some(RoomView {
            role: row.member.role,
            member_rev: row.member.rev,
            read_seq: row.read_seq,
            unread: self.room_messages(room).filter(unread).count() as u64,
            mentions: self.room_messages(room).filter(unread).filter(|m| m.mentions.contains(user)).count() as u64,
            last_message: self.by_seq.get(&(room.clone(), info.seq)).map(|id| self.messages[id].message.clone()),
            room: info,
        })
    }

    fn page(&self, room: &RoomId, wanted: impl Fn(&Message) -> bool, upwards: bool, limit: u64) -> MessagePage {
        let all = self.room_messages(room).filter(|message| wanted(message));
        let mut messages: Vec<Message> = if upwards { all.cloned().collect() } else { all.rev().cloned().collect() };
        let has_more = cut(&mut messages, limit);
        messages.sort_by_key(|message| message.seq);
        MessagePage { messages, has_more }
    }
}

fn receipt((key, row): (&(RoomId, UserId), &roomcast_server::domain::MemberRow)) -> Receipt {
    Receipt { user_id: key.1.clone(), read_seq: row.read_seq }
}

fn cut<T>(rows: &mut Vec<T>, limit: u64) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}
