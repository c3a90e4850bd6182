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
use tokio_util::sync::CancellationToken;

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

mod revoke;

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
}

impl Bus for Wire {
    fn publish(&self, topic: &Topic, payload: Arc<[u8]>) -> bool {
        match *self.way.lock().expect("no panic") {
            Way::Open => return self.bus.publish(topic, payload),
            Way::Loses => {}
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
}

impl Node {
    async fn start(name: &str, exchange: &Exchange, store: &Arc<SqliteStore>) -> Self {
        let clock = Arc::new(Clock { real: RealEnv::shared(), ahead_ms: AtomicU64::new(0) });
        let ears = Arc::new(Ears::default());
        let link = exchange.link(NodeId::new(name.to_owned()));
        let wire = Arc::new(Wire { bus: link.bus, way: Mutex::new(Way::Open), held: Mutex::default() });
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
        let (ticking, stopped) = (service.clone(), stop.clone());
        tokio::spawn(async move {
            while !stopped.is_cancelled() {
                ticking.tick();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        Self { service, ears, wire, clock, stop }
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

#[tokio::test]
async fn g6_what_is_said_on_one_node_is_heard_on_the_other_in_order() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    let texts: Vec<String> = (0..20).map(|n| format!("{n}")).collect();
    for text in &texts {
        nodes.a.say(&alice, "r", text).await;
    }
    until("bob has all", || nodes.b.texts(2).len() >= texts.len()).await;
    assert_eq!(nodes.b.texts(2), texts);
    assert!(nodes.a.texts(1).is_empty(), "she has her acknowledgements");
}

#[tokio::test]
async fn g6_a_bus_that_takes_nothing_keeps_nobody_here_waiting() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.a.connect(3, "bob").await;
    nodes.exchange.take_down();
    nodes.a.say(&alice, "r", "here").await;
    until("bob's other device has it", || nodes.a.texts(3) == ["here"]).await;
}

#[tokio::test]
async fn g6_without_a_bus_nobody_here_waits_for_what_was_said_elsewhere() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.exchange.take_down();
    until("it is noticed", || nodes.a.service.inner.watch().is_deaf()).await;
    nodes.commit("bob", said("r", "there")).await;
    nodes.a.say(&alice, "r", "here").await;
    let head = nodes.store.heads(&[room("r")]).await.expect("read")[0].rev.value();
    until("both are known", || nodes.a.head("r") == head).await;
    assert_eq!(nodes.a.service.inner.metrics.nodes.hole_waits.get(), 0, "nothing can come that closes it");
}

#[tokio::test]
async fn g7_swapped_frames_are_told_in_order_and_doubled_ones_once() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.a.way(Way::Holds);
    for text in ["one", "two", "three"] {
        nodes.a.say(&alice, "r", text).await;
    }
    until("they are held", || nodes.a.wire.held.lock().expect("no panic").len() >= 3).await;
    nodes.a.way(Way::Doubles);
    for (topic, payload) in nodes.a.held().into_iter().rev() {
        nodes.a.wire.publish(&topic, payload);
    }
    nodes.a.say(&alice, "r", "four").await;
    until("bob has all", || nodes.b.texts(2).len() >= 4).await;
    assert_eq!(nodes.b.texts(2), ["one", "two", "three", "four"]);
}

#[tokio::test]
async fn g7_a_lost_frame_is_read_from_the_database_and_what_follows_comes_behind() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.a.say(&alice, "r", "first").await;
    until("bob has it", || nodes.b.texts(2) == ["first"]).await;
    nodes.a.way(Way::Loses);
    nodes.a.say(&alice, "r", "lost").await;
    until("it is told", || nodes.a.head("r") == 4).await;
    nodes.a.way(Way::Open);
    nodes.a.say(&alice, "r", "next").await;
    until("bob is told that he lacks something", || !nodes.b.told(2, "heads").is_empty()).await;
    let roster = nodes.b.service.inner.roster();
    let TailAnswer::Delta(delta) = roster.rooms[&room("r")].tail.since(&room("r"), Rev::new(3)) else {
        panic!("the tail answers without the database")
    };
    let texts: Vec<_> = delta.messages.iter().map(|message| message.content.as_str()).collect();
    assert_eq!(texts, ["lost", "next"]);
}

#[tokio::test]
async fn g8_a_lost_last_frame_is_found_in_the_database() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.a.way(Way::Loses);
    nodes.a.say(&alice, "r", "last").await;
    nodes.b.put_forward(5_000);
    until("bob is told", || nodes.b.told(2, "heads").iter().any(|json| json["rooms"]["r"] == 3)).await;
}

#[tokio::test]
async fn g8_without_the_bus_the_database_is_asked_and_clients_are_told() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.exchange.take_down();
    nodes.a.say(&alice, "r", "by way of the database").await;
    until("bob is told", || nodes.b.told(2, "heads").iter().any(|json| json["rooms"]["r"] == 3)).await;
    until("what is lacking is said", || nodes.b.told(2, "degraded").len() == 1).await;
    assert!(nodes.b.service.is_degraded());
    let unknown = |json: &Value| json["userId"] == "alice" && json["status"] == "unknown";
    until("alice is unknown", || nodes.b.told(2, "presence-changed").iter().any(unknown)).await;
    assert!(nodes.b.told(2, "user-offline").is_empty(), "never offline");
    nodes.exchange.bring_up();
    until("all is well", || {
        nodes.b.told(2, "degraded").last().is_some_and(|json| json["features"] == serde_json::json!([]))
    })
    .await;
    until("alice is there again", || nodes.b.told(2, "user-online").iter().any(|json| json["userId"] == "alice")).await;
}

