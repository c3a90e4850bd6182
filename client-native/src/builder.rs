//! How a client begins.

use std::{future::Future, path::PathBuf, sync::Arc, time::Duration};

use roomcast_client_core::{
    Client as Core, Config, Saved, Storage as StorageMode, Transports,
    trace::{Redaction, Tracing},
};
use roomcast_protocol::handshake::ClientInfo;
use tokio::sync::{broadcast, mpsc, watch};

use crate::{
    BoxError, Client, Error,
    driver::{self, Driver},
    recording::Recording,
    shared::{Clock, Shared, Snapshot},
    socket::Address,
    storage::{FileStorage, Storage},
    token::TokenProvider,
};

/// Commands that wait for the client's task.
const ASKS: usize = 1_024;
/// Events that a slow reader may be behind.
const EVENTS: usize = 4_096;

/// Settings of a client to be.
pub struct ClientBuilder {
    address: String,
    config: Config,
    tokens: Option<TokenProvider>,
    outbox: Outbox,
    tls: Option<Arc<rustls::ClientConfig>>,
    recording: Option<PathBuf>,
}

enum Outbox {
    Memory,
    File(PathBuf),
    Own(Box<dyn Storage>),
}

impl ClientBuilder {
    pub(crate) fn new(address: String) -> Self {
        let client = ClientInfo { name: "roomcast-client".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
        let config = Config { client: Some(client), ..Config::default() };
        Self { address, config, tokens: None, outbox: Outbox::Memory, tls: None, recording: None }
    }

    /// Where tokens come from. Asked at the start, when one is about to run out, and when one was refused; never
    /// twice at once. It must not answer from a cache that holds what was refused.
    #[must_use]
    pub fn token_provider<F, Fut>(mut self, provider: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, BoxError>> + Send + 'static,
    {
        self.tokens = Some(TokenProvider::new(provider));
        self
    }

    /// One token for ever: for tests and bots. Once it has run out, the client is refused.
    #[must_use]
    pub fn token(self, token: impl Into<String>) -> Self {
        let token = token.into();
        self.token_provider(move || std::future::ready(Ok(token.clone())))
    }

    /// Keeps unacknowledged messages in this file, so that they survive a crash (G-11). One client a file.
    #[must_use]
    pub fn outbox(mut self, path: impl Into<PathBuf>) -> Self {
        self.outbox = Outbox::File(path.into());
        self
    }

    /// Keeps unacknowledged messages in a storage of the application's.
    #[must_use]
    pub fn storage(mut self, storage: impl Storage) -> Self {
        self.outbox = Outbox::Own(Box::new(storage));
        self
    }

    /// How the program introduces itself to the server, for its logs.
    #[must_use]
    pub fn client_name(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.config.client = Some(ClientInfo { name: name.into(), version: version.into() });
        self
    }

    /// Where the server's Socket.IO lives below its address; `/socket.io/` without this.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.config.path = path.into();
        self
    }

    /// Most messages of a room kept in memory without having been asked for.
    #[must_use]
    pub fn timeline_messages(mut self, most: usize) -> Self {
        self.config.timeline_messages = most;
        self
    }

    /// The ceilings of the first and of the longest pause between attempts to connect.
    #[must_use]
    pub fn reconnect_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.config.reconnect_ms = (ms(first), ms(longest));
        self
    }

    /// By what connections may be made: without this a WebSocket, and long polling where none can be had.
    #[must_use]
    pub fn transports(mut self, transports: Transports) -> Self {
        self.config.transports = transports;
        self
    }

    /// The ceilings of the first and of the longest pause between attempts to move from long polling to a WebSocket.
    #[must_use]
    pub fn upgrade_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.config.upgrade_ms = (ms(first), ms(longest));
        self
    }

    /// TLS of one's own, for a private authority; without it the system's roots are trusted.
    #[must_use]
    pub fn tls(mut self, config: Arc<rustls::ClientConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Records the session in this file, in place of what is there: everything that the client is told and does, for
    /// `roomcast-replay`. It never holds a token; what people write is masked by choice.
    #[must_use]
    pub fn record(mut self, path: impl Into<PathBuf>, redaction: Redaction) -> Self {
        self.config.tracing = Some(Tracing::new(redaction));
        self.recording = Some(path.into());
        self
    }

    /// Starts the client and waits until it is connected.
    ///
    /// # Errors
    /// As [`build`](Self::build), and [`Error::Refused`].
    pub async fn connect(self) -> Result<Client, Error> {
        let client = self.build().await?;
        client.connected().await?;
        Ok(client)
    }

    /// Starts the client, which connects in its own time.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::NoToken`], [`Error::Storage`], [`Error::Recording`], [`Error::System`].
    pub async fn build(self) -> Result<Client, Error> {
        let address = Address::parse(&self.address, self.tls)?;
        let tokens = self.tokens.ok_or(Error::NoToken)?;
        let (storage, saved) = open(self.outbox).await?;
        let mode = if storage.is_some() { StorageMode::Durable } else { StorageMode::None };
        let config = Config { storage: mode, ..self.config };
        let recording = record(self.recording).await?;
        let seed = || getrandom::u64().map_err(|error| Error::System(error.to_string()));

        let clock = Clock::start();
        let mut core = Core::new(config, seed()?, clock.now(), saved);
        let snapshot = Arc::new(Snapshot::new(core.view()));
        let (asks, asked) = mpsc::channel(ASKS);
        let (events, _) = broadcast::channel(EVENTS);
        let (ticker, version) = watch::channel(0);
        let driver = Driver::new(core, clock, address, tokens, storage, events.clone(), ticker, Arc::clone(&snapshot));
        let driver = driver?.recorded(recording);
        tokio::spawn(driver::run(driver, asked));
        let shared = Shared::new(asks, events, version, snapshot, clock, seed()?);
        Ok(Client { shared: Arc::new(shared) })
    }
}

fn ms(pause: Duration) -> u64 {
    u64::try_from(pause.as_millis()).unwrap_or(u64::MAX)
}

async fn record(path: Option<PathBuf>) -> Result<Option<Recording>, Error> {
    let Some(path) = path else { return Ok(None) };
    let created = tokio::task::spawn_blocking(move || Recording::create(&path)).await;
    created.map_err(|error| Error::System(error.to_string()))?.map(Some).map_err(Error::Recording)
}

async fn open(outbox: Outbox) -> Result<(Option<Box<dyn Storage>>, Saved), Error> {
    let open = move || {
        let mut storage: Box<dyn Storage> = match outbox {
            Outbox::Memory => return Ok((None, Saved::default())),
            Outbox::File(path) => Box::new(FileStorage::open(&path)?),
            Outbox::Own(storage) => storage,
        };
        let saved = storage.load()?;
        Ok((Some(storage), saved))
    };
    let opened = tokio::task::spawn_blocking(open).await;
    opened.map_err(|error| Error::System(error.to_string()))?.map_err(Error::Storage)
}
