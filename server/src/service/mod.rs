//! What the server does, command by command, without knowing how a command arrives or where rows live.

mod arrivals;
mod arriving;
mod authors;
mod conversation;
mod dispatch;
mod door;
mod gate;
mod gossip;
mod history;
mod incoming;
mod initial;
mod learn;
mod mend;
mod mine;
mod presence;
mod publish;
mod revoke;
mod rooms;
mod search;
mod seed;
mod session;
mod shed;
mod states;
mod sync;
#[cfg(test)]
mod tests;
mod typing;
mod watch;
mod who;
mod write;

use std::sync::{Arc, Mutex, MutexGuard, Weak};

use futures_util::future::BoxFuture;
use roomcast_protocol::{Epoch, ErrorBody, Limits, RoomId, ack::Ack};
use tokio::sync::{Semaphore, mpsc};

pub use conversation::{Answers, Arrival, Conversation};
pub use dispatch::{rate_limited, unsupported};
pub use incoming::RawPacket;
pub use session::{ConnectError, Departure, Session};
pub use who::Here;

use arriving::Arriving;
use gate::Gate;
use revoke::Revocations;
use watch::Watch;

use crate::{
    auth::{Authenticator, Identity},
    env::SharedEnv,
    hub::{Bus, Link, NodeId, Roster, Topic, Transport},
    limits::Quotas,
    metrics::Metrics,
    store::{Store, Writer, WriterSettings, Written},
};

/// How a command is carried out.
pub enum Plan {
    /// It is done.
    Done(Box<Ack>),
    /// It is on its way to the writer, after all earlier ones: others can be begun before its ack is there.
    Write(BoxFuture<'static, Ack>),
    /// It is on its way to the writer, too, and ends with a look at who is there.
    Enter(BoxFuture<'static, Result<Telling, ErrorBody>>),
    /// It reads: to be run when all earlier commands of the connection are through, so that it sees them.
    Read(BoxFuture<'static, Ack>),
    /// It reads, and ends with a look at who is there.
    CatchUp(BoxFuture<'static, Result<Telling, ErrorBody>>),
    /// It reads, too, whether the session goes on with another token.
    Refresh(BoxFuture<'static, Result<Identity, ErrorBody>>),
}

/// Makes the ack that says who is in a room, at the moment that it goes out: whatever becomes of them afterwards is told
/// behind it, and what was told before it is in it.
pub type Telling = Box<dyn FnOnce(&Service) -> Ack + Send>;

/// What can be set about the services.
#[derive(Debug, Clone)]
pub struct ServiceSettings {
    /// Sizes and counts.
    pub limits: Limits,
    /// How long a write may take before it is answered `unavailable`, in milliseconds.
    pub write_deadline_ms: u64,
    /// How long a lost connection's user still counts as present, in milliseconds (G-13).
    pub presence_grace_ms: u64,
    /// How long typing lasts after its last start, in milliseconds (G-14).
    pub typing_ms: u64,
    /// How often a client gets a digest of heads, in milliseconds (G-8).
    pub heads_ms: u64,
    /// How long before a token runs out its client is told, in milliseconds (G-16).
    pub token_notice_ms: u64,
    /// How long after a token ran out the connection is closed, in milliseconds (G-16).
    pub token_grace_ms: u64,
    /// A client further behind in a room than so many rows gets the newest page instead (G-10).
    pub delta_rows: u64,
    /// Rooms that whoever comes for the first time is brought into.
    pub welcome_rooms: Vec<RoomId>,
    /// Whether clients may get `debug` events.
    pub debug_events: bool,
}

impl Default for ServiceSettings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            write_deadline_ms: 2_000,
            presence_grace_ms: 10_000,
            typing_ms: 3_000,
            heads_ms: 15_000,
            token_notice_ms: 60_000,
            token_grace_ms: 30_000,
            delta_rows: 1_000,
            welcome_rooms: Vec::new(),
            debug_events: false,
        }
    }
}

/// What the services are made of.
pub struct Parts {
    /// Where they run.
    pub env: SharedEnv,
    /// Where rooms live.
    pub store: Arc<dyn Store>,
    /// How clients are reached.
    pub transport: Arc<dyn Transport>,
    /// Who may connect.
    pub tokens: Arc<dyn Authenticator>,
    /// Rates.
    pub quotas: Quotas,
    /// What operators watch.
    pub metrics: Arc<Metrics>,
    /// Settings.
    pub settings: ServiceSettings,
    /// The way to the other nodes.
    pub link: Link,
}

/// The services of one node. A cheap handle.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
    writer: Writer,
}

/// How long a connection waits to be taken: the engine and our clients give up after ten seconds, and who comes again
/// costs more than who waits.
const GATE_MS: u64 = 7_000;

/// Most committed batches that wait to be told.
const NEWS_QUEUE: usize = 64;

struct Inner {
    this: Weak<Inner>,
    env: SharedEnv,
    store: Arc<dyn Store>,
    transport: Arc<dyn Transport>,
    tokens: Arc<dyn Authenticator>,
    quotas: Quotas,
    metrics: Arc<Metrics>,
    settings: ServiceSettings,
    epoch: Epoch,
    node: NodeId,
    bus: Arc<dyn Bus>,
    /// Whether there are no other nodes.
    alone: bool,
    roster: Mutex<Roster>,
    arriving: Mutex<Arriving>,
    /// Held while it is told how users are seen: before the roster.
    telling: Mutex<()>,
    watch: Mutex<Watch>,
    shed: shed::Told,
    revocations: Mutex<Revocations>,
    /// How many rooms may be read for their holes at a time.
    fills: Semaphore,
    /// Before a connection is taken.
    gate: Gate,
}

impl Service {
    /// Starts the services: the writer's task runs from here on.
    #[must_use]
    pub fn start(parts: Parts, epoch: Epoch) -> Self {
        let Parts { env, store, transport, tokens, quotas, metrics, settings, link } = parts;
        let alone = link.is_alone();
        let Link { node, bus, mut heard } = link;
        let inner = Arc::new_cyclic(|this| Inner {
            this: this.clone(),
            env: env.clone(),
            store: store.clone(),
            transport,
            tokens,
            quotas,
            metrics,
            settings: settings.clone(),
            epoch,
            roster: Mutex::new(Roster::new(bus.clone(), node.clone())),
            bus: bus.clone(),
            alone,
            arriving: Mutex::default(),
            watch: Mutex::new(Watch::begin(env.mono_ms())),
            telling: Mutex::default(),
            shed: shed::Told::default(),
            revocations: Mutex::default(),
            fills: Semaphore::new(mend::FILLS),
            gate: Gate::new(GATE_MS),
            node: node.clone(),
        });
        // Fan-out in a task of its own, so that the next transaction need not wait for it. Where it falls behind,
        // the writer waits.
        let (news, mut written) = mpsc::channel::<Written>(NEWS_QUEUE);
        let publisher = inner.clone();
        env.spawn(Box::pin(async move {
            let mut all = Vec::new();
            while written.recv_many(&mut all, NEWS_QUEUE).await > 0 {
                for written in all.drain(..) {
                    match written {
                        Written::Committed(batch) => {
                            batch.into_iter().for_each(|committed| publisher.tell(committed));
                        }
                        // What it may have done is read back, and its users are looked after.
                        Written::Unsure(changes) => {
                            publisher.doubt(&changes);
                            publisher.sweep(true);
                        }
                    }
                }
            }
        }));
        bus.subscribe(Topic::Nodes);
        bus.subscribe(Topic::Node(node));
        let listener = inner.clone();
        env.spawn(Box::pin(async move {
            while let Some(heard) = heard.recv().await {
                listener.hear(heard);
            }
        }));
        let writer = Writer::start(store, inner.clone(), news, env, settings.limits, WriterSettings::default());
        Self { inner, writer }
    }

