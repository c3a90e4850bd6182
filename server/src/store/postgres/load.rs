//! Loading the rows of a batch: the rooms locked first, then a statement for each kind, however large the batch.

use std::collections::BTreeSet;

use roomcast_protocol::{MessageId, RoomId, Seq, UserId};
use sqlx::{PgConnection, Postgres, postgres::PgArguments, postgres::PgRow, query::Query};

use super::codec;
use crate::{
    domain::{Keys, Workspace},
    store::{StoreError, columns::Columns as _},
};

pub(super) async fn load(connection: &mut PgConnection, keys: &Keys) -> Result<Workspace, StoreError> {
    let mut workspace = Workspace::default();
    let mut room_ids = keys.rooms.clone();
    let mut member_keys = keys.members.clone();
    if !keys.messages.is_empty() {
        // Where a message is never changes, so it may be read before the lock.
        let ids: Vec<&str> = keys.messages.iter().map(|(id, _)| id.as_str()).collect();
        let homes = rows(connection, sqlx::query(HOMES).bind(ids)).await?;
        for home in &homes {
            let room = codec::id(home.text("room_id")?, RoomId::parse)?;
            let message = codec::id(home.text("id")?, MessageId::parse)?;
            let asking = keys.messages.iter().filter(|(id, _)| *id == message);
            member_keys.extend(asking.map(|(_, user)| (room.clone(), user.clone())));
            room_ids.insert(room);
        }
    }
    rooms(connection, &room_ids, &mut workspace).await?;
    messages(connection, keys, &mut workspace).await?;
    reactions(connection, keys, &mut workspace).await?;
    places(connection, keys, &mut workspace).await?;
    members(connection, &member_keys, &mut workspace).await?;
    blocks(connection, keys, &mut workspace).await?;
    users(connection, keys, &mut workspace).await?;
    Ok(workspace)
}

async fn rows(
    connection: &mut PgConnection,
    query: Query<'_, Postgres, PgArguments>,
) -> Result<Vec<PgRow>, StoreError> {
    Ok(query.fetch_all(connection).await?)
}

async fn rooms(
    connection: &mut PgConnection,
    ids: &BTreeSet<RoomId>,
    workspace: &mut Workspace,
) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = ids.iter().map(RoomId::as_str).collect();
    for row in &rows(connection, sqlx::query(LOCK_ROOMS).bind(ids)).await? {
        let row = codec::room_row(row)?;
        workspace.rooms.insert(row.room.id.clone(), row);
    }
    Ok(())
}

async fn messages(connection: &mut PgConnection, keys: &Keys, workspace: &mut Workspace) -> Result<(), StoreError> {
    if !keys.messages.is_empty() {
        let ids: Vec<&str> = keys.messages.iter().map(|(id, _)| id.as_str()).collect();
        for row in &rows(connection, sqlx::query(MESSAGES).bind(ids)).await? {
            workspace.keep(codec::message_row(row)?);
        }
    }
    if !keys.sends.is_empty() {
        let query = sqlx::query(SENDS)
            .bind(keys.sends.iter().map(|(room, _, _)| room.as_str()).collect::<Vec<_>>())
            .bind(keys.sends.iter().map(|(_, user, _)| user.as_str()).collect::<Vec<_>>())
            .bind(keys.sends.iter().map(|(_, _, client)| client.as_str()).collect::<Vec<_>>());
        for row in &rows(connection, query).await? {
            workspace.keep(codec::message_row(row)?);
        }
    }
    Ok(())
}

async fn reactions(connection: &mut PgConnection, keys: &Keys, workspace: &mut Workspace) -> Result<(), StoreError> {
    let wanted = keys.reactions(workspace);
    if wanted.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(REACTIONS)
        .bind(wanted.iter().map(|(message, _)| message.as_str()).collect::<Vec<_>>())
        .bind(wanted.iter().map(|(_, user)| user.as_str()).collect::<Vec<_>>());
    for row in &rows(connection, query).await? {
        let message = codec::id(row.text("message_id")?, MessageId::parse)?;
        let user = codec::id(row.text("user_id")?, UserId::parse)?;
        let own = workspace.reactions.entry((message, user)).or_default();
        own.insert(row.text("emoji")?.to_owned(), codec::reaction_row(row)?);
    }
    Ok(())
}