#[tokio::test]
async fn who_is_removed_on_another_node_hears_nothing_more() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    let remove = RemoveMember { room_id: room("r"), user_id: user("bob").id };
    nodes.a.act(&alice, Act::RemoveMember(remove)).await;
    nodes.a.say(&alice, "r", "about him").await;
    until("bob is told", || !nodes.b.told(2, "removed-from-room").is_empty()).await;
    tokio::task::yield_now().await;
    assert!(nodes.b.texts(2).is_empty());
    assert!(!nodes.b.service.inner.roster().rooms.contains_key(&room("r")));
}

#[tokio::test]
async fn a_removal_that_was_lost_is_applied_before_what_follows_it() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.b.connect(3, "carol").await;
    let add = AddMembers { room_id: room("r"), user_ids: vec![user("carol").id] };
    nodes.a.act(&alice, Act::AddMembers(add)).await;
    until("carol is in", || !nodes.b.told(3, "added-to-room").is_empty()).await;
    nodes.a.way(Way::Loses);
    nodes.a.act(&alice, Act::RemoveMember(RemoveMember { room_id: room("r"), user_id: user("bob").id })).await;
    until("it is told", || nodes.a.head("r") == 4).await;
    nodes.a.way(Way::Open);
    nodes.a.say(&alice, "r", "about him").await;
    until("carol is told that she lacks something", || !nodes.b.told(3, "heads").is_empty()).await;
    until("bob is out", || !nodes.b.told(2, "removed-from-room").is_empty()).await;
    assert!(nodes.b.texts(2).is_empty());
    assert!(
        nodes.b.told(2, "heads").iter().all(|json| json["rooms"]["r"].as_u64() < Some(4)),
        "it is not his any more"
    );
}

