//! The read side.

use async_trait::async_trait;
use roomcast_protocol::{
    MessageId, Rev, RoomId, Seq, UserId,
    model::{Receipt, Room, User},
};
use sqlx::{Connection as _, Postgres, postgres::PgArguments, postgres::PgRow, query::Query};

use super::{PostgresStore, codec, lease::Lease, within};
use crate::store::{
    Among, DeltaRows, FoundPage, MessagePage, Range, ReadStore, RoomHead, RoomPage, RoomQuery, RoomRev, RoomView,
    SearchQuery, SearchStore, StoreError, UserPage, columns::Columns as _,
};

type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// The largest integer stands for "no end".
const END: i64 = i64::MAX;

#[async_trait]
impl ReadStore for PostgresStore {
    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        let rows = self.all(sqlx::query("SELECT * FROM users WHERE id = ANY($1)").bind(texts(ids))).await?;
        rows.iter().map(codec::user).collect()
    }

    async fn blocked(&self, user: &UserId) -> Result<Vec<UserId>, StoreError> {
        let rows = self.all(sqlx::query(BLOCKED).bind(user.as_str())).await?;
        rows.iter().map(|row| codec::id(row.text("blocked_id")?, UserId::parse)).collect()
    }

    async fn memberships_of(&self, users: &[UserId]) -> Result<Vec<(UserId, RoomHead)>, StoreError> {
        let rows = self.all(sqlx::query(MEMBERSHIPS).bind(texts(users))).await?;
        rows.iter().map(codec::user_head).collect()
    }

    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<RoomRev>, StoreError> {
        let rows = self.all(sqlx::query(HEADS).bind(texts(rooms))).await?;
        rows.iter().map(codec::room_rev).collect()
    }

    async fn room_views(&self, user: &UserId, rooms: &[RoomId]) -> Result<Vec<RoomView>, StoreError> {
        let rows = self.all(sqlx::query(ROOM_VIEWS).bind(user.as_str()).bind(texts(rooms))).await?;
        rows.iter().map(codec::room_view).collect()
    }

    async fn room(&self, id: &RoomId) -> Result<Option<Room>, StoreError> {
        let rows =
            self.all(sqlx::query("SELECT * FROM rooms WHERE id = $1 AND deleted_at IS NULL").bind(id.as_str())).await?;
        rows.first().map(codec::room).transpose()
    }

    async fn rooms(&self, query: &RoomQuery) -> Result<RoomPage, StoreError> {
        let (after_name, after_id) = query.after.clone().unwrap_or_default();
        let statement = if query.of.is_some() { ROOMS_OF } else { ROOMS_PUBLIC };
        let statement = sqlx::query(statement)
            .bind(query.of.as_ref().map(UserId::as_str))
            .bind(query.name.as_deref())
            .bind(after_name)
            .bind(after_id)
            .bind(codec::one_more(query.limit));
        let rows = self.all(statement).await?;
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
        let rows = self.all(sqlx::query(PLACE).bind(id.as_str()).bind(room.as_str())).await?;
        rows.first().map(|row| Ok(Seq::new(codec::number(row, "seq")?))).transpose()
    }

    async fn own_reactions(
        &self,
        user: &UserId,
        messages: &[MessageId],
    ) -> Result<Vec<(MessageId, String)>, StoreError> {
        let rows = self.all(sqlx::query(OWN_REACTIONS).bind(user.as_str()).bind(texts(messages))).await?;
        rows.iter()
            .map(|row| Ok((codec::id(row.text("message_id")?, MessageId::parse)?, row.text("emoji")?.to_owned())))
            .collect()
    }

    async fn delta(&self, room: &RoomId, since: Rev, limit: u64) -> Result<DeltaRows, StoreError> {
        within(self.delta_rows(room, since, limit)).await
    }

    async fn receipts(&self, rooms: &[RoomId]) -> Result<Vec<(RoomId, Receipt)>, StoreError> {
        let rows = self.all(sqlx::query(RECEIPTS).bind(texts(rooms))).await?;
        rows.iter().map(|row| Ok((codec::id(row.text("room_id")?, RoomId::parse)?, codec::receipt(row)?))).collect()
    }

    async fn members(&self, room: &RoomId, after: Option<&UserId>, limit: u64) -> Result<UserPage, StoreError> {
        let after = after.map_or("", UserId::as_str);
        let rows = self.all(sqlx::query(MEMBERS).bind(room.as_str()).bind(after).bind(codec::one_more(limit))).await?;
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
impl SearchStore for PostgresStore {
    async fn search(&self, query: &SearchQuery) -> Result<FoundPage, StoreError> {
        self.find(query).await
    }
}

impl PostgresStore {
    pub(super) async fn all(&self, statement: Statement<'_>) -> Result<Vec<PgRow>, StoreError> {
        within(async { Ok(statement.fetch_all(&self.readers).await?) }).await
    }

    async fn delta_rows(&self, room: &RoomId, since: Rev, limit: u64) -> Result<DeltaRows, StoreError> {
        // One snapshot for all, or a change between two statements would fall through.
        let mut connection = Lease::of(&self.readers).await?;
        let mut snapshot = connection.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let since = since.value().cast_signed();
        let changed = |statement: &'static str| {
            sqlx::query(statement).bind(room.as_str().to_owned()).bind(since).bind(codec::one_more(limit))
        };
        let messages = changed(MESSAGES_SINCE).fetch_all(&mut *snapshot).await?;
        let members = changed(MEMBERS_SINCE).fetch_all(&mut *snapshot).await?;
        let receipts = changed(RECEIPTS_SINCE).fetch_all(&mut *snapshot).await?;
        let head = sqlx::query(HEAD).bind(room.as_str()).bind(since).fetch_optional(&mut *snapshot).await?;
        snapshot.rollback().await?;
        connection.give_back();
        head.map_or_else(|| Ok(DeltaRows::default()), |head| codec::delta(&head, &messages, &members, &receipts, limit))
    }

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
        let rows = self.all(query).await?;
        let (rows, has_more) = codec::cut(&rows, limit);
        Ok(MessagePage { messages: codec::by_place(rows)?, has_more })
    }
}

