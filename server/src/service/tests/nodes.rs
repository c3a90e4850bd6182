//! Two nodes on one database, with a bus between them that does as it is told.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use roomcast_protocol::{
    Epoch, Limits, Rev, RoomId, Seq, Timestamp,
    command::{AddMembers, MarkRead, ReadUpTo, RemoveMember, SetRole, UpdatePresence},
    handshake::Resume,
    model::{Availability, DeltaKind, Role, Status},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{NoTokens, message, new_room, room, user};
use crate::{
    auth::Identity,
    domain::{Act, Author, Change, ConnId},
    env::{Env, RealEnv, SharedEnv, Task},
    hub::{Bus, CloseReason, Exchange, Frame, Link, NodeId, Packet, Roster, TailAnswer, Topic, Transport},
    limits::Quotas,
    service::{Departure, Parts, Service, ServiceSettings, Session},
    store::{ReadStore as _, RevocationStore as _, WriteStore as _, sqlite::SqliteStore},
};

mod cursors;
mod membership;
mod presence;
mod revoke;
mod said;

/// The real world, with a clock that can be put forward.
struct Clock {
    real: SharedEnv,
    ahead_ms: AtomicU64,
}

impl Env for Clock {
    fn now(&self) -> Timestamp {
        self.real.now()
    }

    fn mono_ms(&self) -> u64 {
        self.real.mono_ms() + self.ahead_ms.load(Ordering::Relaxed)
    }

    fn random(&self) -> u64 {
        self.real.random()
    }

    fn sleep_ms(&self, ms: u64) -> Task {
        self.real.sleep_ms(ms)
    }

    fn spawn(&self, task: Task) {
        self.real.spawn(task);
    }
}

/// What connections were told, with the subscriptions kept as an engine keeps them.
#[derive(Default)]
struct Ears(Mutex<EarsState>);

#[derive(Default)]
struct EarsState {
    rooms: BTreeMap<RoomId, BTreeSet<ConnId>>,
    told: BTreeMap<ConnId, Vec<(&'static str, Value)>>,
    closed: BTreeSet<ConnId>,
}

impl Transport for Ears {
    fn subscribe(&self, conn: ConnId, room: &RoomId) {
        self.0.lock().expect("no panic").rooms.entry(room.clone()).or_default().insert(conn);
    }

    fn unsubscribe(&self, conn: ConnId, room: &RoomId) {
        if let Some(conns) = self.0.lock().expect("no panic").rooms.get_mut(room) {
            conns.remove(&conn);
        }
    }

    fn emit(&self, conn: ConnId, packet: &Packet) {
        let json = serde_json::from_str(packet.json.get()).expect("a payload");
        self.0.lock().expect("no panic").told.entry(conn).or_default().push((packet.name, json));
    }

    fn broadcast(&self, rooms: &[RoomId], except: Option<ConnId>, packet: &Packet) {
        let conns: BTreeSet<ConnId> = {
            let ears = self.0.lock().expect("no panic");
            rooms.iter().filter_map(|room| ears.rooms.get(room)).flatten().copied().collect()
        };
        conns.into_iter().filter(|conn| Some(*conn) != except).for_each(|conn| self.emit(conn, packet));
    }

    fn close(&self, conn: ConnId, _: CloseReason) {
        self.0.lock().expect("no panic").closed.insert(conn);
    }
}

/// What becomes of the frames that a node publishes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    Loses,
    Doubles,
    Holds,
}

struct Wire {
    bus: Arc<dyn Bus>,
    way: Mutex<Way>,
    held: Mutex<Vec<(Topic, Arc<[u8]>)>>,
    lost: AtomicU64,
}

impl Bus for Wire {
    fn publish(&self, topic: &Topic, payload: Arc<[u8]>) -> bool {
        match *self.way.lock().expect("no panic") {
            Way::Open => return self.bus.publish(topic, payload),
            Way::Loses => _ = self.lost.fetch_add(1, Ordering::Relaxed),
            Way::Doubles => {
                self.bus.publish(topic, payload.clone());
                self.bus.publish(topic, payload);
            }
            Way::Holds => self.held.lock().expect("no panic").push((topic.clone(), payload)),
        }
        true
    }

    fn subscribe(&self, topic: Topic) {
        self.bus.subscribe(topic);
    }

    fn unsubscribe(&self, topic: &Topic) {
        self.bus.unsubscribe(topic);
    }
}

struct Node {
    service: Service,
    ears: Arc<Ears>,
    wire: Arc<Wire>,
    clock: Arc<Clock>,
    stop: CancellationToken,
    ticking: TaskTracker,
}

