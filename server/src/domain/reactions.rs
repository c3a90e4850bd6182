//! What people say to a message with one sign. A message at rest holds the counts; who gave one is a row of its own.

use roomcast_protocol::{
    ErrorBody, ErrorCode, Event, MessageId, Rev, UserId,
    command::React,
    event::{MessageUpdated, ReactionChange},
    model::Message,
    permit::Action,
};

use super::{
    Change, Decision, Done, Workspace,
    messages::{alter, find},
    scene::Scene,
};

const ADD: &str = "add the reaction";
const REMOVE: &str = "remove the reaction";

pub(super) fn add(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    react: &React,
) -> Result<Decision, ErrorBody> {
    let (room, message) = find(workspace, change, &react.message_id, ADD)?;
    let (deleted, different) = (message.deleted_at.is_some(), message.reactions.len() as u64);
    let known = message.reactions.iter().any(|reaction| reaction.emoji == react.emoji);
    workspace.permit(scene, change, &room, Action::React, ADD)?;
    if deleted {
        return Err(ErrorBody::new(ErrorCode::Gone, "unable to add the reaction; the message is deleted"));
    }
    if workspace.has_reacted(change, react) {
        return Ok(Decision::quiet(workspace.unchanged_for(&react.message_id, &change.author.user.id)));
    }
    let most = scene.limits.reactions;
    if !known && different >= most {
        let why = "unable to add the reaction; the message has as many different ones as it can have";
        return Err(ErrorBody::new(ErrorCode::QuotaExceeded, why).field("emoji").limit(most));
    }
    Ok(set(workspace, change, react, true))
}

pub(super) fn remove(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    react: &React,
) -> Result<Decision, ErrorBody> {
    let (room, _) = find(workspace, change, &react.message_id, REMOVE)?;
    workspace.permit(scene, change, &room, Action::Unreact, REMOVE)?;
    if !workspace.has_reacted(change, react) {
        return Ok(Decision::quiet(workspace.unchanged_for(&react.message_id, &change.author.user.id)));
    }
    Ok(set(workspace, change, react, false))
}

fn set(workspace: &mut Workspace, change: &Change, react: &React, added: bool) -> Decision {
    let React { message_id, emoji } = react;
    let user_id = change.author.user.id.clone();
    let own = workspace.reactions.entry((message_id.clone(), user_id.clone())).or_default();
    if added {
        own.insert(emoji.clone());
    } else {
        own.remove(emoji);
    }
    workspace.dirty.reactions.insert((message_id.clone(), user_id.clone(), emoji.clone()));
    let by = ReactionChange { user_id, emoji: emoji.clone(), added };
    let event = |message, rev| Event::MessageUpdated(Box::new(MessageUpdated { message, by: Some(by), rev }));
    alter(workspace, change, message_id, event, |message| message.count_reaction(emoji, added))
}

impl Workspace {
    fn has_reacted(&self, change: &Change, react: &React) -> bool {
        let key = (react.message_id.clone(), change.author.user.id.clone());
        self.reactions.get(&key).is_some_and(|own| own.contains(&react.emoji))
    }

    /// A message as it now is, for one who asked about it.
    pub(super) fn stored_for(&self, id: &MessageId, reader: &UserId) -> Done {
        let message = &self.messages[id].message;
        Done::Message(Box::new(self.as_seen_by(message.clone(), reader)), message.rev)
    }

    /// A message as it now is, for one whose command changed nothing. A change that a reply made in the first message of
    /// its thread is the reply's, too: whoever took it for told by this answer would never hear of the reply. So it
    /// claims none, and the log tells it.
    pub(super) fn unchanged_for(&self, id: &MessageId, reader: &UserId) -> Done {
        match self.stored_for(id, reader) {
            Done::Message(message, _) if message.thread.is_some() => Done::Message(message, Rev::default()),
            done => done,
        }
    }

    /// Marks what the reader reacted with.
    pub(super) fn as_seen_by(&self, mut message: Message, reader: &UserId) -> Message {
        if !message.reactions.is_empty() {
            let own = self.reactions.get(&(message.id.clone(), reader.clone()));
            for reaction in &mut message.reactions {
                reaction.mine = own.is_some_and(|own| own.contains(&reaction.emoji));
            }
        }
        message
    }

    /// Forgets all reactions to a message.
    pub(super) fn clear_reactions(&mut self, id: &MessageId) {
        self.reactions.retain(|(message, _), _| message != id);
        self.dirty.unreacted.insert(id.clone());
    }
}
