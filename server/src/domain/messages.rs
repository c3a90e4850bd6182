//! Posting, editing and deleting.

use roomcast_protocol::{
    ErrorBody, ErrorCode, Event, MessageId, Rev, RoomId,
    command::{EditMessage, SendMessage},
    event::{MessageChanged, NewMessage},
    model::Message,
    permit::Action,
    validate::canonical,
};
use sha2::{Digest as _, Sha256};

use super::{
    Audience, Change, Decision, Done, MessageRow, News, Workspace,
    scene::{Scene, no_such_message},
};
use crate::planted::{self, Bug};

const SEND: &str = "send the message";
const EDIT: &str = "edit the message";
const DELETE: &str = "delete the message";

pub(super) fn send(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    send: &SendMessage,
) -> Result<Decision, ErrorBody> {
    let room = &send.room_id;
    let author = &change.author.user;
    let digest = digest(send);
    let key = send.client_id.clone().map(|client_id| (room.clone(), author.id.clone(), client_id));
    // Before the permission: who was put out after a send whose ack was lost still learns that it went through.
    if let Some(earlier) = key.as_ref().and_then(|key| workspace.sends.get(key))
        && !planted::has(Bug::NoDeduplication)
    {
        return repeated(workspace, &workspace.messages[earlier], &digest);
    }
    if !(planted::has(Bug::MembershipUnchecked) && workspace.rooms.contains_key(room)) {
        workspace.permit(scene, change, room, Action::Post, SEND)?;
    }
    if let Some(before) = &send.after
        && !planted::has(Bug::AfterIgnored)
        && !workspace.sends.contains_key(&(room.clone(), author.id.clone(), before.clone()))
    {
        let why = "unable to send the message; the sender's message before it is not there yet";
        return Err(ErrorBody::new(ErrorCode::Unavailable, why).retry_after(100).field("after"));
    }
    for (field, id) in [("replyTo", &send.reply_to), ("threadId", &send.thread_id)] {
        let Some(id) = id else { continue };
        if workspace.messages.get(id).is_none_or(|row| row.message.room_id != *room) {
            return Err(no_such_message(SEND).field(field));
        }
    }

    let root = send.thread_id.as_ref().map(|id| &workspace.messages[id].message);
    if root.is_some_and(|root| root.thread_id.is_some()) {
        let why = "unable to send the message; threadId names a message that is in a thread itself";
        return Err(ErrorBody::new(ErrorCode::BadRequest, why).field("threadId"));
    }

    let rev = workspace.next_rev(room);
    let row = workspace.rooms.get_mut(room).expect("permitted above");
    row.room.seq = row.room.seq.next();
    let message = Message {
        id: MessageId::parse(&change.fresh_id).expect("fresh ids are UUIDs"),
        room_id: room.clone(),
        user_id: author.id.clone(),
        client_id: send.client_id.clone(),
        kind: send.kind.clone(),
        content: canonical(&send.content),
        seq: row.room.seq,
        rev,
        version: 1,
        created_at: scene.now,
        edited_at: None,
        deleted_at: None,
        reply_to: send.reply_to.clone(),
        thread_id: send.thread_id.clone(),
        thread: None,
        mentions: send.mentions.clone(),
        attachments: send.attachments.clone(),
        reactions: Vec::new(),
        pinned_at: None,
        metadata: send.metadata.clone(),
    };
    if row.room.policy.slow_mode_ms > 0 {
        let member = (room.clone(), author.id.clone());
        if let Some(row) = workspace.members.get_mut(&member) {
            row.last_post_at = Some(scene.now);
            workspace.dirty.members.insert(member);
        }
    }
    if let Some(id) = &message.thread_id {
        workspace.messages.get_mut(id).expect("found above").message.count_reply(&message);
        workspace.dirty.messages.insert(id.clone());
    }
    if let Some(key) = key {
        workspace.sends.insert(key, message.id.clone());
    }
    workspace.dirty.messages.insert(message.id.clone());
    workspace.messages.insert(message.id.clone(), MessageRow { message: message.clone(), digest });
    let told = NewMessage { message: message.clone(), user: author.clone(), rev };
    Ok(Decision {
        done: Done::Message(Box::new(message), rev),
        news: vec![News::Room {
            room: room.clone(),
            audience: Audience::Room,
            rev: Some(rev),
            event: Event::NewMessage(Box::new(told)),
            skip_author: true,
        }],
    })
}

