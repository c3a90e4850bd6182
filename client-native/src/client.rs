//! The client's handle.

use std::{sync::Arc, time::Duration};

use roomcast_client_core::{
    Answer, Network, UserCommand, Visibility as Attention,
    view::{ClientView, PendingMessage, Phase},
};
use roomcast_protocol::{
    ClientId, Reply, RoomId,
    command::{AddMembers, CreateRoom, JoinRoom, ListRooms, RemoveMember, RoomScope, UpdatePresence},
    id::IdError,
    model::{Availability, Message, Visibility},
    registry::Request,
    reply,
};
use tokio::sync::{oneshot, watch};

use crate::{
    ClientBuilder, Error, Events, Pending, Room,
    pending::unexpected,
    shared::{Ask, Shared},
};

/// A connection to a server that mends itself. Clones are handles of the same one; with the last it is closed.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

impl Client {
    /// Begins with the server's address: `http://host:port` or `https://host`.
    #[must_use]
    pub fn builder(address: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(address.into())
    }

    /// A room's handle. Asks nothing; an impossible id shows at the first use.
    #[must_use]
    pub fn room(&self, id: impl AsRef<str>) -> Room {
        Room::new(self.clone(), RoomId::parse(id.as_ref()))
    }

    /// Enters a room, or opens one that the user is in already.
    ///
    /// # Errors
    /// [`Error::Rejected`] as the server says; `unavailable` while there is no connection.
    pub async fn join(&self, id: impl AsRef<str>) -> Result<Room, Error> {
        let room_id = RoomId::parse(id.as_ref())?;
        self.request(JoinRoom { room_id: room_id.clone() }).await?;
        Ok(Room::new(self.clone(), Ok(room_id)))
    }

    /// Makes a room with all settings at their defaults; [`request`](Self::request) with a [`CreateRoom`] sets more.
    ///
    /// # Errors
    /// [`Error::Rejected`] as the server says.
    pub async fn create_room(&self, name: impl Into<String>, visibility: Visibility) -> Result<Room, Error> {
        let name = name.into();
        let create = CreateRoom { room_id: None, name, visibility, members: Vec::new(), topic: None, policy: None };
        let entered = self.request(create).await?;
        Ok(Room::new(self.clone(), Ok(entered.room.room.id)))
    }

    /// Makes a room through the outbox, under an id chosen here where none is given: messages can be posted to it at
    /// once, also without a connection, and wait for it. What is given back resolves once the room is there.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Closed`]; what is awaited: [`Error::Rejected`] as the server says.
    pub fn make_room(
        &self,
        mut create: CreateRoom,
    ) -> Result<(Room, impl Future<Output = Result<(), Error>> + use<>), Error> {
        let room_id = match &create.room_id {
            Some(room_id) => room_id.clone(),
            None => RoomId::parse(self.shared.next_client_id().as_str())?,
        };
        create.room_id = Some(room_id.clone());
        let outcome = self.shared.command_now(UserCommand::CreateRoom(Box::new(create)))?;
        let made = async move { outcome.await.map_err(|_| Error::Closed)?.map(drop).map_err(Error::from) };
        Ok((Room::new(self.clone(), Ok(room_id)), made))
    }

    /// The first page of the user's rooms, or of those that anybody may join.
    ///
    /// # Errors
    /// [`Error::Rejected`] as the server says.
    pub async fn list_rooms(&self, scope: RoomScope) -> Result<reply::Rooms, Error> {
        self.request(ListRooms { scope, query: None, cursor: None, limit: None }).await
    }

    /// Brings others into a room.
    ///
    /// # Errors
    /// [`Error::Rejected`] as the server says.
    pub async fn add_members(&self, add: AddMembers) -> Result<(), Error> {
        self.request(add).await.map(drop)
    }

    /// Puts somebody out of a room.
    ///
    /// # Errors
    /// [`Error::Rejected`] as the server says.
    pub async fn remove_member(&self, remove: RemoveMember) -> Result<(), Error> {
        self.request(remove).await.map(drop)
    }

    /// Chooses how the user is seen, now and after each reconnect.
    ///
    /// # Errors
    /// [`Error::Rejected`] as the server says.
    pub async fn set_presence(&self, status: Availability) -> Result<(), Error> {
        self.request(UpdatePresence { status, text: None }).await.map(drop)
    }

