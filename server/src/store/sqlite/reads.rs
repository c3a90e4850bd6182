//! The read side.

use async_trait::async_trait;
use roomcast_protocol::{
    MessageId, Rev, RoomId, Seq, UserId,
    model::{Receipt, Room, User},
};
use sqlx::Row as _;

use super::{SqliteStore, StoreError, codec};
use crate::store::{
    Among, DeltaRows, FoundPage, MessagePage, Range, ReadStore, RoomHead, RoomPage, RoomQuery, RoomRev, RoomView,
    SearchQuery, SearchStore, UserPage,
};

/// SQLite's largest integer stands for "no end".
const END: i64 = i64::MAX;

#[async_trait]
impl ReadStore for SqliteStore {
    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        let rows = sqlx::query("SELECT * FROM users WHERE id IN (SELECT value FROM json_each(?))")
            .bind(codec::to_json(&ids))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(codec::user).collect()
    }

    async fn blocked(&self, user: &UserId) -> Result<Vec<UserId>, StoreError> {
        let rows = sqlx::query("SELECT blocked_id FROM blocks WHERE user_id = ? ORDER BY blocked_id")
            .bind(user.as_str())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|row| codec::id(row.try_get("blocked_id")?, UserId::parse)).collect()
    }

    async fn memberships_of(&self, users: &[UserId]) -> Result<Vec<(UserId, RoomHead)>, StoreError> {
        let rows = sqlx::query(
            "SELECT m.user_id, m.room_id, m.rev AS member_rev, m.entered_rev, m.role, m.read_seq, r.rev, r.member_count
             FROM members AS m JOIN rooms AS r ON r.id = m.room_id
             WHERE m.user_id IN (SELECT value FROM json_each(?)) AND m.left_at IS NULL",
        )
        .bind(codec::to_json(&users))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(codec::user_head).collect()
    }

    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<RoomRev>, StoreError> {
        let heads = "SELECT id, rev, member_count FROM rooms WHERE id IN (SELECT value FROM json_each(?))";
        let rows = sqlx::query(heads).bind(codec::to_json(&rooms)).fetch_all(&self.readers).await?;
        rows.iter().map(codec::room_rev).collect()
    }

    async fn room_views(&self, user: &UserId, rooms: &[RoomId]) -> Result<Vec<RoomView>, StoreError> {
        let rows =
            sqlx::query(ROOM_VIEWS).bind(user.as_str()).bind(codec::to_json(&rooms)).fetch_all(&self.readers).await?;
        rows.iter().map(codec::room_view).collect()
    }

    async fn room(&self, id: &RoomId) -> Result<Option<Room>, StoreError> {
        let row = sqlx::query("SELECT * FROM rooms WHERE id = ? AND deleted_at IS NULL")
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(codec::room).transpose()
    }

    async fn rooms(&self, query: &RoomQuery) -> Result<RoomPage, StoreError> {
        let (after_name, after_id) = query.after.clone().unwrap_or_default();
        let statement = if query.of.is_some() { ROOMS_OF } else { ROOMS_PUBLIC };
        let rows = sqlx::query(statement)
            .bind(query.of.as_ref().map(UserId::as_str))
            .bind(query.name.as_deref())
            .bind(after_name)
            .bind(after_id)
            .bind(codec::one_more(query.limit))
            .fetch_all(&self.readers)
            .await?;
        let (rows, has_more) = codec::cut(&rows, query.limit);
        Ok(RoomPage { rooms: rows.iter().map(codec::room).collect::<Result<_, _>>()?, has_more })
    }

    async fn messages(
        &self,
        room: &RoomId,
        range: Range,
        among: Among<'_>,
        limit: u64,
    ) -> Result<MessagePage, StoreError> {
        match range {
            Range::Newest => self.page(Direction::Down, room, END, among, limit).await,
            Range::Before(seq) => self.page(Direction::Down, room, seq.value().cast_signed(), among, limit).await,
            Range::After(seq) => self.page(Direction::Up, room, seq.value().cast_signed(), among, limit).await,
            Range::Around(seq) => {
                let place = seq.value().cast_signed();
                let older = self.page(Direction::Down, room, place.saturating_add(1), among, limit.div_ceil(2)).await?;
                let newer = self.page(Direction::Up, room, place, among, limit / 2).await?;
                let messages = older.messages.into_iter().chain(newer.messages).collect();
                Ok(MessagePage { messages, has_more: older.has_more || newer.has_more })
            }
        }
    }

    async fn place(&self, room: &RoomId, id: &MessageId) -> Result<Option<Seq>, StoreError> {
        let row = sqlx::query("SELECT seq FROM messages WHERE id = ? AND room_id = ?")
            .bind(id.as_str())
            .bind(room.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| Ok(Seq::new(codec::number(&row, "seq")?))).transpose()
    }

    async fn own_reactions(
        &self,
        user: &UserId,
        messages: &[MessageId],
    ) -> Result<Vec<(MessageId, String)>, StoreError> {
        let rows = sqlx::query(
            "SELECT message_id, emoji FROM reactions
             WHERE user_id = ? AND message_id IN (SELECT value FROM json_each(?)) AND given = 1",
        )
        .bind(user.as_str())
        .bind(codec::to_json(&messages))
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| Ok((codec::id(row.try_get("message_id")?, MessageId::parse)?, row.try_get("emoji")?)))
            .collect()
    }

    async fn delta(&self, room: &RoomId, since: Rev, limit: u64) -> Result<DeltaRows, StoreError> {
        // One snapshot for all, or a change between two statements would fall through.
        let mut snapshot = self.readers.begin().await?;
        let since = since.value().cast_signed();
        let messages = sqlx::query("SELECT body FROM messages WHERE room_id = ? AND rev > ? ORDER BY rev LIMIT ?")
            .bind(room.as_str())
            .bind(since)
            .bind(codec::one_more(limit))
            .fetch_all(&mut *snapshot)
            .await?;
        let members = sqlx::query(MEMBERS_SINCE)
            .bind(room.as_str())
            .bind(since)
            .bind(codec::one_more(limit))
            .fetch_all(&mut *snapshot)
            .await?;
        let receipts = sqlx::query(
            "SELECT user_id, read_seq FROM members WHERE room_id = ? AND read_rev >= ? AND left_at IS NULL LIMIT ?",
        )
        .bind(room.as_str())
        .bind(since)
        .bind(codec::one_more(limit))
        .fetch_all(&mut *snapshot)
        .await?;
        let head = sqlx::query("SELECT rev, member_count, settings_rev > ?2 AS settings FROM rooms WHERE id = ?1")
            .bind(room.as_str())
            .bind(since)
            .fetch_optional(&mut *snapshot)
            .await?;
        head.map_or_else(|| Ok(DeltaRows::default()), |head| codec::delta(&head, &messages, &members, &receipts, limit))
    }

    async fn receipts(&self, rooms: &[RoomId]) -> Result<Vec<(RoomId, Receipt)>, StoreError> {
        let rows = sqlx::query(
            "SELECT room_id, user_id, read_seq FROM members
             WHERE room_id IN (SELECT value FROM json_each(?)) AND left_at IS NULL",
        )
        .bind(codec::to_json(&rooms))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|row| Ok((codec::id(row.try_get("room_id")?, RoomId::parse)?, codec::receipt(row)?))).collect()
    }

    async fn members(&self, room: &RoomId, after: Option<&UserId>, limit: u64) -> Result<UserPage, StoreError> {
        let rows = sqlx::query(
            "SELECT m.*, u.name AS user_name, u.avatar_url, u.last_seen_at
             FROM members AS m LEFT JOIN users AS u ON u.id = m.user_id
             WHERE m.room_id = ? AND m.user_id > ? AND m.left_at IS NULL ORDER BY m.user_id LIMIT ?",
        )
        .bind(room.as_str())
        .bind(after.map_or("", UserId::as_str))
        .bind(codec::one_more(limit))
        .fetch_all(&self.readers)
        .await?;
        let (rows, has_more) = codec::cut(&rows, limit);
        let members = rows
            .iter()
            .map(|row| Ok((codec::member(row)?, codec::optional_time(row, "last_seen_at")?)))
            .collect::<Result<_, StoreError>>()?;
        Ok(UserPage { members, has_more })
    }
}

