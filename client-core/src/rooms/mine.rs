//! Whose reactions: an event counts them for everybody, so the user's own are kept from one state to the next.

use std::sync::Arc;

use roomcast_protocol::{UserId, event::ReactionChange, model::Message};

/// What a message's new state says of the user's own reactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mine {
    /// They are marked: it is an answer to this user.
    Told,
    /// Nothing: they are as they were, but for this one.
    Kept(Option<ReactionChange>),
}

/// Marks the user's own reactions as they were before, and as the change says.
pub(super) fn keep(message: &mut Arc<Message>, before: Option<&Message>, by: Option<&ReactionChange>, me: &UserId) {
    carry(message, before, by.filter(|by| by.user_id == *me));
}

/// The same where `by` is the user's own change, if there is one.
pub(super) fn carry(message: &mut Arc<Message>, before: Option<&Message>, by: Option<&ReactionChange>) {
    if message.reactions.is_empty() {
        return;
    }
    let before = before.map(|before| before.reactions.as_slice()).unwrap_or_default();
    for reaction in &mut Arc::make_mut(message).reactions {
        reaction.mine = match by {
            Some(by) if by.emoji == reaction.emoji => by.added,
            _ => before.iter().any(|other| other.mine && other.emoji == reaction.emoji),
        };
    }
}

/// Whether the user has reacted so.
pub(crate) fn has_reacted(message: &Message, emoji: &str) -> bool {
    message.reactions.iter().any(|reaction| reaction.mine && reaction.emoji == emoji)
}

/// Shows a reaction that is on its way as if it had been taken.
pub(crate) fn show(message: &mut Message, emoji: &str, adds: bool) {
    if message.deleted_at.is_some() || has_reacted(message, emoji) == adds {
        return;
    }
    message.count_reaction(emoji, adds);
    if let Some(reaction) = message.reactions.iter_mut().find(|reaction| reaction.emoji == emoji) {
        reaction.mine = adds;
    }
}