/// The same `clientId` again: the original where the content is the same, for ever (G-4).
fn repeated(workspace: &Workspace, row: &MessageRow, digest: &str) -> Result<Decision, ErrorBody> {
    if row.digest == digest {
        return Ok(Decision::quiet(workspace.unchanged_for(&row.message.id, &row.message.user_id)));
    }
    let why = "unable to send the message; its clientId was used for another one";
    Err(ErrorBody::new(ErrorCode::Conflict, why).field("clientId"))
}

pub(super) fn edit(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    edit: &EditMessage,
) -> Result<Decision, ErrorBody> {
    let (room, message) = find(workspace, change, &edit.message_id, EDIT)?;
    let own = message.user_id == change.author.user.id;
    let created_at = message.created_at;
    workspace.permit(scene, change, &room, Action::Edit { own, created_at }, EDIT)?;
    if message.deleted_at.is_some() {
        return Err(ErrorBody::new(ErrorCode::Gone, "unable to edit the message; it is deleted"));
    }
    let content = canonical(&edit.content);
    if message.content == content {
        return Ok(Decision::quiet(workspace.unchanged_for(&edit.message_id, &change.author.user.id)));
    }
    if edit.if_version.is_some_and(|version| version != message.version) {
        let why = "unable to edit the message; it has moved on from ifVersion";
        return Err(ErrorBody::new(ErrorCode::Conflict, why).field("ifVersion"));
    }
    let now = scene.now;
    let event = |message, rev| Event::MessageEdited(Box::new(MessageChanged { message, rev }));
    Ok(alter(workspace, change, &edit.message_id, event, |message| {
        message.content = content;
        message.version += 1;
        message.edited_at = Some(now);
    }))
}

pub(super) fn delete(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    id: &MessageId,
) -> Result<Decision, ErrorBody> {
    let (room, message) = find(workspace, change, id, DELETE)?;
    let own = message.user_id == change.author.user.id;
    workspace.permit(scene, change, &room, Action::Delete { own }, DELETE)?;
    if message.deleted_at.is_some() {
        return Ok(Decision::quiet(workspace.unchanged_for(id, &change.author.user.id)));
    }
    if !message.reactions.is_empty() {
        workspace.clear_reactions(id);
    }
    let now = scene.now;
    let event = |message, rev| Event::MessageDeleted(Box::new(MessageChanged { message, rev }));
    Ok(alter(workspace, change, id, event, |message| {
        message.content.clear();
        message.mentions.clear();
        message.attachments.clear();
        message.reactions.clear();
        message.metadata = None;
        message.pinned_at = None;
        message.version += 1;
        message.deleted_at = Some(now);
    }))
}

/// Changes a message that was found, as the room's next change.
pub(super) fn alter(
    workspace: &mut Workspace,
    change: &Change,
    id: &MessageId,
    event: impl FnOnce(Message, Rev) -> Event,
    mutate: impl FnOnce(&mut Message),
) -> Decision {
    let room = workspace.messages[id].message.room_id.clone();
    let rev =
        if planted::has(Bug::EditWithoutRev) { workspace.rooms[&room].room.rev } else { workspace.next_rev(&room) };
    let row = workspace.messages.get_mut(id).expect("found above");
    mutate(&mut row.message);
    row.message.rev = rev;
    workspace.dirty.messages.insert(id.clone());
    let message = row.message.clone();
    Decision {
        done: workspace.stored_for(id, &change.author.user.id),
        news: vec![News::Room {
            room,
            audience: Audience::Room,
            rev: Some(rev),
            event: event(message, rev),
            skip_author: true,
        }],
    }
}

/// A message that the author may see; one of a room that they are not in does not exist.
pub(super) fn find<'a>(
    workspace: &'a Workspace,
    change: &Change,
    id: &MessageId,
    what: &str,
) -> Result<(RoomId, &'a Message), ErrorBody> {
    let row = workspace.messages.get(id).ok_or_else(|| no_such_message(what))?;
    let room = row.message.room_id.clone();
    let key = (room.clone(), change.author.user.id.clone());
    let inside = workspace.members.get(&key).is_some_and(super::MemberRow::is_active);
    if inside || change.author.admin { Ok((room, &row.message)) } else { Err(no_such_message(what)) }
}

/// Digest of all that a sender says, so that the same `clientId` with other words is a conflict.
fn digest(send: &SendMessage) -> String {
    let said = serde_json::to_vec(&(
        send.kind.as_str(),
        canonical(&send.content),
        &send.reply_to,
        &send.thread_id,
        &send.mentions,
        &send.attachments,
        &send.metadata,
    ))
    .expect("a payload that was parsed serializes");
    Sha256::digest(said).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
