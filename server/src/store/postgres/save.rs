//! Writing back what a batch touched: a statement for each kind, however large the batch.

use std::collections::BTreeSet;

use roomcast_protocol::RoomId;
use sqlx::PgConnection;

use super::{codec, search::Indexed};
use crate::{domain::Workspace, store::StoreError};

/// `known` are the rooms that were there, and are locked: another node may make one of the others at this moment,
/// and then the batch must begin anew rather than write over it.
pub(super) async fn save(
    connection: &mut PgConnection,
    workspace: &Workspace,
    known: &BTreeSet<RoomId>,
) -> Result<(), StoreError> {
    let dirty = &workspace.dirty;
    if !dirty.rooms.is_empty() {
        let saved = |id: &&RoomId| codec::SavedRoom::from(&workspace.rooms[*id]);
        let (old, new): (Vec<&RoomId>, Vec<&RoomId>) = dirty.rooms.iter().partition(|id| known.contains(*id));
        let new: Vec<_> = new.iter().map(saved).collect();
        let old: Vec<_> = old.iter().map(saved).collect();
        if !new.is_empty() {
            run(connection, NEW_ROOMS, codec::to_json(&new)).await?;
        }
        if !old.is_empty() {
            run(connection, ROOMS, codec::to_json(&old)).await?;
        }
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
        let messages: Vec<_> = dirty.messages.iter().map(|id| Indexed::from(&workspace.messages[id])).collect();
        run(connection, MESSAGES, codec::to_json(&messages)).await?;
    }
    if !dirty.reactions.is_empty() {
        let reactions: Vec<_> = workspace.reactions_to_write().map(codec::SavedReaction::new).collect();
        run(connection, REACTIONS, codec::to_json(&reactions)).await?;
    }
    if !dirty.unreacted.is_empty() {
        run(connection, UNREACTED, codec::to_json(&dirty.unreacted)).await?;
    }
    // Rows that no room's lock covers, last and sorted: two batches never wait for each other in a ring.
    if !dirty.users.is_empty() {
        let users: Vec<_> = dirty.users.iter().map(|id| &workspace.users[id]).collect();
        run(connection, USERS, codec::to_json(&users)).await?;
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

async fn run(connection: &mut PgConnection, statement: &'static str, rows: String) -> Result<(), StoreError> {
    sqlx::query(statement).bind(rows).execute(connection).await?;
    Ok(())
}

const USERS: &str = r#"
INSERT INTO users (id, name, avatar_url)
SELECT id, name, "avatarUrl" FROM json_to_recordset($1::json) AS v (id text, name text, "avatarUrl" text)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, avatar_url = excluded.avatar_url"#;

const NEW_ROOMS: &str = r#"
INSERT INTO rooms (id, name, topic, visibility, policy, rev, seq, member_count, created_at, created_by, settings_rev)
SELECT id, name, topic, visibility, policy::text, rev, seq, "memberCount", "createdAt", created_by, settings_rev
FROM json_to_recordset($1::json) AS v (id text, name text, topic text, visibility text, policy json, rev bigint,
    seq bigint, "memberCount" bigint, "createdAt" bigint, created_by text, settings_rev bigint)"#;

const ROOMS: &str = r#"
UPDATE rooms SET name = v.name, topic = v.topic, policy = v.policy::text, rev = v.rev, seq = v.seq,
    member_count = v."memberCount", settings_rev = v.settings_rev, deleted_at = v.deleted_at
FROM json_to_recordset($1::json) AS v (id text, name text, topic text, policy json, rev bigint, seq bigint,
    "memberCount" bigint, settings_rev bigint, deleted_at bigint)
WHERE rooms.id = v.id"#;

const MEMBERS: &str = "
INSERT INTO members (room_id, user_id, role, joined_at, left_at, rev, entered_rev, read_seq, read_rev,
                     banned_until, muted_until, last_post_at)
SELECT room_id, user_id, role, joined_at, left_at, rev, entered_rev, read_seq, read_rev, banned_until, muted_until,
       last_post_at
FROM json_to_recordset($1::json) AS v (room_id text, user_id text, role text, joined_at bigint, left_at bigint,
    rev bigint, entered_rev bigint, read_seq bigint, read_rev bigint, banned_until bigint, muted_until bigint, last_post_at bigint)
ON CONFLICT (room_id, user_id) DO UPDATE SET
    role = excluded.role, joined_at = excluded.joined_at, left_at = excluded.left_at, rev = excluded.rev,
    entered_rev = excluded.entered_rev, read_seq = greatest(members.read_seq, excluded.read_seq), read_rev = excluded.read_rev,
    banned_until = excluded.banned_until, muted_until = excluded.muted_until, last_post_at = excluded.last_post_at";

const ENDED: &str = "
UPDATE members SET left_at = ended.at, rev = ended.rev
FROM (SELECT value ->> 0 AS room_id, (value ->> 1)::bigint AS at, (value ->> 2)::bigint AS rev
      FROM json_array_elements($1::json)) AS ended
WHERE members.room_id = ended.room_id AND members.left_at IS NULL";

const MESSAGES: &str = "
INSERT INTO messages (id, room_id, seq, rev, user_id, client_id, digest, created_at, deleted_at, thread_id, pinned_at,
                      mentions, words, body)
SELECT id, room_id, seq, rev, user_id, client_id, digest, created_at, deleted_at, thread_id, pinned_at, mentions,
       array_to_tsvector(ARRAY(SELECT json_array_elements_text(words))), body
FROM json_to_recordset($1::json) AS v (id text, room_id text, seq bigint, rev bigint, user_id text, client_id text,
    digest text, created_at bigint, deleted_at bigint, thread_id text, pinned_at bigint,
    mentions jsonb, words json, body text)
ON CONFLICT (room_id, seq) DO UPDATE SET
    rev = excluded.rev, deleted_at = excluded.deleted_at, pinned_at = excluded.pinned_at,
    mentions = excluded.mentions, words = excluded.words, body = excluded.body";

const REACTIONS: &str = "
INSERT INTO reactions (message_id, user_id, emoji, given, rev)
SELECT message_id, user_id, emoji, given, rev
FROM json_to_recordset($1::json) AS v (message_id text, user_id text, emoji text, given bigint, rev bigint)
ON CONFLICT (message_id, user_id, emoji) DO UPDATE SET given = excluded.given, rev = excluded.rev";

const UNREACTED: &str = "DELETE FROM reactions WHERE message_id IN (SELECT json_array_elements_text($1::json))";

const BLOCKS_MADE: &str = "
INSERT INTO blocks (user_id, blocked_id)
SELECT value ->> 0, value ->> 1 FROM json_array_elements($1::json) ON CONFLICT DO NOTHING";

const BLOCKS_LIFTED: &str = "
DELETE FROM blocks WHERE (user_id, blocked_id) IN
    (SELECT value ->> 0, value ->> 1 FROM json_array_elements($1::json))";

const LAST_SEEN: &str = "
UPDATE users SET last_seen_at = greatest(last_seen_at, seen.at)
FROM (SELECT value ->> 0 AS id, (value ->> 1)::bigint AS at FROM json_array_elements($1::json)) AS seen
WHERE users.id = seen.id";