#[tokio::test]
async fn who_is_added_on_another_node_is_welcomed_even_where_the_hint_is_lost() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.b.connect(3, "carol").await;
    nodes.a.way(Way::Loses);
    let add = AddMembers { room_id: room("r"), user_ids: vec![user("carol").id] };
    nodes.a.act(&alice, Act::AddMembers(add)).await;
    until("it is told", || nodes.a.head("r") == 3).await;
    nodes.a.way(Way::Open);
    nodes.a.put_forward(5_000);
    until("carol is welcomed", || nodes.b.told(3, "added-to-room").len() == 1).await;
    until("the room is whole", || nodes.b.head("r") == 3).await;
    nodes.a.say(&alice, "r", "welcome").await;
    until("she hears the room", || nodes.b.texts(3) == ["welcome"]).await;
    assert_eq!(nodes.b.told(3, "added-to-room").len(), 1, "once");
}

#[tokio::test]
async fn a_node_that_lacks_a_room_of_its_user_is_told_as_soon_as_it_shows() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    let carol = nodes.b.connect(3, "carol").await;
    until("the first node knows her", || {
        nodes.a.service.inner.roster().neighbours.of(&user("carol").id).next().is_some()
    })
    .await;
    nodes.a.way(Way::Loses);
    let add = AddMembers { room_id: room("r"), user_ids: vec![user("carol").id] };
    nodes.a.act(&alice, Act::AddMembers(add)).await;
    until("it is told", || nodes.a.head("r") == 3).await;
    nodes.a.way(Way::Open);
    assert!(nodes.b.told(3, "added-to-room").is_empty());
    let busy = UpdatePresence { status: Availability::Busy, text: None };
    nodes.b.service.update_presence(&carol, busy).expect("taken");
    until("carol is welcomed", || nodes.b.told(3, "added-to-room").len() == 1).await;
}

#[tokio::test]
async fn who_is_added_while_the_bus_is_away_hears_of_it_within_seconds() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.b.connect(3, "carol").await;
    nodes.exchange.take_down();
    let add = AddMembers { room_id: room("r"), user_ids: vec![user("carol").id] };
    nodes.a.act(&alice, Act::AddMembers(add)).await;
    nodes.b.put_forward(5_000);
    until("carol is welcomed", || nodes.b.told(3, "added-to-room").len() == 1).await;
}

#[tokio::test]
async fn g13_a_user_on_two_nodes_is_gone_when_both_have_lost_them() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    nodes.a.connect(3, "bob").await;
    until("the second node knows", || nodes.b.service.inner.roster().neighbours.of(&user("bob").id).next().is_some())
        .await;
    nodes.b.service.disconnect(ConnId(2), Departure::Asked);
    until("the first node knows", || nodes.a.service.inner.roster().neighbours.of(&user("bob").id).next().is_none())
        .await;
    assert!(nodes.a.told(1, "user-offline").is_empty(), "he is still on the first");
    nodes.a.service.disconnect(ConnId(3), Departure::Asked);
    until("he is gone", || nodes.a.told(1, "user-offline").len() == 1).await;
}

#[tokio::test]
async fn g13_how_a_user_chose_to_be_seen_holds_on_all_nodes() {
    let nodes = Nodes::new().await;
    let (_alice, bob) = nodes.alice_and_bob().await;
    nodes.a.connect(3, "bob").await;
    let hide = UpdatePresence { status: Availability::Invisible, text: None };
    nodes.b.service.update_presence(&bob, hide).expect("taken");
    until("alice sees him go", || nodes.a.told(1, "user-offline").len() == 1).await;
    nodes.b.service.disconnect(ConnId(2), Departure::Asked);
    until("only the first node has him", || {
        nodes.a.service.inner.roster().neighbours.of(&user("bob").id).next().is_none()
    })
    .await;
    let seen = nodes.a.service.inner.roster().look(&user("bob").id).status;
    assert_eq!(seen, Status::Offline, "his choice outlives the connection that made it");
}

