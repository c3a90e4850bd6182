//! The task that owns the core: tells it what happened, does what it wants, wakes it when it asks.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use roomcast_client_core::{
    Client as Core, CommandId, ConnId, Effect, Input, Key, Notice, Outcome, StorageError, StorageOp, Token, TokenError,
    TokenReq, Transport,
};
use tokio::{
    sync::{broadcast, mpsc, oneshot, watch},
    task::JoinSet,
    time::sleep_until,
};

use crate::{
    Error,
    http::Http,
    recording::Recording,
    shared::{Ask, Clock, Snapshot},
    socket::{self, Address, Socket},
    storage::{self, Storage, Stored},
    token::TokenProvider,
};

/// What sockets tell and the driver has not heard yet; beyond it, TCP holds the server back.
const INPUTS: usize = 256;
/// Inputs taken at once before views are published.
const BATCH: usize = 64;

/// Everything that the task holds.
pub(crate) struct Driver {
    core: Core,
    clock: Clock,
    address: Address,
    tokens: TokenProvider,
    fetches: JoinSet<(TokenReq, Result<Token, TokenError>)>,
    sockets: BTreeMap<ConnId, Socket>,
    http: Http,
    inputs: mpsc::Sender<Input>,
    heard: mpsc::Receiver<Input>,
    disk: Option<Disk>,
    waiting: BTreeMap<CommandId, oneshot::Sender<Outcome>>,
    next_command: u64,
    events: broadcast::Sender<Notice>,
    ticker: watch::Sender<u64>,
    snapshot: Arc<Snapshot>,
    changed: Vec<Key>,
    recording: Option<Recording>,
}

struct Disk {
    ops: mpsc::Sender<StorageOp>,
    stored: mpsc::Receiver<Stored>,
    /// Operations that the thread has no room for yet; as many as the outbox has changes.
    backlog: VecDeque<StorageOp>,
}

enum Next {
    Go,
    Stop(Option<oneshot::Sender<()>>),
}

impl Driver {
    #[expect(clippy::too_many_arguments, reason = "the one call that puts the parts together")]
    pub(crate) fn new(
        core: Core,
        clock: Clock,
        address: Address,
        tokens: TokenProvider,
        storage: Option<Box<dyn Storage>>,
        events: broadcast::Sender<Notice>,
        ticker: watch::Sender<u64>,
        snapshot: Arc<Snapshot>,
    ) -> Result<Self, Error> {
        let (inputs, heard) = mpsc::channel(INPUTS);
        let http = Http::new(address.clone(), inputs.clone())?;
        let disk = storage.map(storage::start).transpose().map_err(Error::Storage)?;
        let disk = disk.map(|(ops, stored)| Disk { ops, stored, backlog: VecDeque::new() });
        Ok(Self {
            core,
            clock,
            address,
            tokens,
            fetches: JoinSet::new(),
            sockets: BTreeMap::new(),
            http,
            inputs,
            heard,
            disk,
            waiting: BTreeMap::new(),
            next_command: 0,
            events,
            ticker,
            snapshot,
            changed: Vec::new(),
            recording: None,
        })
    }

    pub(crate) fn recorded(self, recording: Option<Recording>) -> Self {
        Self { recording, ..self }
    }

    fn handle(&mut self, input: Input) {
        self.core.handle(self.clock.now(), input);
        while let Some(effect) = self.core.poll_effect() {
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Connect { conn, transport, path_and_query } => {
                tracing::debug!(conn = conn.0, ?transport, "connecting");
                if transport == Transport::WebSocket {
                    let inputs = self.inputs.clone();
                    self.sockets.insert(conn, socket::open(self.address.clone(), conn, &path_and_query, inputs));
                }
            }
            Effect::Send { conn, frame } => self.send(conn, frame),
            Effect::Request { conn, method, path_and_query, body } => {
                self.http.request(conn, method, &path_and_query, body);
            }
            Effect::Close { conn } => {
                self.http.close(conn);
                drop(self.sockets.remove(&conn));
            }
            Effect::FetchToken { req, reason } => {
                tracing::debug!(?reason, "asking for a token");
                let token = self.tokens.fetch();
                // A request that the core has given up is not worth waiting for.
                self.fetches.abort_all();
                self.fetches.spawn(async move {
                    let token = token.await.map_err(|error| TokenError(error.to_string()));
                    (req, token.map(Token))
                });
            }
            Effect::Persist(op) => {
                if let Some(disk) = &mut self.disk {
                    disk.backlog.push_back(op);
                }
            }
            Effect::Resolve { id, result } => {
                if let Some(reply) = self.waiting.remove(&id) {
                    // Whoever asked may have stopped waiting.
                    drop(reply.send(result));
                }
            }
            Effect::Changed(key) => {
                if !self.changed.contains(&key) {
                    self.changed.push(key);
                }
            }
            Effect::Notice(notice) => {
                if let Notice::Connection(phase) = &notice {
                    tracing::info!(?phase, "connection");
                }
                // Without a reader there is nobody to tell.
                drop(self.events.send(notice));
            }
        }
    }

    fn send(&mut self, conn: ConnId, frame: String) {
        let Some(socket) = self.sockets.get(&conn) else { return };
        if socket.frames.try_send(frame).is_err() {
            self.sockets.remove(&conn);
            self.core.handle(self.clock.now(), Input::Closed(conn, socket::stuck()));
        }
    }