    /// Does what falls due with time: typing and grace that run out, occupancy, last-seen. To be called several
    /// times a second.
    pub fn tick(&self) {
        self.inner.expire_typing();
        self.inner.expire_grace();
        self.inner.tell_arrivals();
        self.inner.tell_occupancy();
        self.inner.beat();
        self.inner.mind_revocations();
        self.write_last_seen();
        self.tell_shed();
        self.inner.metrics.writer_queue.set(i64::try_from(self.writer.depth()).unwrap_or(i64::MAX));
    }

    /// Where the services run.
    #[must_use]
    pub fn env(&self) -> &SharedEnv {
        &self.inner.env
    }

    /// What operators watch.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.inner.metrics
    }

    /// How clients are reached.
    pub(crate) fn transport(&self) -> &Arc<dyn Transport> {
        &self.inner.transport
    }

    /// Rates.
    #[must_use]
    pub fn quotas(&self) -> &Quotas {
        &self.inner.quotas
    }

    /// Settings.
    #[must_use]
    pub fn settings(&self) -> &ServiceSettings {
        &self.inner.settings
    }

    /// Where rooms live.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inner.store
    }

    /// Whether other nodes are out of reach: their users are unknown, and what they tell comes by way of the database.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        self.inner.is_degraded()
    }

    /// How many changes wait for the writer.
    #[must_use]
    pub fn writer_depth(&self) -> usize {
        self.writer.depth()
    }
}

impl Inner {
    fn roster(&self) -> MutexGuard<'_, Roster> {
        self.roster.lock().expect("nothing panics while it holds the roster")
    }

    /// Before the roster, and behind the arriving.
    fn telling(&self) -> MutexGuard<'_, ()> {
        self.telling.lock().expect("nothing panics while it tells")
    }

    /// Always before the roster.
    fn arriving(&self) -> MutexGuard<'_, Arriving> {
        self.arriving.lock().expect("nothing panics while it holds the arriving")
    }

    /// Behind all others: nothing else is locked while it is held.
    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().expect("nothing panics while it holds the watch")
    }

    /// Behind all others, too.
    fn revocations(&self) -> MutexGuard<'_, Revocations> {
        self.revocations.lock().expect("nothing panics while it holds the revocations")
    }
}
