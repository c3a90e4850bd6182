//! A room's handle.

use std::sync::Arc;

use roomcast_client_core::{Answer, Target, UserCommand, view::RoomView};
use roomcast_protocol::{
    Command, MessageId, Reply, RoomId, Seq,
    command::{GetRoomUsers, LeaveRoom, MarkRead, Pin, Place, ReadUpTo, SendMessage, TypingStart, TypingStop},
    id::IdError,
    model::Message,
    reply,
};

use crate::{Client, Error, Pending, Thread, pending::unexpected};

/// One room of a client's.
#[derive(Debug, Clone)]
pub struct Room {
    pub(crate) client: Client,
    id: Result<RoomId, IdError>,
}

impl Room {
    pub(crate) const fn new(client: Client, id: Result<RoomId, IdError>) -> Self {
        Self { client, id }
    }

    /// The room's id.
    ///
    /// # Errors
    /// [`Error::Id`] where the text that the handle was made of is none.
    pub fn id(&self) -> Result<RoomId, Error> {
        Ok(self.id.clone()?)
    }

    /// Sends a text and waits until the server has it.
    ///
    /// # Errors
    /// [`Error::Rejected`] where it is refused for good; without a connection it waits.
    pub async fn send(&self, text: impl Into<String>) -> Result<Message, Error> {
        let send = self.message(text.into())?;
        Ok(self.client.request(send).await?.message)
    }

    /// Puts a text into the outbox and comes back at once.
    ///
    /// # Errors
    /// [`Error::Busy`] where too much is queued, [`Error::Closed`], [`Error::Id`].
    pub fn post(&self, text: impl Into<String>) -> Result<Pending, Error> {
        let send = self.message(text.into())?;
        self.post_message(send)
    }

    /// Puts a message of any kind into the outbox and comes back at once. Its room becomes this one, and it gets
    /// an id where it has none.
    ///
    /// # Errors
    /// As [`post`](Self::post).
    pub fn post_message(&self, mut send: SendMessage) -> Result<Pending, Error> {
        send.room_id = self.id()?;
        let client_id = send.client_id.get_or_insert_with(|| self.client.shared.next_client_id()).clone();
        let command = UserCommand::Request(Box::new(Command::SendMessage(send)));
        Ok(Pending::new(client_id, self.client.shared.command_now(command)?))
    }

    /// A text message to this room, to be given more than a text.
    ///
    /// # Errors
    /// [`Error::Id`].
    pub fn message(&self, content: String) -> Result<SendMessage, Error> {
        Ok(SendMessage::text(self.id()?, content))
    }

    /// Changes a message's text. The view shows it at once; it goes through the outbox, after what was done in the
    /// room before, and is taken back where the server refuses it. A [`ClientId`](roomcast_protocol::ClientId) names a message of the user's own
    /// that may not have been sent yet.
    ///
    /// # Errors
    /// [`Error::Rejected`] as the server says; `not_found` where a `ClientId` is neither in the outbox nor loaded.
    pub async fn edit(&self, message: impl Into<Target>, content: impl Into<String>) -> Result<Message, Error> {
        let (room_id, target, content) = (self.id()?, message.into(), content.into());
        self.changed(UserCommand::Edit { room_id, target, content }).await?.ok_or_else(unexpected)
    }

    /// Deletes a message, as [`edit`](Self::edit) changes one; `None` of one that never was sent.
    ///
    /// # Errors
    /// As [`edit`](Self::edit).
    pub async fn delete(&self, message: impl Into<Target>) -> Result<Option<Message>, Error> {
        let (room_id, target) = (self.id()?, message.into());
        self.changed(UserCommand::Delete { room_id, target }).await
    }

    /// Reacts to a message with one emoji, or with the short name of an application's own, `:tada:`. The view shows it at
    /// once; it goes the way of an [`edit`](Self::edit). What is undone before it was sent is not sent at all.
    ///
    /// # Errors
    /// As [`edit`](Self::edit).
    pub async fn react(&self, message: impl Into<Target>, emoji: impl Into<String>) -> Result<(), Error> {
        let (room_id, target, emoji) = (self.id()?, message.into(), emoji.into());
        self.client.shared.command(UserCommand::React { room_id, target, emoji }).await.map(drop)
    }

    /// Takes a reaction of the user's back, as [`react`](Self::react) adds one.
    ///
    /// # Errors
    /// As [`edit`](Self::edit).
    pub async fn unreact(&self, message: impl Into<Target>, emoji: impl Into<String>) -> Result<(), Error> {
        let (room_id, target, emoji) = (self.id()?, message.into(), emoji.into());
        self.client.shared.command(UserCommand::Unreact { room_id, target, emoji }).await.map(drop)
    }

    /// Pins a message, so that the room keeps it in sight.
    ///
    /// # Errors
    /// [`Error::Rejected`] as the server says; `unavailable` while there is no connection.
    pub async fn pin(&self, message_id: MessageId) -> Result<(), Error> {
        self.run(Command::PinMessage(Pin { message_id })).await
    }

    /// Unpins a message.
    ///
    /// # Errors
    /// As [`pin`](Self::pin).
    pub async fn unpin(&self, message_id: MessageId) -> Result<(), Error> {
        self.run(Command::UnpinMessage(Pin { message_id })).await
    }

