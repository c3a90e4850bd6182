//! Loading the rows of a batch: a statement for each kind, however large the batch.

use std::collections::BTreeSet;

use roomcast_protocol::{MessageId, RoomId, Seq, UserId};
use sqlx::{Row as _, Sqlite, SqliteConnection, Transaction};

use super::{StoreError, codec};
use crate::domain::{Keys, Workspace};

pub(super) async fn load(transaction: &mut Transaction<'static, Sqlite>, keys: &Keys) -> Result<Workspace, StoreError> {
    let connection: &mut SqliteConnection = transaction;
    let mut workspace = Workspace::default();
    messages(connection, keys, &mut workspace).await?;
    reactions(connection, keys, &mut workspace).await?;
    places(connection, keys, &mut workspace).await?;

    // The rooms of messages named by id are known only now.
    let mut room_ids = keys.rooms.clone();
    let mut member_keys = keys.members.clone();
    for (id, user) in &keys.messages {
        if let Some(row) = workspace.messages.get(id) {
            room_ids.insert(row.message.room_id.clone());
            member_keys.insert((row.message.room_id.clone(), user.clone()));
        }
    }
    rooms(connection, &room_ids, &mut workspace).await?;
    members(connection, &member_keys, &mut workspace).await?;
    blocks(connection, keys, &mut workspace).await?;
    users(connection, keys, &mut workspace).await?;
    Ok(workspace)
}

async fn messages(connection: &mut SqliteConnection, keys: &Keys, workspace: &mut Workspace) -> Result<(), StoreError> {
    if !keys.messages.is_empty() {
        let ids: BTreeSet<&MessageId> = keys.messages.iter().map(|(id, _)| id).collect();
        let rows = sqlx::query("SELECT body, digest FROM messages WHERE id IN (SELECT value FROM json_each(?))")
            .bind(codec::to_json(&ids))
            .fetch_all(&mut *connection)
            .await?;
        for row in &rows {
            workspace.keep(codec::message_row(row)?);
        }
    }
    if !keys.sends.is_empty() {
        let rows = sqlx::query(
            "SELECT m.body, m.digest FROM json_each(?) AS k CROSS JOIN messages AS m
             ON m.room_id = k.value ->> 0 AND m.user_id = k.value ->> 1 AND m.client_id = k.value ->> 2",
        )
        .bind(codec::to_json(&keys.sends))
        .fetch_all(&mut *connection)
        .await?;
        for row in &rows {
            workspace.keep(codec::message_row(row)?);
        }
    }
    Ok(())
}

async fn reactions(
    connection: &mut SqliteConnection,
    keys: &Keys,
    workspace: &mut Workspace,
) -> Result<(), StoreError> {
    let wanted = keys.reactions(workspace);
    if wanted.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query(
        "SELECT r.message_id, r.user_id, r.emoji, r.given, r.rev FROM json_each(?) AS k CROSS JOIN reactions AS r
         ON r.message_id = k.value ->> 0 AND r.user_id = k.value ->> 1",
    )
    .bind(codec::to_json(&wanted))
    .fetch_all(connection)
    .await?;
    for row in &rows {
        let message = codec::id(row.try_get("message_id")?, MessageId::parse)?;
        let user = codec::id(row.try_get("user_id")?, UserId::parse)?;
        let own = workspace.reactions.entry((message, user)).or_default();
        own.insert(row.try_get("emoji")?, codec::reaction_row(row)?);
    }
    Ok(())
}

async fn places(connection: &mut SqliteConnection, keys: &Keys, workspace: &mut Workspace) -> Result<(), StoreError> {
    if keys.places.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query(
        "SELECT m.id, m.room_id, m.seq FROM json_each(?) AS k CROSS JOIN messages AS m
         ON m.room_id = k.value ->> 0 AND m.seq = k.value ->> 1",
    )
    .bind(codec::to_json(&keys.places))
    .fetch_all(connection)
    .await?;
    for row in &rows {
        let room = codec::id(row.try_get("room_id")?, RoomId::parse)?;
        let seq = Seq::new(codec::number(row, "seq")?);
        workspace.places.insert((room, seq), codec::id(row.try_get("id")?, MessageId::parse)?);
    }
    Ok(())
}

async fn rooms(
    connection: &mut SqliteConnection,
    ids: &BTreeSet<RoomId>,
    workspace: &mut Workspace,
) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query("SELECT * FROM rooms WHERE id IN (SELECT value FROM json_each(?))")
        .bind(codec::to_json(ids))
        .fetch_all(connection)
        .await?;
    for row in &rows {
        let row = codec::room_row(row)?;
        workspace.rooms.insert(row.room.id.clone(), row);
    }
    Ok(())
}

async fn members(
    connection: &mut SqliteConnection,
    keys: &BTreeSet<(RoomId, UserId)>,
    workspace: &mut Workspace,
) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query(
        "SELECT m.*, u.name AS user_name, u.avatar_url FROM json_each(?) AS k CROSS JOIN members AS m
         ON m.room_id = k.value ->> 0 AND m.user_id = k.value ->> 1
         LEFT JOIN users AS u ON u.id = m.user_id",
    )
    .bind(codec::to_json(keys))
    .fetch_all(connection)
    .await?;
    for row in &rows {
        let room = codec::id(row.try_get("room_id")?, RoomId::parse)?;
        let row = codec::member_row(row)?;
        workspace.members.insert((room, row.member.user_id.clone()), row);
    }
    Ok(())
}

async fn blocks(connection: &mut SqliteConnection, keys: &Keys, workspace: &mut Workspace) -> Result<(), StoreError> {
    if keys.blocks.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query(
        "SELECT b.user_id, b.blocked_id FROM json_each(?) AS k CROSS JOIN blocks AS b
         ON b.user_id = k.value ->> 0 AND b.blocked_id = k.value ->> 1",
    )
    .bind(codec::to_json(&keys.blocks))
    .fetch_all(connection)
    .await?;
    for row in &rows {
        let user = codec::id(row.try_get("user_id")?, UserId::parse)?;
        workspace.blocks.insert((user, codec::id(row.try_get("blocked_id")?, UserId::parse)?));
    }
    Ok(())
}

async fn users(connection: &mut SqliteConnection, keys: &Keys, workspace: &mut Workspace) -> Result<(), StoreError> {
    if !keys.users.is_empty() {
        let rows = sqlx::query("SELECT * FROM users WHERE id IN (SELECT value FROM json_each(?))")
            .bind(codec::to_json(&keys.users))
            .fetch_all(&mut *connection)
            .await?;
        for row in &rows {
            let user = codec::user(row)?;
            workspace.users.insert(user.id.clone(), user);
        }
    }
    if !keys.room_counts.is_empty() {
        let rows = sqlx::query(
            "SELECT user_id, count(*) AS rooms FROM members
             WHERE user_id IN (SELECT value FROM json_each(?)) AND left_at IS NULL GROUP BY user_id",
        )
        .bind(codec::to_json(&keys.room_counts))
        .fetch_all(connection)
        .await?;
        for row in &rows {
            let user = codec::id(row.try_get("user_id")?, UserId::parse)?;
            workspace.room_counts.insert(user, codec::number(row, "rooms")?);
        }
    }
    Ok(())
}
