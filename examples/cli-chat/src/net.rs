//! The program's hold on the client: does what is to be done, in tasks of its own, and tells how it went.

use std::time::Duration;

use roomcast_client::{
    Client, Error, Pending, Room,
    protocol::{
        ErrorCode, RoomId, UserId,
        command::{CreateRoom, RoomScope},
        error::Retry,
        model::{Room as RoomInfo, Visibility},
    },
};
use tokio::sync::mpsc;

use crate::{
    app::{Action, AppEvent, Snapshot},
    text,
};

/// Messages of the past asked for at once.
const PAGE: u64 = 50;
/// Pages of members asked for: beyond, people are shown as they speak.
const MEMBER_PAGES: usize = 5;
/// Between two attempts to enter a room, where the server names no other pause. Short, so that the wish waits in the
/// client's queue when the connection comes: it is then told before any message to that room.
const AGAIN: Duration = Duration::from_millis(50);

/// What waits for its turn.
const QUEUE: usize = 256;

/// The client, and where to tell how things went.
#[derive(Debug, Clone)]
pub(crate) struct Net {
    worker: Worker,
    /// What must keep its order: a key pressed before a message must not be told after it.
    ordered: mpsc::Sender<Action>,
}

#[derive(Debug, Clone)]
struct Worker {
    client: Client,
    told: mpsc::Sender<AppEvent>,
}

impl Net {
    pub(crate) fn new(client: Client, told: mpsc::Sender<AppEvent>) -> Self {
        let worker = Worker { client, told };
        let (ordered, mut queue) = mpsc::channel(QUEUE);
        let one_by_one = worker.clone();
        tokio::spawn(async move {
            while let Some(action) = queue.recv().await {
                one_by_one.run(action).await;
            }
        });
        Self { worker, ordered }
    }

    /// The client at this moment, with the open room.
    pub(crate) async fn snapshot(&self, open: &RoomId) -> Snapshot {
        let handle = &self.worker.client;
        let (client, room) = (handle.view(), handle.room(open).view());
        // A room that the user is not in has no view; what waits for it is asked for.
        let waiting = match room {
            Some(_) => Vec::new(),
            None => handle.pending(open).await.unwrap_or_default(),
        };
        let views = client.rooms.iter().filter_map(|room| handle.room(room.id()).view());
        let unsent = waiting.len() + views.map(|room| room.pending.len()).sum::<usize>();
        Snapshot { client, room, waiting: waiting.into(), unsent, retry_in: handle.retry_in() }
    }

    /// Begins to do something.
    pub(crate) async fn perform(&self, action: Action) {
        let quick = matches!(
            action,
            Action::Send { .. } | Action::Retry(_) | Action::Typing(_) | Action::StopTyping(_) | Action::Read(..)
        );
        if quick {
            // The queue is read as long as the program runs.
            drop(self.ordered.send(action).await);
        } else {
            let worker = self.worker.clone();
            tokio::spawn(async move { worker.run(action).await });
        }
    }
}

impl Worker {
    async fn run(&self, action: Action) {
        match action {
            Action::Join(room) => self.join(room).await,
            Action::Create(room) => self.create(room).await,
            Action::Leave(id) => {
                let left = self.client.room(&id).leave().await;
                self.outcome(left, &format!("you are not in #{id} any more")).await;
            }
            Action::Edit(room, message, text) => {
                let edited = self.client.room(&room).edit(message, text).await;
                self.outcome(edited, "edited").await;
            }
            Action::Delete(room, message) => {
                let deleted = self.client.room(&room).delete(message).await;
                self.outcome(deleted, "deleted").await;
            }
            Action::Discard(id) => self.outcome(self.client.discard(id).await, "discarded").await,
            // Fleeting, and seen as soon as it can be done: there is nothing to tell.
            Action::Typing(room) => drop(self.client.room(&room).typing().await),
            Action::StopTyping(room) => drop(self.client.room(&room).stop_typing().await),
            Action::Read(room, seq) => drop(self.client.room(&room).mark_read(seq).await),
            Action::LoadOlder(id) => {
                let loaded = self.client.room(&id).load_older(PAGE).await;
                self.tell(AppEvent::Older(id, loaded.map(drop).map_err(|error| error.to_string()))).await;
            }
            Action::LoadMembers(id) => self.load_members(&self.client.room(&id)).await,
            Action::ListRooms => self.list_rooms().await,
            Action::Presence(availability) => {
                let words = format!("you are seen as {}", format!("{availability:?}").to_lowercase());
                self.outcome(self.client.set_presence(availability).await, &words).await;
            }
            Action::Reconnect => drop(self.client.reconnect().await),
            Action::Send { room, text, mentions } => self.send(&room, text, mentions),
            Action::Retry(id) => self.follow(self.client.retry(id)),
        }
    }