async fn blocks(connection: &mut PgConnection, keys: &Keys, workspace: &mut Workspace) -> Result<(), StoreError> {
    if keys.blocks.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(BLOCKS)
        .bind(keys.blocks.iter().map(|(user, _)| user.as_str()).collect::<Vec<_>>())
        .bind(keys.blocks.iter().map(|(_, blocked)| blocked.as_str()).collect::<Vec<_>>());
    for row in &rows(connection, query).await? {
        let user = codec::id(row.text("user_id")?, UserId::parse)?;
        workspace.blocks.insert((user, codec::id(row.text("blocked_id")?, UserId::parse)?));
    }
    Ok(())
}

async fn places(connection: &mut PgConnection, keys: &Keys, workspace: &mut Workspace) -> Result<(), StoreError> {
    if keys.places.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(PLACES)
        .bind(keys.places.iter().map(|(room, _)| room.as_str()).collect::<Vec<_>>())
        .bind(keys.places.iter().map(|(_, seq)| seq.value().cast_signed()).collect::<Vec<_>>());
    for row in &rows(connection, query).await? {
        let room = codec::id(row.text("room_id")?, RoomId::parse)?;
        let seq = Seq::new(codec::number(row, "seq")?);
        workspace.places.insert((room, seq), codec::id(row.text("id")?, MessageId::parse)?);
    }
    Ok(())
}

async fn members(
    connection: &mut PgConnection,
    keys: &BTreeSet<(RoomId, UserId)>,
    workspace: &mut Workspace,
) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(MEMBERS)
        .bind(keys.iter().map(|(room, _)| room.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|(_, user)| user.as_str()).collect::<Vec<_>>());
    for row in &rows(connection, query).await? {
        let room = codec::id(row.text("room_id")?, RoomId::parse)?;
        let row = codec::member_row(row)?;
        workspace.members.insert((room, row.member.user_id.clone()), row);
    }
    Ok(())
}

async fn users(connection: &mut PgConnection, keys: &Keys, workspace: &mut Workspace) -> Result<(), StoreError> {
    let ids = |users: &BTreeSet<UserId>| users.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>();
    if !keys.users.is_empty() {
        for row in &rows(connection, sqlx::query(USERS).bind(ids(&keys.users))).await? {
            let user = codec::user(row)?;
            workspace.users.insert(user.id.clone(), user);
        }
    }
    if !keys.room_counts.is_empty() {
        for row in &rows(connection, sqlx::query(ROOM_COUNTS).bind(ids(&keys.room_counts))).await? {
            let user = codec::id(row.text("user_id")?, UserId::parse)?;
            workspace.room_counts.insert(user, codec::number(row, "rooms")?);
        }
    }
    Ok(())
}

const HOMES: &str = "SELECT id, room_id FROM messages WHERE id = ANY($1)";

/// Sorted before they are locked: two batches never wait for each other in a ring.
const LOCK_ROOMS: &str = "SELECT * FROM rooms WHERE id = ANY($1) ORDER BY id FOR UPDATE";

const MESSAGES: &str = "SELECT body, digest FROM messages WHERE id = ANY($1)";

const SENDS: &str = "
SELECT m.body, m.digest FROM unnest($1::text[], $2::text[], $3::text[]) AS k (room_id, user_id, client_id)
JOIN messages AS m ON m.room_id = k.room_id AND m.user_id = k.user_id AND m.client_id = k.client_id";

const REACTIONS: &str = "
SELECT r.message_id, r.user_id, r.emoji, r.given, r.rev FROM unnest($1::text[], $2::text[]) AS k (message_id, user_id)
JOIN reactions AS r ON r.message_id = k.message_id AND r.user_id = k.user_id";

const BLOCKS: &str = "
SELECT b.user_id, b.blocked_id FROM unnest($1::text[], $2::text[]) AS k (user_id, blocked_id)
JOIN blocks AS b ON b.user_id = k.user_id AND b.blocked_id = k.blocked_id";

const PLACES: &str = "
SELECT m.id, m.room_id, m.seq FROM unnest($1::text[], $2::bigint[]) AS k (room_id, seq)
JOIN messages AS m ON m.room_id = k.room_id AND m.seq = k.seq";

const MEMBERS: &str = "
SELECT m.*, u.name AS user_name, u.avatar_url FROM unnest($1::text[], $2::text[]) AS k (room_id, user_id)
JOIN members AS m ON m.room_id = k.room_id AND m.user_id = k.user_id
LEFT JOIN users AS u ON u.id = m.user_id";

const USERS: &str = "SELECT * FROM users WHERE id = ANY($1)";

const ROOM_COUNTS: &str = "
SELECT user_id, count(*) AS rooms FROM members WHERE user_id = ANY($1) AND left_at IS NULL GROUP BY user_id";