#[tokio::test]
async fn g13_the_users_of_a_dead_node_are_gone_after_its_lease() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    nodes.b.stop.cancel();
    for _ in 0..10 {
        nodes.a.put_forward(1_400);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(nodes.a.told(1, "user-offline").is_empty(), "its lease is not over");
    for _ in 0..2 {
        nodes.a.put_forward(1_400);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    until("bob is gone", || nodes.a.told(1, "user-offline").len() == 1).await;
}

#[tokio::test]
async fn g13_whose_node_may_be_dead_is_seen_as_another_one_says() {
    let nodes = Nodes::new().await;
    let (_alice, bob) = nodes.alice_and_bob().await;
    let busy = UpdatePresence { status: Availability::Busy, text: None };
    nodes.b.service.update_presence(&bob, busy).expect("taken");
    let seen = |status: &str| nodes.a.told(1, "presence-changed").last().is_some_and(|json| json["status"] == status);
    until("alice sees it", || seen("busy")).await;
    // It dies, and nobody tells the next one what he chose.
    nodes.b.way(Way::Loses);
    nodes.b.stop.cancel();
    nodes.a.way(Way::Loses);
    let c = Node::start("c", &nodes.exchange, &nodes.store).await;
    c.connect(3, "bob").await;
    for _ in 0..6 {
        nodes.a.put_forward(1_400);
        c.put_forward(1_400);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    until("alice sees what his node says", || seen("online")).await;
}

#[tokio::test]
async fn g13_who_comes_back_to_a_node_that_never_heard_the_dead_one_is_seen_as_before() {
    let nodes = Nodes::new().await;
    let (_alice, bob) = nodes.alice_and_bob().await;
    let busy = UpdatePresence { status: Availability::Busy, text: Some("in a meeting".to_owned()) };
    nodes.b.service.update_presence(&bob, busy).expect("taken");
    until("alice sees it", || !nodes.a.told(1, "presence-changed").is_empty()).await;
    nodes.b.way(Way::Loses);
    nodes.b.stop.cancel();
    let c = Node::start("c", &nodes.exchange, &nodes.store).await;
    c.connect(3, "bob").await;
    let look = || c.service.inner.roster().look(&user("bob").id);
    until("it is told", || look().status == Status::Busy).await;
    assert_eq!(look().text.as_deref(), Some("in a meeting"));
    nodes.a.service.inner.roster().neighbours.bury(&NodeId::new("b".to_owned()));
    until("it has said so", || nodes.a.service.inner.roster().look(&user("bob").id).status == Status::Busy).await;
    assert_eq!(nodes.a.told(1, "presence-changed").len(), 1, "alice has seen no flap");
}

#[tokio::test]
async fn g13_a_node_that_starts_knows_who_is_there_although_their_greeting_was_lost() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    for node in [&nodes.a, &nodes.b] {
        // It does not speak by itself, and has greeted already.
        node.stop.cancel();
        let inner = &node.service.inner;
        inner.roster().neighbours.alive(&NodeId::new("c".to_owned()), 0, inner.env.mono_ms());
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    let c = Node::start("c", &nodes.exchange, &nodes.store).await;
    let online = |name: &str| c.service.inner.roster().look(&user(name).id).status == Status::Online;
    until("it knows both", || online("alice") && online("bob")).await;
}

#[tokio::test]
async fn g13_who_is_here_and_not_known_to_be_in_a_room_is_introduced_to_it_and_seen_going() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    nodes.commit("alice", Act::CreateRoom(new_room("s", &["carol"]))).await;
    nodes.a.connect(3, "carol").await;
    let state = nodes.a.told(3, "initial-state");
    assert_eq!(state[0]["rooms"][0]["users"].as_array().map(Vec::len), Some(1), "carol alone: {state:?}");
    until("alice is introduced", || nodes.a.told(3, "user-online").iter().any(|json| json["userId"] == "alice")).await;
    nodes.a.service.disconnect(ConnId(1), Departure::Asked);
    until("she is seen going", || !nodes.a.told(3, "user-offline").is_empty()).await;
}

#[tokio::test]
async fn g13_who_joined_since_a_room_was_read_is_told_of_by_a_node_that_is_not_sure_of_others() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    let inner = &nodes.a.service.inner;
    nodes.a.service.write(alice.author(), Act::CreateRoom(new_room("s", &[]))).await.expect("created");
    // A node that it has yet to hear out.
    inner.roster().neighbours.alive(&NodeId::new("c".to_owned()), 1, inner.env.mono_ms());
    let mut early = inner.entering(&alice.user.id, &[room("s")]).await.expect("read");
    let add = AddMembers { room_id: room("s"), user_ids: vec![user("bob").id] };
    nodes.a.service.write(alice.author(), Act::AddMembers(add)).await.expect("added");
    let joined = || nodes.a.told(1, "user-joined").iter().any(|json| json["roomId"] == "s");
    until("alice is told that he joined, ahead of the room", joined).await;
    let state = early.pop().expect("a member").state(&inner.roster());
    let there: Vec<&str> = state.users.iter().map(|user| user.user_id.as_str()).collect();
    assert_eq!(there, ["alice", "bob"]);
}