    fn send(&self, id: &RoomId, text: String, mentions: Vec<UserId>) {
        let room = self.client.room(id);
        let sent = room.message(text).and_then(|mut message| {
            message.mentions = mentions;
            room.post_message(message)
        });
        self.follow(sent);
    }

    /// Waits for what becomes of a message. What the outbox keeps shows itself; what never got there is told.
    fn follow(&self, sent: Result<Pending, Error>) {
        let worker = self.clone();
        tokio::spawn(async move {
            let outcome = match sent {
                Ok(pending) => pending.await.map(drop),
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                worker.tell(AppEvent::Failed(error.to_string())).await;
            }
        });
    }

    /// Enters a room, however long that takes; only a final refusal ends it.
    async fn join(&self, id: RoomId) {
        loop {
            let error = match self.client.join(&id).await {
                Ok(_) => return self.tell(AppEvent::Joined(id)).await,
                Err(error) => error,
            };
            let Error::Rejected(body) = &error else {
                return self.tell(AppEvent::NotJoined(id, error.to_string())).await;
            };
            if body.code.retry() == Retry::Never {
                let hint =
                    if body.code == ErrorCode::NotFound { format!("; /create {id} makes it") } else { String::new() };
                let why = format!("{}{hint}", body.message);
                return self.tell(AppEvent::NotJoined(id, why)).await;
            }
            tokio::time::sleep(body.retry_after_ms.map_or(AGAIN, Duration::from_millis)).await;
        }
    }

    async fn create(&self, id: RoomId) {
        let create = CreateRoom {
            room_id: Some(id.clone()),
            name: id.to_string(),
            visibility: Visibility::Public,
            members: Vec::new(),
            topic: None,
            policy: None,
        };
        self.outcome(self.client.request(create).await, &format!("#{id} is made, and yours")).await;
    }

    async fn load_members(&self, room: &Room) {
        let mut cursor = None;
        for _ in 0..MEMBER_PAGES {
            match room.members(cursor).await {
                Ok(page) if page.next.is_some() => cursor = page.next,
                // Names are a comfort: without them ids are shown.
                _ => return,
            }
        }
    }

    async fn list_rooms(&self) {
        let event = match self.client.list_rooms(RoomScope::Public).await {
            Err(error) => AppEvent::Failed(error.to_string()),
            Ok(page) => {
                let line = |room: &RoomInfo| {
                    let topic = room.topic.as_deref().map(text::clean_line).unwrap_or_default();
                    let (name, members) = (format!("#{}", room.id), room.member_count);
                    let noun = if members == 1 { "member" } else { "members" };
                    format!("{name:<20} {members:>5} {noun:<7}  {topic}")
                };
                AppEvent::Listed("Public rooms".to_owned(), page.rooms.iter().map(line).collect())
            }
        };
        self.tell(event).await;
    }

    async fn outcome<T>(&self, outcome: Result<T, Error>, done: &str) {
        let event = match outcome {
            Ok(_) => AppEvent::Done(done.to_owned()),
            Err(error) => AppEvent::Failed(error.to_string()),
        };
        self.tell(event).await;
    }

    async fn tell(&self, event: AppEvent) {
        // Without a listener the program is ending.
        drop(self.told.send(event).await);
    }
}
