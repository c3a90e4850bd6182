//! One thing that the user did.

use std::sync::Arc;

use roomcast_protocol::{
    ClientId, Command, ErrorBody, ErrorCode, MessageId, RoomId, UserId,
    command::{CreateRoom, DeleteMessage, EditMessage, React, SendMessage},
};

use crate::{
    effect::OpId,
    input::{CommandId, Target},
    view::SendStatus,
};

#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) client_id: ClientId,
    pub(super) room_id: RoomId,
    pub(super) work: Work,
    pub(super) author: Option<UserId>,
    pub(super) order: u64,
    pub(super) created_ms: u64,
    pub(super) state: State,
    /// Whether it was ever on the wire, or what it took the place of: then only the server knows how things stand.
    pub(super) sent: bool,
    /// How it was refused last, and how often in a row like that.
    pub(super) refused: Option<ErrorCode>,
    pub(super) tries: u32,
    pub(super) waiter: Option<CommandId>,
}

impl Item {
    /// Something that waits to be sent for the first time, and that nobody waits for.
    pub(super) const fn new(
        client_id: ClientId,
        room_id: RoomId,
        work: Work,
        author: Option<UserId>,
        order: u64,
        created_ms: u64,
    ) -> Self {
        let (state, sent, refused, tries, waiter) = (State::Queued, false, None, 0, None);
        Self { client_id, room_id, work, author, order, created_ms, state, sent, refused, tries, waiter }
    }
}

/// What an item does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Work {
    Send(Arc<SendMessage>),
    Edit { target: Target, content: String },
    Delete { target: Target },
    React { target: Target, emoji: String, adds: bool },
    Create(Box<CreateRoom>),
}

impl Work {
    /// The message that it changes.
    const fn target(&self) -> Option<&Target> {
        match self {
            Self::Edit { target, .. } | Self::Delete { target } | Self::React { target, .. } => Some(target),
            Self::Send(_) | Self::Create(_) => None,
        }
    }

    /// The message of the outbox that it waits for.
    pub(super) const fn waits_for(&self) -> Option<&ClientId> {
        match self.target() {
            Some(Target::Pending(client_id)) => Some(client_id),
            _ => None,
        }
    }

    /// The message of the server that it changes.
    pub(super) const fn changes(&self) -> Option<&MessageId> {
        match self.target() {
            Some(Target::Message(id)) => Some(id),
            _ => None,
        }
    }

    /// What is sent; `None` while the message that it changes has no id.
    pub(super) fn command(&self) -> Option<Command> {
        Some(match self {
            Self::Send(send) => Command::SendMessage(send.as_ref().clone()),
            Self::Edit { target: Target::Message(id), content } => {
                Command::EditMessage(EditMessage { message_id: id.clone(), content: content.clone(), if_version: None })
            }
            Self::Delete { target: Target::Message(id) } => {
                Command::DeleteMessage(DeleteMessage { message_id: id.clone() })
            }
            Self::React { target: Target::Message(id), emoji, adds } => {
                let react = React { message_id: id.clone(), emoji: emoji.clone(), if_rev: None };
                if *adds { Command::AddReaction(react) } else { Command::RemoveReaction(react) }
            }
            Self::Edit { .. } | Self::Delete { .. } | Self::React { .. } => return None,
            Self::Create(create) => Command::CreateRoom(create.as_ref().clone()),
        })
    }

    pub(super) fn retarget(&mut self, id: &MessageId) {
        if let Self::Edit { target, .. } | Self::Delete { target } | Self::React { target, .. } = self {
            *target = Target::Message(id.clone());
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Storing(OpId),
    Queued,
    InFlight,
    Failed(ErrorBody),
}

impl State {
    /// An item that waits to be sent waits for its storing first.
    pub(super) fn stored_by(self, op: OpId) -> Self {
        match self {
            Self::Queued | Self::Storing(_) => Self::Storing(op),
            other => other,
        }
    }

    pub(super) fn status(&self) -> SendStatus {
        match self {
            Self::Storing(_) | Self::Queued => SendStatus::Pending,
            Self::InFlight => SendStatus::Sent,
            Self::Failed(error) => SendStatus::Failed(error.clone()),
        }
    }
}