/// From where a page is read.
#[derive(Clone, Copy)]
enum Direction {
    Up,
    Down,
}

#[async_trait]
impl SearchStore for SqliteStore {
    async fn search(&self, query: &SearchQuery) -> Result<FoundPage, StoreError> {
        self.find(query).await
    }
}

impl SqliteStore {
    async fn page(
        &self,
        direction: Direction,
        room: &RoomId,
        place: i64,
        among: Among<'_>,
        limit: u64,
    ) -> Result<MessagePage, StoreError> {
        let statement = match (direction, among) {
            (Direction::Down, Among::All) => MESSAGES_DOWN,
            (Direction::Up, Among::All) => MESSAGES_UP,
            (Direction::Down, Among::Thread(_)) => THREAD_DOWN,
            (Direction::Up, Among::Thread(_)) => THREAD_UP,
            (Direction::Down, Among::Pinned) => PINNED_DOWN,
            (Direction::Up, Among::Pinned) => PINNED_UP,
        };
        let query = sqlx::query(statement).bind(room.as_str()).bind(place).bind(codec::one_more(limit));
        let query = match among {
            Among::Thread(thread) => query.bind(thread.as_str()),
            Among::All | Among::Pinned => query,
        };
        let rows = query.fetch_all(&self.readers).await?;
        let (rows, has_more) = codec::cut(&rows, limit);
        Ok(MessagePage { messages: codec::by_place(rows)?, has_more })
    }
}

