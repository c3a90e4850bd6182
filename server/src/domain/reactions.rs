//! What people say to a message with one sign. A message at rest holds the counts; who gave one is a row of its own.

use roomcast_protocol::{
    ErrorBody, ErrorCode, Event, MessageId, Rev, UserId,
    command::React,
    event::{MessageUpdated, ReactionChange},
    model::Message,
    permit::Action,
};

use super::{
    Change, Decision, Done, ReactionRow, Workspace,
    messages::{alter, find},
    scene::Scene,
};
use crate::planted::{self, Bug};

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
    if !workspace.is_news(change, react, true, ADD)? {
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
    let (room, message) = find(workspace, change, &react.message_id, REMOVE)?;
    let deleted = message.deleted_at.is_some();
    workspace.permit(scene, change, &room, Action::Unreact, REMOVE)?;
    if deleted || !workspace.is_news(change, react, false, REMOVE)? {
        return Ok(Decision::quiet(workspace.unchanged_for(&react.message_id, &change.author.user.id)));
    }
    Ok(set(workspace, change, react, false))
}

fn set(workspace: &mut Workspace, change: &Change, react: &React, given: bool) -> Decision {
    let React { message_id, emoji, .. } = react;
    let user_id = change.author.user.id.clone();
    let key = (message_id.clone(), user_id.clone());
    let own = workspace.reactions.entry(key.clone()).or_default();
    let before = own.insert(emoji.clone(), ReactionRow { given, rev: Rev::default() });
    let differs = before.is_some_and(|row| row.given) != given;
    let by = ReactionChange { user_id: user_id.clone(), emoji: emoji.clone(), added: given };
    let event = |message, rev| Event::MessageUpdated(Box::new(MessageUpdated { message, by: Some(by), rev }));
    let decision = alter(workspace, change, message_id, event, |message| {
        if differs {
            message.count_reaction(emoji, given);
        }
    });
    let rev = workspace.messages[message_id].message.rev;
    workspace.reactions.entry(key).or_default().insert(emoji.clone(), ReactionRow { given, rev });
    workspace.dirty.reactions.insert((message_id.clone(), user_id, emoji.clone()));
    decision
}

impl Workspace {
    /// Whether there is something to write. A wish that says what was known is written also where all is as wished: an
    /// attempt of the opposite one that comes late must find it.
    ///
    /// # Errors
    /// `conflict` where the reaction is not as wished, and was changed behind what was known.
    fn is_news(&self, change: &Change, react: &React, wished: bool, what: &str) -> Result<bool, ErrorBody> {
        let key = (react.message_id.clone(), change.author.user.id.clone());
        let row = self.reactions.get(&key).and_then(|own| own.get(&react.emoji));
        let differs = row.is_some_and(|row| row.given) != wished;
        let known = react.if_rev.filter(|_| !planted::has(Bug::LateReaction));
        let is_late = known.is_some_and(|known| row.is_some_and(|row| row.rev > known));
        if differs && is_late {
            let why = format!("unable to {what}; it was changed behind ifRev");
            return Err(ErrorBody::new(ErrorCode::Conflict, why).field("ifRev"));
        }
        Ok(differs || known.is_some() && !is_late)
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
                reaction.mine = own.and_then(|own| own.get(&reaction.emoji)).is_some_and(|row| row.given);
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