impl Node {
    async fn start(name: &str, exchange: &Exchange, store: &Arc<SqliteStore>) -> Self {
        let clock = Arc::new(Clock { real: RealEnv::shared(), ahead_ms: AtomicU64::new(0) });
        let ears = Arc::new(Ears::default());
        let link = exchange.link(NodeId::new(name.to_owned()));
        let wire = Arc::new(Wire {
            bus: link.bus,
            way: Mutex::new(Way::Open),
            held: Mutex::default(),
            lost: AtomicU64::new(0),
        });
        let parts = Parts {
            env: clock.clone(),
            store: store.clone(),
            transport: ears.clone(),
            tokens: Arc::new(NoTokens),
            quotas: Quotas::new(None),
            metrics: Arc::default(),
            settings: ServiceSettings::default(),
            link: Link { node: link.node, bus: wire.clone(), heard: link.heard },
        };
        let service = Service::start(parts, store.epoch().await.expect("read"));
        let stop = CancellationToken::new();
        let (ticks, stopped) = (service.clone(), stop.clone());
        let ticking = TaskTracker::new();
        ticking.spawn(async move {
            while !stopped.is_cancelled() {
                ticks.tick();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        ticking.close();
        Self { service, ears, wire, clock, stop, ticking }
    }

    /// Nothing of it happens by itself any more.
    async fn hush(&self) {
        self.stop.cancel();
        self.ticking.wait().await;
    }

    /// Registered, and not told the initial state yet.
    async fn arrive(&self, conn: u64, name: &str) -> Session {
        self.service.connect(ConnId(conn), identity(name)).await.expect("connected")
    }

    async fn connect(&self, conn: u64, name: &str) -> Session {
        let session = self.arrive(conn, name).await;
        self.service.begin_session(&session, None).await.expect("begun");
        session
    }

    fn closed(&self, conn: u64) -> bool {
        self.ears.0.lock().expect("no panic").closed.contains(&ConnId(conn))
    }

    async fn act(&self, session: &Session, act: Act) {
        self.service.write(session.author(), act).await.expect("taken");
    }

    async fn say(&self, session: &Session, id: &str, text: &str) {
        self.act(session, said(id, text)).await;
    }

    fn way(&self, way: Way) {
        *self.wire.way.lock().expect("no panic") = way;
    }

    fn held(&self) -> Vec<(Topic, Arc<[u8]>)> {
        std::mem::take(&mut *self.wire.held.lock().expect("no panic"))
    }

    fn put_forward(&self, ms: u64) {
        self.clock.ahead_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// So much time passes, and is noticed.
    fn pass(&self, ms: u64) {
        self.put_forward(ms);
        self.service.tick();
    }

    fn head(&self, id: &str) -> u64 {
        self.service.inner.roster().rooms[&room(id)].head().value()
    }

    /// What a connection was told under this name.
    fn told(&self, conn: u64, name: &str) -> Vec<Value> {
        let ears = self.ears.0.lock().expect("no panic");
        let told = ears.told.get(&ConnId(conn)).into_iter().flatten();
        told.filter(|(event, _)| *event == name).map(|(_, json)| json.clone()).collect()
    }

    /// The texts that a connection was told, in order.
    fn texts(&self, conn: u64) -> Vec<String> {
        let told = self.told(conn, "new-message");
        told.iter().map(|json| json["message"]["content"].as_str().expect("a text").to_owned()).collect()
    }
}

fn identity(name: &str) -> Identity {
    let (expires_at, issued_at) = (Timestamp::new(u64::MAX / 2), Timestamp::new(1_000));
    Identity { user: user(name), admin: false, expires_at, issued_at }
}

fn said(id: &str, text: &str) -> Act {
    Act::Send(message(id, text))
}

struct Nodes {
    a: Node,
    b: Node,
    exchange: Exchange,
    store: Arc<SqliteStore>,
    _folder: TempDir,
}

impl Nodes {
    /// Two nodes, and a room `r` of alice and bob.
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("test.db").display());
        let store = Arc::new(SqliteStore::open(&url, &Epoch::parse("e").expect("a good id")).await.expect("opened"));
        let exchange = Exchange::default();
        let a = Node::start("a", &exchange, &store).await;
        let b = Node::start("b", &exchange, &store).await;
        let nodes = Self { a, b, exchange, store, _folder: folder };
        for name in ["alice", "bob", "carol"] {
            nodes.commit(name, Act::SeeUser).await;
        }
        nodes.commit("alice", Act::CreateRoom(new_room("r", &["bob"]))).await;
        nodes
    }

    /// Commits as a node does that dies before it tells anybody.
    async fn commit(&self, name: &str, act: Act) {
        let author = Author { user: user(name), admin: false, conn: None };
        let change = Change { author, act, fresh_id: uuid::Uuid::now_v7().to_string() };
        let done = self.store.commit(&[&change], Timestamp::new(1), &Limits::default()).await.expect("committed");
        done.into_iter().for_each(|outcome| drop(outcome.expect("taken")));
    }

    /// Alice on the first node and bob on the second, both heard of by the other.
    async fn alice_and_bob(&self) -> (Session, Session) {
        let alice = self.a.connect(1, "alice").await;
        let bob = self.b.connect(2, "bob").await;
        until("alice sees bob", || !self.a.told(1, "user-online").is_empty()).await;
        until("bob sees alice", || {
            let online = |roster: &Roster| roster.look(&user("alice").id).status;
            online(&self.b.service.inner.roster()) == Status::Online
        })
        .await;
        self.settled().await;
        (alice, bob)
    }

    /// Both nodes hear the room, and have looked for what was said before they did.
    async fn settled(&self) {
        for node in [&self.a, &self.b] {
            until("the room is heard", || {
                let roster = node.service.inner.roster();
                roster.rooms.get(&room("r")).is_some_and(|local| local.settled_ms < u64::MAX)
            })
            .await;
        }
    }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited in vain until {what}");
}