fn texts<T: AsRef<str>>(ids: &[T]) -> Vec<String> {
    ids.iter().map(|id| id.as_ref().to_owned()).collect()
}

const MEMBERSHIPS: &str = "
SELECT m.user_id, m.room_id, m.rev AS member_rev, m.entered_rev, m.role, m.read_seq, r.rev, r.member_count
FROM members AS m JOIN rooms AS r ON r.id = m.room_id WHERE m.user_id = ANY($1) AND m.left_at IS NULL";

const HEADS: &str = "SELECT id, rev, member_count FROM rooms WHERE id = ANY($1)";

const ROOM_VIEWS: &str = "
SELECT r.*, m.role, m.rev AS member_rev, m.read_seq,
       (SELECT body FROM messages WHERE room_id = r.id AND seq = r.seq) AS last_body,
       (SELECT count(*) FROM messages AS u WHERE u.room_id = r.id AND u.seq > m.read_seq
            AND u.user_id <> m.user_id AND u.deleted_at IS NULL) AS unread,
       (SELECT count(*) FROM messages AS u WHERE u.room_id = r.id AND u.seq > m.read_seq
            AND u.user_id <> m.user_id AND u.deleted_at IS NULL AND u.mentions ? m.user_id) AS mentioned
FROM members AS m JOIN rooms AS r ON r.id = m.room_id
WHERE m.user_id = $1 AND m.left_at IS NULL AND m.room_id = ANY($2)";

const ROOMS_OF: &str = "
SELECT r.* FROM members AS m JOIN rooms AS r ON r.id = m.room_id
WHERE m.user_id = $1 AND m.left_at IS NULL AND ($2 IS NULL OR strpos(lower(r.name), lower($2)) > 0)
  AND (r.name, r.id) > ($3, $4) ORDER BY r.name, r.id LIMIT $5";

const ROOMS_PUBLIC: &str = "
SELECT * FROM rooms WHERE visibility = 'public' AND deleted_at IS NULL AND $1::text IS NULL
  AND ($2 IS NULL OR strpos(lower(name), lower($2)) > 0)
  AND (name, id) > ($3, $4) ORDER BY name, id LIMIT $5";

const BLOCKED: &str = "SELECT blocked_id FROM blocks WHERE user_id = $1 ORDER BY blocked_id";

const PLACE: &str = "SELECT seq FROM messages WHERE id = $1 AND room_id = $2";

const OWN_REACTIONS: &str =
    "SELECT message_id, emoji FROM reactions WHERE user_id = $1 AND message_id = ANY($2) AND given = 1";

const MESSAGES_DOWN: &str = "SELECT body FROM messages WHERE room_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3";

const MESSAGES_UP: &str = "SELECT body FROM messages WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";

const PINNED_DOWN: &str = "
SELECT body FROM messages WHERE room_id = $1 AND seq < $2 AND pinned_at IS NOT NULL ORDER BY seq DESC LIMIT $3";

const PINNED_UP: &str = "
SELECT body FROM messages WHERE room_id = $1 AND seq > $2 AND pinned_at IS NOT NULL ORDER BY seq LIMIT $3";

// Two searches by index, each in order: an `OR` would walk the whole room.

const THREAD_DOWN: &str = "
SELECT body, seq FROM messages WHERE thread_id = $4 AND room_id = $1 AND seq < $2
UNION ALL SELECT body, seq FROM messages WHERE id = $4 AND room_id = $1 AND seq < $2
ORDER BY seq DESC LIMIT $3";

const THREAD_UP: &str = "
SELECT body, seq FROM messages WHERE thread_id = $4 AND room_id = $1 AND seq > $2
UNION ALL SELECT body, seq FROM messages WHERE id = $4 AND room_id = $1 AND seq > $2
ORDER BY seq LIMIT $3";

const MESSAGES_SINCE: &str = "SELECT body FROM messages WHERE room_id = $1 AND rev > $2 ORDER BY rev LIMIT $3";

const MEMBERS_SINCE: &str = "
SELECT m.*, u.name AS user_name, u.avatar_url FROM members AS m LEFT JOIN users AS u ON u.id = m.user_id
WHERE m.room_id = $1 AND m.rev > $2 ORDER BY m.rev LIMIT $3";

const RECEIPTS_SINCE: &str = "
SELECT user_id, read_seq FROM members WHERE room_id = $1 AND read_rev >= $2 AND left_at IS NULL LIMIT $3";

const HEAD: &str = "SELECT rev, member_count, settings_rev > $2 AS settings FROM rooms WHERE id = $1";

const RECEIPTS: &str = "SELECT room_id, user_id, read_seq FROM members WHERE room_id = ANY($1) AND left_at IS NULL";

const MEMBERS: &str = "
SELECT m.*, u.name AS user_name, u.avatar_url, u.last_seen_at
FROM members AS m LEFT JOIN users AS u ON u.id = m.user_id
WHERE m.room_id = $1 AND m.user_id > $2 AND m.left_at IS NULL ORDER BY m.user_id LIMIT $3";
