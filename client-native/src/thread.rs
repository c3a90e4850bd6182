//! A thread's handle.

use std::sync::Arc;

use roomcast_client_core::{UserCommand, view::ThreadView};
use roomcast_protocol::{MessageId, RoomId, model::Message};

use crate::{Error, Pending, Room};

/// A thread of a room: what was said below one message. Looked at from the first [`load_older`](Self::load_older) until
/// [`close`](Self::close); what is said in it meanwhile appears in its view.
#[derive(Debug, Clone)]
pub struct Thread {
    room: Room,
    room_id: RoomId,
    id: MessageId,
}

impl Thread {
    pub(crate) const fn new(room: Room, room_id: RoomId, id: MessageId) -> Self {
        Self { room, room_id, id }
    }

    /// The first message's id.
    #[must_use]
    pub const fn id(&self) -> &MessageId {
        &self.id
    }

    /// Loads its newest messages, or one more page before what is shown, and gives it back. Empty once there is no
    /// more.
    ///
    /// # Errors
    /// [`Error::Rejected`] as the server says.
    pub async fn load_older(&self, limit: u64) -> Result<Vec<Message>, Error> {
        let (room_id, thread_id) = (self.room_id.clone(), self.id.clone());
        self.room.client.page(UserCommand::LoadThread { room_id, thread_id, limit }).await
    }

    /// Puts a text for it into the outbox and comes back at once.
    ///
    /// # Errors
    /// As [`Room::post`].
    pub fn post(&self, text: impl Into<String>) -> Result<Pending, Error> {
        let mut send = self.room.message(text.into())?;
        send.thread_id = Some(self.id.clone());
        self.room.post_message(send)
    }

    /// The thread as it now is; `None` where nobody looks at it. Cheap.
    #[must_use]
    pub fn view(&self) -> Option<Arc<ThreadView>> {
        self.room.client.shared.snapshot.thread(&self.room_id, &self.id)
    }

    /// Stops looking at it.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub async fn close(&self) -> Result<(), Error> {
        let (room_id, thread_id) = (self.room_id.clone(), self.id.clone());
        self.room.client.shared.command(UserCommand::CloseThread { room_id, thread_id }).await.map(drop)
    }
}
