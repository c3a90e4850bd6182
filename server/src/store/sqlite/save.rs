//! Writing back what a batch touched: a statement for each kind, however large the batch.

use sqlx::{Sqlite, SqliteConnection, Transaction};

use super::{StoreError, codec};
use crate::domain::Workspace;

pub(super) async fn save(
    transaction: &mut Transaction<'static, Sqlite>,
    workspace: &Workspace,
) -> Result<(), StoreError> {
    let connection: &mut SqliteConnection = transaction;
    let dirty = &workspace.dirty;
    if !dirty.users.is_empty() {
        let users: Vec<_> = dirty.users.iter().map(|id| &workspace.users[id]).collect();
        run(connection, USERS, codec::to_json(&users)).await?;
    }
    if !dirty.rooms.is_empty() {
        let rooms: Vec<_> = dirty.rooms.iter().map(|id| codec::SavedRoom::from(&workspace.rooms[id])).collect();
        run(connection, ROOMS, codec::to_json(&rooms)).await?;
    }
    if !dirty.members.is_empty() {
        let members: Vec<_> =
            dirty.members.iter().map(|key| codec::SavedMember::new(&key.0, &workspace.members[key])).collect();
        run(connection, MEMBERS, codec::to_json(&members)).await?;
    }
    if !dirty.ended.is_empty() {
        let ended: Vec<_> = dirty.ended.iter().map(|(room, (at, rev))| (room, at, rev)).collect();
        run(connection, ENDED, codec::to_json(&ended)).await?;
    }
    if !dirty.messages.is_empty() {
        let messages: Vec<_> =
            dirty.messages.iter().map(|id| codec::SavedMessage::from(&workspace.messages[id])).collect();
        run(connection, MESSAGES, codec::to_json(&messages)).await?;
    }
    if !dirty.reactions.is_empty() {
        let reactions: Vec<_> = workspace.reactions_to_write().map(codec::SavedReaction::new).collect();
        run(connection, REACTIONS, codec::to_json(&reactions)).await?;
    }
    if !dirty.unreacted.is_empty() {
        run(connection, UNREACTED, codec::to_json(&dirty.unreacted)).await?;
    }
    if !dirty.blocks.is_empty() {
        let (made, lifted) = workspace.blocks_to_write();
        run(connection, BLOCKS_MADE, codec::to_json(&made)).await?;
        run(connection, BLOCKS_LIFTED, codec::to_json(&lifted)).await?;
    }
    if !dirty.last_seen.is_empty() {
        let seen: Vec<_> = dirty.last_seen.iter().collect();
        run(connection, LAST_SEEN, codec::to_json(&seen)).await?;
    }
    Ok(())
}

async fn run(connection: &mut SqliteConnection, statement: &'static str, rows: String) -> Result<(), StoreError> {
    sqlx::query(statement).bind(rows).execute(connection).await?;
    Ok(())
}

// `WHERE true` tells SQLite's parser that the `ON` of the upsert is not a join's.

const USERS: &str = "
INSERT INTO users (id, name, avatar_url)
SELECT value ->> 'id', value ->> 'name', value ->> 'avatarUrl' FROM json_each(?) WHERE true
ON CONFLICT (id) DO UPDATE SET name = excluded.name, avatar_url = excluded.avatar_url";

const ROOMS: &str = "
INSERT INTO rooms (id, name, topic, visibility, policy, rev, seq, member_count, created_at, created_by, settings_rev,
                   deleted_at)
SELECT value ->> 'id', value ->> 'name', value ->> 'topic', value ->> 'visibility', value -> 'policy',
       value ->> 'rev', value ->> 'seq', value ->> 'memberCount', value ->> 'createdAt',
       value ->> 'created_by', value ->> 'settings_rev', value ->> 'deleted_at'
FROM json_each(?) WHERE true
ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, topic = excluded.topic, policy = excluded.policy, rev = excluded.rev, seq = excluded.seq,
    member_count = excluded.member_count, settings_rev = excluded.settings_rev,
    deleted_at = excluded.deleted_at";

const MEMBERS: &str = "
INSERT INTO members (room_id, user_id, role, joined_at, left_at, rev, entered_rev, read_seq, read_rev,
                     banned_until, muted_until, last_post_at)
SELECT value ->> 'room_id', value ->> 'user_id', value ->> 'role', value ->> 'joined_at', value ->> 'left_at',
       value ->> 'rev', value ->> 'entered_rev', value ->> 'read_seq', value ->> 'read_rev',
       value ->> 'banned_until', value ->> 'muted_until', value ->> 'last_post_at'
FROM json_each(?) WHERE true
ON CONFLICT (room_id, user_id) DO UPDATE SET
    role = excluded.role, joined_at = excluded.joined_at, left_at = excluded.left_at, rev = excluded.rev,
    entered_rev = excluded.entered_rev, read_seq = max(read_seq, excluded.read_seq), read_rev = excluded.read_rev,
    banned_until = excluded.banned_until, muted_until = excluded.muted_until, last_post_at = excluded.last_post_at";

const ENDED: &str = "
UPDATE members SET left_at = ended.at, rev = ended.rev
FROM (SELECT value ->> 0 AS room_id, value ->> 1 AS at, value ->> 2 AS rev FROM json_each(?)) AS ended
WHERE members.room_id = ended.room_id AND members.left_at IS NULL";

const MESSAGES: &str = "
INSERT INTO messages (id, room_id, seq, rev, user_id, client_id, digest, created_at, deleted_at, thread_id,
                      pinned_at, mentions, body)
SELECT value ->> 'id', value ->> 'room_id', value ->> 'seq', value ->> 'rev', value ->> 'user_id',
       value ->> 'client_id', value ->> 'digest', value ->> 'created_at', value ->> 'deleted_at',
       value ->> 'thread_id', value ->> 'pinned_at', value ->> 'mentions', value ->> 'body'
FROM json_each(?) WHERE true
ON CONFLICT (room_id, seq) DO UPDATE SET
    rev = excluded.rev, deleted_at = excluded.deleted_at, pinned_at = excluded.pinned_at,
    mentions = excluded.mentions, body = excluded.body";

const REACTIONS: &str = "
INSERT INTO reactions (message_id, user_id, emoji, given, rev)
SELECT value ->> 'message_id', value ->> 'user_id', value ->> 'emoji', value ->> 'given', value ->> 'rev'
FROM json_each(?) WHERE true
ON CONFLICT (message_id, user_id, emoji) DO UPDATE SET given = excluded.given, rev = excluded.rev";

const UNREACTED: &str = "DELETE FROM reactions WHERE message_id IN (SELECT value FROM json_each(?))";

const BLOCKS_MADE: &str = "
INSERT INTO blocks (user_id, blocked_id) SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true
ON CONFLICT DO NOTHING";

const BLOCKS_LIFTED: &str = "
DELETE FROM blocks WHERE (user_id, blocked_id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))";

const LAST_SEEN: &str = "
UPDATE users SET last_seen_at = max(coalesce(last_seen_at, 0), seen.at)
FROM (SELECT value ->> 0 AS id, value ->> 1 AS at FROM json_each(?)) AS seen WHERE users.id = seen.id";