#[tokio::test]
async fn g8_who_is_given_a_role_in_a_room_that_this_node_does_not_know_them_in_is_told_of_it() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    // By another device, on a node that was not heard.
    nodes.commit("alice", Act::CreateRoom(new_room("s", &[]))).await;
    let set = SetRole { room_id: room("s"), user_id: alice.user.id.clone(), role: Role::Member };
    nodes.a.service.write(alice.author(), Act::SetRole(set)).await.expect("set");
    until("she is told of the room", || !nodes.a.told(1, "added-to-room").is_empty()).await;
    assert_eq!(nodes.a.told(1, "added-to-room")[0]["room"]["role"], "member");
}

#[tokio::test]
async fn g13_what_was_lost_of_presence_is_asked_for() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    nodes.b.way(Way::Loses);
    nodes.b.service.disconnect(ConnId(2), Departure::Asked);
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert!(nodes.a.told(1, "user-offline").is_empty(), "nobody was told");
    nodes.b.way(Way::Open);
    nodes.b.put_forward(4_000);
    until("bob is gone", || nodes.a.told(1, "user-offline").len() == 1).await;
}

#[tokio::test]
async fn g14_typing_is_seen_on_the_other_node_and_ends_there_by_itself() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    drop(nodes.a.service.typing(&alice, room("r"), true));
    until("bob sees it", || nodes.b.told(2, "user-typing").iter().any(|json| json["username"] == "ALICE")).await;
    nodes.a.stop.cancel();
    nodes.b.put_forward(3_000);
    until("it is over", || nodes.b.told(2, "user-stopped-typing").len() == 1).await;
}

#[tokio::test]
async fn g12_a_cursor_reaches_the_other_node_even_where_its_frame_is_lost_or_the_bus_away() {
    let nodes = Nodes::new().await;
    let (alice, bob) = nodes.alice_and_bob().await;
    for text in ["one", "two", "three", "four"] {
        nodes.a.say(&alice, "r", text).await;
    }
    until("bob has all", || nodes.b.texts(2).len() == 4).await;
    let read = |seq: u64| Act::Read(MarkRead::UpTo(ReadUpTo { room_id: room("r"), up_to_seq: Seq::new(seq) }));
    let at = |seq: u64| {
        nodes.a.told(1, "messages-read").iter().any(|json| json["readSeq"] == seq && json["userId"] == "bob")
    };
    nodes.b.act(&bob, read(1)).await;
    until("alice sees it", || at(1)).await;
    nodes.b.way(Way::Loses);
    nodes.b.act(&bob, read(2)).await;
    until("it is told", || {
        nodes.b.service.inner.watch().recent.again(0).0.iter().any(|(_, spoken)| spoken.cursor == Some(2))
    })
    .await;
    nodes.b.way(Way::Open);
    nodes.b.put_forward(1_000);
    until("alice sees the lost one", || at(2)).await;
    nodes.exchange.take_down();
    nodes.b.act(&bob, read(3)).await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert!(!at(3));
    nodes.exchange.bring_up();
    until("alice sees what was kept", || at(3)).await;
}