    /// Marks everything up to a place as read. Takes effect here at once; the server is told when it can be.
    ///
    /// # Errors
    /// `not_found` where the user is not in the room.
    pub async fn mark_read(&self, up_to: Seq) -> Result<(), Error> {
        let read = MarkRead::UpTo(ReadUpTo { room_id: self.id()?, up_to_seq: up_to });
        self.run(Command::MarkRead(read)).await
    }

    /// Tells that the user pressed a key. Call it at each; the others hear of it every two seconds at most.
    ///
    /// # Errors
    /// [`Error::Closed`] and [`Error::Id`].
    pub async fn typing(&self) -> Result<(), Error> {
        self.run(Command::TypingStart(TypingStart(self.id()?))).await
    }

    /// Tells that the user does not type any more; sending tells it, too.
    ///
    /// # Errors
    /// [`Error::Closed`] and [`Error::Id`].
    pub async fn stop_typing(&self) -> Result<(), Error> {
        self.run(Command::TypingStop(TypingStop(self.id()?))).await
    }

    /// Adds a page before the window that the view shows, and gives it back. Empty once there is no more.
    ///
    /// # Errors
    /// [`Error::Rejected`] as the server says.
    pub async fn load_older(&self, limit: u64) -> Result<Vec<Message>, Error> {
        self.client.page(UserCommand::LoadOlder { room_id: self.id()?, limit }).await
    }

    /// Adds a page after the window that the view shows, and gives it back. Empty where the window is live: new
    /// messages appear in it by themselves.
    ///
    /// # Errors
    /// [`Error::Rejected`] as the server says.
    pub async fn load_newer(&self, limit: u64) -> Result<Vec<Message>, Error> {
        self.client.page(UserCommand::LoadNewer { room_id: self.id()?, limit }).await
    }

    /// Lets the view show the history around a message, named by its id or its place, and gives the page back. At once
    /// where it is loaded. A later jump makes an earlier one void.
    ///
    /// # Errors
    /// [`Error::Rejected`] as the server says; `not_found` where the room has no such message.
    pub async fn load_around(&self, place: impl Into<Place>, limit: u64) -> Result<Vec<Message>, Error> {
        self.client.page(UserCommand::LoadAround { room_id: self.id()?, place: place.into(), limit }).await
    }

    /// Lets the view show the newest messages again. Also to be told when the user is back at their end: what older
    /// ones take beyond the setting is given back.
    ///
    /// # Errors
    /// [`Error::Rejected`] with `not_found` where the user is not in the room.
    pub async fn jump_to_newest(&self) -> Result<(), Error> {
        self.client.shared.command(UserCommand::JumpToNewest { room_id: self.id()? }).await.map(drop)
    }

    /// Looks up a message that another one answers; [`RoomView::answered`] gives it from then on.
    ///
    /// # Errors
    /// [`Error::Rejected`] as the server says; `not_found` where the room has no such message.
    pub async fn look_up(&self, message_id: MessageId) -> Result<Message, Error> {
        let found = self.client.page(UserCommand::Lookup { room_id: self.id()?, message_id }).await?;
        found.into_iter().next().ok_or_else(unexpected)
    }

    /// The handle of a thread, by its first message. Asks nothing; [`Thread::load_older`] begins to look at it.
    ///
    /// # Errors
    /// [`Error::Id`].
    pub fn thread(&self, first: MessageId) -> Result<Thread, Error> {
        Ok(Thread::new(self.clone(), self.id()?, first))
    }

    /// Who is online here.
    ///
    /// # Errors
    /// [`Error::Rejected`] as the server says.
    pub async fn online(&self) -> Result<reply::RoomUsers, Error> {
        self.client.request(GetRoomUsers { room_id: self.id()?, all: false, cursor: None, limit: None }).await
    }

    /// A page of all members; the view's list learns from it.
    ///
    /// # Errors
    /// [`Error::Rejected`] as the server says.
    pub async fn members(&self, cursor: Option<String>) -> Result<reply::RoomUsers, Error> {
        self.client.request(GetRoomUsers { room_id: self.id()?, all: true, cursor, limit: None }).await
    }

    /// Ends the user's membership.
    ///
    /// # Errors
    /// [`Error::Rejected`] as the server says.
    pub async fn leave(&self) -> Result<(), Error> {
        self.client.request(LeaveRoom { room_id: self.id()? }).await.map(drop)
    }

    /// The room as it now is; `None` where the user is not in it. Cheap.
    #[must_use]
    pub fn view(&self) -> Option<Arc<RoomView>> {
        self.client.shared.snapshot.room(self.id.as_ref().ok()?)
    }

    async fn changed(&self, command: UserCommand) -> Result<Option<Message>, Error> {
        match self.client.shared.command(command).await? {
            Answer::Reply(reply) => match *reply {
                Reply::EditMessage(stored) | Reply::DeleteMessage(stored) | Reply::SendMessage(stored) => {
                    Ok(Some(stored.message))
                }
                _ => Err(unexpected()),
            },
            Answer::Done => Ok(None),
        }
    }

    async fn run(&self, command: Command) -> Result<(), Error> {
        self.client.shared.command(UserCommand::Request(Box::new(command))).await.map(drop)
    }
}