    /// Sends any command of the protocol and waits for its reply.
    ///
    /// # Errors
    /// [`Error::Rejected`] as the server says; `timeout` where it says nothing; `unavailable` where the connection
    /// was lost and the outcome is unknown.
    pub async fn request<R: Request>(&self, payload: R) -> Result<R::Reply, Error> {
        let command = UserCommand::Request(Box::new(payload.into_command()));
        match self.shared.command(command).await? {
            Answer::Reply(reply) => R::from_reply(*reply).ok_or_else(unexpected),
            Answer::Done => Err(unexpected()),
        }
    }

    /// Runs a command that is answered with messages.
    pub(crate) async fn page(&self, command: UserCommand) -> Result<Vec<Message>, Error> {
        match self.shared.command(command).await? {
            Answer::Reply(reply) => match *reply {
                Reply::GetMessages(page) => Ok(page.messages),
                _ => Err(unexpected()),
            },
            Answer::Done => Err(unexpected()),
        }
    }

    /// Sends a failed message again.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Closed`].
    pub fn retry(&self, client_id: ClientId) -> Result<Pending, Error> {
        let outcome = self.shared.command_now(UserCommand::Retry(client_id.clone()))?;
        Ok(Pending::new(client_id, outcome))
    }

    /// Gives a failed message another text and sends it again.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Closed`].
    pub fn revise(&self, client_id: ClientId, content: impl Into<String>) -> Result<Pending, Error> {
        let revise = UserCommand::Revise { client_id: client_id.clone(), content: content.into() };
        Ok(Pending::new(client_id, self.shared.command_now(revise)?))
    }

    /// Forgets a message that has not been acknowledged.
    ///
    /// # Errors
    /// `not_found` where the outbox does not have it.
    pub async fn discard(&self, client_id: ClientId) -> Result<(), Error> {
        self.shared.command(UserCommand::Discard(client_id)).await.map(drop)
    }

    /// What the outbox holds for a room, also for one that the user is not in any more.
    ///
    /// # Errors
    /// [`Error::Closed`]; [`Error::Id`] where the id is none.
    pub async fn pending(&self, room_id: impl AsRef<str>) -> Result<Vec<PendingMessage>, Error> {
        let room_id = RoomId::parse(room_id.as_ref()).map_err(|error: IdError| Error::Id(error))?;
        let (reply, pending) = oneshot::channel();
        self.shared.ask(Ask::Pending { room_id, reply }).await?;
        pending.await.map_err(|_| Error::Closed)
    }

    /// The client as it now is. Cheap.
    #[must_use]
    pub fn view(&self) -> Arc<ClientView> {
        self.shared.snapshot.client()
    }

    /// Ticks whenever a view is different; what it holds is a plain count.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.shared.version.clone()
    }

    /// What happens from now on.
    #[must_use]
    pub fn events(&self) -> Events {
        Events::new(self.shared.events.subscribe())
    }

    /// Waits until the client is connected.
    ///
    /// # Errors
    /// [`Error::Refused`] once the server refuses for good; [`Error::Closed`].
    pub async fn connected(&self) -> Result<(), Error> {
        let mut version = self.watch();
        loop {
            match self.view().connection.phase {
                Phase::Connected | Phase::Draining => return Ok(()),
                Phase::Refused(refusal) => return Err(Error::Refused(refusal)),
                _ => version.changed().await.map_err(|_| Error::Closed)?,
            }
        }
    }

    /// How long until the next attempt to connect, where one is being waited for.
    #[must_use]
    pub fn retry_in(&self) -> Option<Duration> {
        let at = self.view().connection.retry_at?;
        Some(Duration::from_millis(at.saturating_sub(self.shared.clock.now().mono_ms)))
    }

    /// Connects anew after a refusal, or at once in a pause.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub async fn reconnect(&self) -> Result<(), Error> {
        self.shared.ask(Ask::Connect).await
    }

    /// Tells that the network came or went, where the program knows.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub async fn set_network(&self, network: Network) -> Result<(), Error> {
        self.shared.ask(Ask::Network(network)).await
    }

    /// Tells that somebody looks again, where the program knows: after a while in the background they are shown at once
    /// whether the connection lives, and what was missed.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub async fn foreground(&self) -> Result<(), Error> {
        self.shared.ask(Ask::Visibility(Attention::Visible)).await
    }

    /// Tells that nobody looks any more.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub async fn background(&self) -> Result<(), Error> {
        self.shared.ask(Ask::Visibility(Attention::Hidden)).await
    }

    /// Says goodbye to the server and ends the client. What is in a file outbox goes out with the next one.
    pub async fn close(self) {
        let (done, closed) = oneshot::channel();
        if self.shared.ask(Ask::Close { done }).await.is_ok() {
            // An error means that the task is gone, which is what is wanted.
            drop(closed.await);
        }
    }
}