const ROOM_VIEWS: &str = "
SELECT r.*, m.role, m.rev AS member_rev, m.read_seq,
       (SELECT body FROM messages WHERE room_id = r.id AND seq = r.seq) AS last_body,
       (SELECT count(*) FROM messages AS u WHERE u.room_id = r.id AND u.seq > m.read_seq
            AND u.user_id <> m.user_id AND u.deleted_at IS NULL) AS unread,
       (SELECT count(*) FROM messages AS u WHERE u.room_id = r.id AND u.seq > m.read_seq
            AND u.user_id <> m.user_id AND u.deleted_at IS NULL AND u.mentions IS NOT NULL
            AND EXISTS (SELECT 1 FROM json_each(u.mentions) AS n WHERE n.value = m.user_id)) AS mentioned
FROM members AS m JOIN rooms AS r ON r.id = m.room_id
WHERE m.user_id = ?1 AND m.left_at IS NULL AND m.room_id IN (SELECT value FROM json_each(?2))";

const ROOMS_OF: &str = "
SELECT r.* FROM members AS m JOIN rooms AS r ON r.id = m.room_id
WHERE m.user_id = ?1 AND m.left_at IS NULL AND (?2 IS NULL OR instr(lower(r.name), lower(?2)) > 0)
  AND (r.name, r.id) > (?3, ?4) ORDER BY r.name, r.id LIMIT ?5";

const ROOMS_PUBLIC: &str = "
SELECT * FROM rooms WHERE visibility = 'public' AND deleted_at IS NULL AND ?1 IS NULL
  AND (?2 IS NULL OR instr(lower(name), lower(?2)) > 0)
  AND (name, id) > (?3, ?4) ORDER BY name, id LIMIT ?5";

const MESSAGES_DOWN: &str = "SELECT body FROM messages WHERE room_id = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";

const MESSAGES_UP: &str = "SELECT body FROM messages WHERE room_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";

const PINNED_DOWN: &str = "
SELECT body FROM messages WHERE room_id = ?1 AND seq < ?2 AND pinned_at IS NOT NULL ORDER BY seq DESC LIMIT ?3";

const PINNED_UP: &str = "
SELECT body FROM messages WHERE room_id = ?1 AND seq > ?2 AND pinned_at IS NOT NULL ORDER BY seq LIMIT ?3";

// Two searches by index, each in order: an `OR` would walk the whole room.

const THREAD_DOWN: &str = "
SELECT body, seq FROM messages WHERE thread_id = ?4 AND room_id = ?1 AND seq < ?2
UNION ALL SELECT body, seq FROM messages WHERE id = ?4 AND room_id = ?1 AND seq < ?2
ORDER BY seq DESC LIMIT ?3";

const THREAD_UP: &str = "
SELECT body, seq FROM messages WHERE thread_id = ?4 AND room_id = ?1 AND seq > ?2
UNION ALL SELECT body, seq FROM messages WHERE id = ?4 AND room_id = ?1 AND seq > ?2
ORDER BY seq LIMIT ?3";

const MEMBERS_SINCE: &str = "
SELECT m.*, u.name AS user_name, u.avatar_url FROM members AS m LEFT JOIN users AS u ON u.id = m.user_id
WHERE m.room_id = ? AND m.rev > ? ORDER BY m.rev LIMIT ?";