    fn ask(&mut self, ask: Ask) -> Next {
        match ask {
            Ask::Command { command, reply } => {
                let id = CommandId(self.next_command);
                self.next_command += 1;
                self.waiting.insert(id, reply);
                self.handle(Input::Command { id, command });
            }
            Ask::Network(network) => self.handle(Input::Network(network)),
            Ask::Visibility(visibility) => self.handle(Input::Visibility(visibility)),
            Ask::Pending { room_id, reply } => drop(reply.send(self.core.pending(&room_id))),
            Ask::Connect => self.handle(Input::Connect),
            Ask::Close { done } => return Next::Stop(Some(done)),
        }
        Next::Go
    }

    /// Shows what changed, once for all inputs of a batch.
    fn publish(&mut self) {
        if let Some(recording) = &self.recording {
            recording.take(|| self.core.poll_trace());
        }
        if self.changed.is_empty() {
            return;
        }
        for key in std::mem::take(&mut self.changed) {
            match key {
                Key::Connection | Key::People | Key::Rooms => self.snapshot.set_client(self.core.view()),
                Key::Room(room_id) => {
                    let view = self.core.room(&room_id);
                    self.snapshot.set_room(room_id, view);
                }
                Key::Thread(room_id, thread_id) => {
                    let view = self.core.thread(&room_id, &thread_id);
                    self.snapshot.set_thread(room_id, thread_id, view);
                }
            }
        }
        self.ticker.send_modify(|version| *version += 1);
    }

    /// Says goodbye, and waits until it is said and everything is stored.
    async fn stop(mut self) {
        self.handle_last(Input::Disconnect).await;
        self.fetches.abort_all();
        self.publish();
        if let Some(mut disk) = self.disk.take() {
            for op in disk.backlog.drain(..) {
                drop(disk.ops.send(op).await);
            }
            drop(disk.ops);
            while disk.stored.recv().await.is_some() {}
        }
        self.http.finish().await;
        if let Some(recording) = self.recording.take() {
            recording.finish(|| self.core.poll_trace()).await;
        }
    }

    async fn handle_last(&mut self, input: Input) {
        // The goodbye must be written before its socket goes.
        self.core.handle(self.clock.now(), input);
        let mut closing = Vec::new();
        while let Some(effect) = self.core.poll_effect() {
            match effect {
                Effect::Close { conn } if self.sockets.contains_key(&conn) => {
                    closing.extend(self.sockets.remove(&conn))
                }
                effect => self.perform(effect),
            }
        }
        self.heard.close();
        for socket in closing {
            socket::close(socket).await;
        }
    }
}

/// Runs until the client is closed or its last handle is gone.
pub(crate) async fn run(mut driver: Driver, mut asked: mpsc::Receiver<Ask>) {
    driver.handle(Input::Connect);
    let done = loop {
        driver.publish();
        match turn(&mut driver, &mut asked).await {
            Next::Go => {}
            Next::Stop(done) => break done,
        }
    };
    driver.stop().await;
    asked.close();
    if let Some(done) = done {
        // Whoever closed may have stopped waiting.
        let _ = done.send(());
    }
}

/// Waits for something to happen and takes it, with what else is there already.
async fn turn(driver: &mut Driver, asked: &mut mpsc::Receiver<Ask>) -> Next {
    let wake = driver.core.poll_timeout().map(|(at, _)| driver.clock.instant(at));
    tokio::select! {
        ask = asked.recv() => {
            let mut next = ask.map_or(Next::Stop(None), |ask| driver.ask(ask));
            for _ in 1..BATCH {
                if matches!(next, Next::Stop(_)) { break }
                let Ok(ask) = asked.try_recv() else { break };
                next = driver.ask(ask);
            }
            return next;
        }
        Some(input) = driver.heard.recv() => {
            driver.handle(input);
            for _ in 1..BATCH {
                let Ok(input) = driver.heard.try_recv() else { break };
                driver.handle(input);
            }
        }
        Some(fetched) = driver.fetches.join_next() => {
            if let Ok((req, result)) = fetched {
                if let Err(error) = &result {
                    tracing::warn!(%error, "unable to get a token; asking again");
                }
                driver.handle(Input::Token { req, result });
            }
        }
        stored = stored(&mut driver.disk) => driver.handle(stored),
        () = sleep_until(wake.unwrap_or_else(|| driver.clock.instant(u64::MAX))) => driver.handle(Input::Timeout),
    }
    Next::Go
}

/// Hands operations to the disk's thread and waits for what it says; without one, for ever.
async fn stored(disk: &mut Option<Disk>) -> Input {
    let Some(Disk { ops, stored, backlog }) = disk else { return std::future::pending().await };
    loop {
        tokio::select! {
            permit = ops.reserve(), if !backlog.is_empty() => match (permit, backlog.pop_front()) {
                (Ok(permit), Some(op)) => permit.send(op),
                (Err(_), Some(op)) => {
                    let gone = Err(StorageError("the storage's thread is gone".to_owned()));
                    return Input::Stored { op: op.id, result: gone };
                }
                (_, None) => {}
            },
            Some((op, result)) = stored.recv() => return Input::Stored { op, result },
            else => return std::future::pending().await,
        }
    }
}