#[tokio::test]
async fn g12_a_resume_tells_cursors_that_moved_before_the_room_began_here() {
    let nodes = Nodes::new().await;
    for text in ["one", "two"] {
        nodes.commit("alice", said("r", text)).await;
    }
    let read = ReadUpTo { room_id: room("r"), up_to_seq: Seq::new(2) };
    nodes.commit("bob", Act::Read(MarkRead::UpTo(read))).await;
    let alice = nodes.a.connect(1, "alice").await;
    until("the room is heard", || nodes.a.service.inner.roster().rooms[&room("r")].is_heard()).await;
    nodes.a.say(&alice, "r", "three").await;
    until("it is told", || nodes.a.head("r") == 5).await;

    let resume =
        Resume { epoch: nodes.a.service.inner.epoch.clone(), rooms: BTreeMap::from([(room("r"), Rev::new(5))]) };
    for conn in [3, 4] {
        let again = nodes.a.arrive(conn, "alice").await;
        nodes.a.service.begin_session(&again, Some(&resume)).await.expect("begun");
        let told = nodes.a.told(conn, "initial-state");
        let receipts = serde_json::json!([{ "userId": "bob", "readSeq": 2 }]);
        assert_eq!(told[0]["deltas"][0]["receipts"], receipts, "{told:?}");
    }
    let roster = nodes.a.service.inner.roster();
    assert!(roster.rooms[&room("r")].tail.cursors().is_ok(), "they are read once");
}

#[tokio::test]
async fn g10_who_is_put_out_while_a_resume_is_read_is_told_nothing_that_came_after() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    nodes.commit("alice", said("r", "for all")).await;
    let (inner, bob) = (&nodes.b.service.inner, user("bob").id);
    let heads = nodes.store.memberships(&bob).await.expect("read");
    let remove = RemoveMember { room_id: room("r"), user_id: bob.clone() };
    nodes.commit("alice", Act::RemoveMember(remove)).await;
    nodes.commit("alice", said("r", "about him")).await;
    let has = BTreeMap::from([(room("r"), Rev::new(2))]);
    let deltas = inner.deltas(&bob, &inner.epoch, &has, &heads).await.expect("read");
    let deltas = inner.told_deltas(&bob, deltas);
    assert_eq!((deltas[0].kind, deltas[0].messages.len()), (DeltaKind::Gone, 0));
    until("this node knows", || !nodes.b.told(2, "removed-from-room").is_empty()).await;
}

#[tokio::test]
async fn g8_what_a_node_did_last_before_it_died_is_found_when_its_lease_is_over() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    nodes.a.connect(3, "carol").await;
    let add = AddMembers { room_id: room("r"), user_ids: vec![user("carol").id] };
    nodes.commit("alice", Act::AddMembers(add)).await;
    nodes.b.stop.cancel();
    for _ in 0..12 {
        nodes.a.put_forward(1_400);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    until("carol is welcomed", || nodes.a.told(3, "added-to-room").len() == 1).await;
}

#[tokio::test]
async fn a_frame_of_another_version_is_counted_and_dropped() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    let frame = Frame::Typing { user: user("alice").id, name: Some("ALICE".to_owned()) };
    let mut payload = frame.encode(&nodes.a.service.inner.epoch).to_vec();
    payload[0] += 1;
    nodes.a.wire.publish(&Topic::Room(room("r")), payload.into());
    let heard = &nodes.b.service.metrics().nodes.heard;
    let label = crate::metrics::KindLabel { kind: "(another version)" };
    until("it is counted", || heard.get_or_create(&label).get() == 1).await;
    assert!(nodes.b.told(2, "user-typing").is_empty());
}
