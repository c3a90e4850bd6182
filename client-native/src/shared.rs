//! What the handles see: snapshots that the client's task publishes, and the ways to reach it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use roomcast_client_core::{
    ClientIds, Notice, Now, Outcome, UserCommand,
    view::{ClientView, PendingMessage, RoomView, ThreadView},
};
use roomcast_protocol::{ClientId, MessageId, RoomId};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::Error;

/// What a handle asks of the client's task.
#[derive(Debug)]
pub(crate) enum Ask {
    Command { command: UserCommand, reply: oneshot::Sender<Outcome> },
    Network(roomcast_client_core::Network),
    Visibility(roomcast_client_core::Visibility),
    Pending { room_id: RoomId, reply: oneshot::Sender<Vec<PendingMessage>> },
    Connect,
    Close { done: oneshot::Sender<()> },
}

/// The clocks, measured from one origin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> Now {
        let mono_ms = u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX);
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { mono_ms, wall_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX) }
    }

    pub(crate) fn instant(self, mono_ms: u64) -> tokio::time::Instant {
        // A day is as good as never, and stays within what an `Instant` can hold.
        let day = self.0.elapsed() + std::time::Duration::from_secs(86_400);
        (self.0 + std::time::Duration::from_millis(mono_ms).min(day)).into()
    }
}

/// Between the task and the handles. Locks are held for a copy of an `Arc` only.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) asks: mpsc::Sender<Ask>,
    pub(crate) events: broadcast::Sender<Notice>,
    pub(crate) version: watch::Receiver<u64>,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) clock: Clock,
    ids: Mutex<ClientIds>,
}

/// The newest views.
#[derive(Debug)]
pub(crate) struct Snapshot {
    client: RwLock<Arc<ClientView>>,
    rooms: RwLock<BTreeMap<RoomId, Arc<RoomView>>>,
    threads: RwLock<BTreeMap<(RoomId, MessageId), Arc<ThreadView>>>,
}

impl Snapshot {
    pub(crate) fn new(client: Arc<ClientView>) -> Self {
        Self { client: RwLock::new(client), rooms: RwLock::default(), threads: RwLock::default() }
    }

    pub(crate) fn client(&self) -> Arc<ClientView> {
        Arc::clone(&self.client.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn room(&self, room_id: &RoomId) -> Option<Arc<RoomView>> {
        self.rooms.read().unwrap_or_else(PoisonError::into_inner).get(room_id).cloned()
    }

    pub(crate) fn set_client(&self, view: Arc<ClientView>) {
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = view;
    }

    pub(crate) fn set_room(&self, room_id: RoomId, view: Option<Arc<RoomView>>) {
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        match view {
            Some(view) => drop(rooms.insert(room_id, view)),
            None => drop(rooms.remove(&room_id)),
        }
    }

    pub(crate) fn thread(&self, room_id: &RoomId, thread_id: &MessageId) -> Option<Arc<ThreadView>> {
        let threads = self.threads.read().unwrap_or_else(PoisonError::into_inner);
        threads.get(&(room_id.clone(), thread_id.clone())).cloned()
    }

    pub(crate) fn set_thread(&self, room_id: RoomId, thread_id: MessageId, view: Option<Arc<ThreadView>>) {
        let mut threads = self.threads.write().unwrap_or_else(PoisonError::into_inner);
        match view {
            Some(view) => drop(threads.insert((room_id, thread_id), view)),
            None => drop(threads.remove(&(room_id, thread_id))),
        }
    }
}

impl Shared {
    pub(crate) fn new(
        asks: mpsc::Sender<Ask>,
        events: broadcast::Sender<Notice>,
        version: watch::Receiver<u64>,
        snapshot: Arc<Snapshot>,
        clock: Clock,
        seed: u64,
    ) -> Self {
        Self { asks, events, version, snapshot, clock, ids: Mutex::new(ClientIds::new(seed)) }
    }

    pub(crate) fn next_client_id(&self) -> ClientId {
        let wall_ms = self.clock.now().wall_ms;
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).next(wall_ms)
    }

    pub(crate) async fn ask(&self, ask: Ask) -> Result<(), Error> {
        self.asks.send(ask).await.map_err(|_| Error::Closed)
    }

    pub(crate) async fn command(&self, command: UserCommand) -> Result<roomcast_client_core::Answer, Error> {
        let (reply, outcome) = oneshot::channel();
        self.ask(Ask::Command { command, reply }).await?;
        Ok(outcome.await.map_err(|_| Error::Closed)??)
    }

    pub(crate) fn command_now(&self, command: UserCommand) -> Result<oneshot::Receiver<Outcome>, Error> {
        let (reply, outcome) = oneshot::channel();
        self.asks.try_send(Ask::Command { command, reply }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Busy,
            mpsc::error::TrySendError::Closed(_) => Error::Closed,
        })?;
        Ok(outcome)
    }
}
