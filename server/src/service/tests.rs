//! The services beside a real database and a transport that listens.

use std::sync::{Arc, Mutex};

use roomcast_protocol::{
    Epoch, Limits, RoomId, Timestamp, UserId,
    command::{AddMembers, CreateRoom, RemoveMember, SendMessage},
    model::{Role, User, Visibility},
};
use serde_json::Value;
use tempfile::TempDir;

mod arrivals;
mod conversation;
mod nodes;
mod shed;

use super::{Departure, Parts, Service, ServiceSettings, Session};
use crate::{
    auth::{Authenticator, Identity, TokenError},
    domain::{Act, Author, Change, ConnId, News},
    env::RealEnv,
    hub::{CloseReason, Packet, Transport, alone},
    limits::Quotas,
    store::{ReadStore as _, WriteStore as _, sqlite::SqliteStore},
};

/// Remembers what was told to rooms, why connections were closed, and what single ones were told.
#[derive(Default)]
struct Heard(Mutex<Vec<(RoomId, &'static str, Value)>>, Mutex<Vec<CloseReason>>, Mutex<Vec<(&'static str, Value)>>);

impl Transport for Heard {
    fn subscribe(&self, _: ConnId, _: &RoomId) {}
    fn unsubscribe(&self, _: ConnId, _: &RoomId) {}
    fn emit(&self, _: ConnId, packet: &Packet) {
        let json = serde_json::from_str(packet.json.get()).expect("a payload");
        self.2.lock().expect("no panic").push((packet.name, json));
    }

    fn close(&self, _: ConnId, reason: CloseReason) {
        self.1.lock().expect("no panic").push(reason);
    }

    fn broadcast(&self, rooms: &[RoomId], _: Option<ConnId>, packet: &Packet) {
        let json: Value = serde_json::from_str(packet.json.get()).expect("a payload");
        let told = rooms.iter().map(|room| (room.clone(), packet.name, json.clone()));
        self.0.lock().expect("no panic").extend(told);
    }
}

struct NoTokens;

impl Authenticator for NoTokens {
    fn verify(&self, _: &str) -> Result<Identity, TokenError> {
        Err(TokenError::Subject)
    }
}

fn user(name: &str) -> User {
    User { id: UserId::parse(name).expect("a good id"), name: name.to_uppercase(), avatar_url: None }
}

fn room(id: &str) -> RoomId {
    RoomId::parse(id).expect("a good id")
}

/// A private room of its maker and these.
fn new_room(id: &str, members: &[&str]) -> CreateRoom {
    CreateRoom {
        room_id: Some(room(id)),
        name: id.to_uppercase(),
        visibility: Visibility::Private,
        members: members.iter().map(|name| user(name).id).collect(),
        topic: None,
        policy: None,
    }
}

fn message(id: &str, text: &str) -> SendMessage {
    SendMessage::text(room(id), text)
}

struct World {
    service: Service,
    store: Arc<SqliteStore>,
    heard: Arc<Heard>,
    _folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("test.db").display());
        let store = Arc::new(SqliteStore::open(&url, &Epoch::parse("e").expect("a good id")).await.expect("opened"));
        let heard = Arc::new(Heard::default());
        let parts = Parts {
            env: RealEnv::shared(),
            store: store.clone(),
            transport: heard.clone(),
            tokens: Arc::new(NoTokens),
            quotas: Quotas::new(None),
            metrics: Arc::default(),
            settings: ServiceSettings::default(),
            link: alone(),
        };
        let service = Service::start(parts, store.epoch().await.expect("read"));
        Self { service, store, heard, _folder: folder }
    }

    /// Commits behind the writer's back: nobody is told.
    async fn commit(&self, act: Act) {
        let author = Author { user: user("alice"), admin: false, conn: None };
        let change = Change { author, act, fresh_id: uuid::Uuid::now_v7().to_string() };
        let done = self.store.commit(&[&change], Timestamp::new(1), &Limits::default()).await.expect("committed");
        done.into_iter().for_each(|outcome| drop(outcome.expect("taken")));
    }

    async fn create(&self, id: &str) {
        self.commit(Act::CreateRoom(new_room(id, &[]))).await;
    }

    async fn connect(&self, conn: u64, name: &str) -> Session {
        let identity = Identity {
            user: user(name),
            admin: false,
            expires_at: Timestamp::new(u64::MAX / 2),
            issued_at: Timestamp::new(1_000),
        };
        let session = self.service.connect(ConnId(conn), identity).await.expect("connected");
        self.service.begin_session(&session, None).await.expect("begun");
        session
    }

    /// Whether a room was told this of somebody.
    fn heard(&self, told: &str, name: &str, id: &str) -> bool {
        let heard = self.heard.0.lock().expect("no panic");
        heard.iter().any(|(place, event, json)| *place == room(id) && *event == told && json["userId"] == name)
    }
}

#[tokio::test]
async fn g13_a_member_by_an_unknown_transaction_is_introduced() {
    let world = World::new().await;
    world.create("r").await;
    world.connect(1, "alice").await;
    world.connect(2, "bob").await;
    assert!(!world.heard("user-online", "bob", "r"), "nobody of the room knows him");

    world.commit(Act::AddMembers(AddMembers { room_id: room("r"), user_ids: vec![user("bob").id] })).await;
    world.service.inner.sweep_all(true).await;
    assert!(world.heard("user-online", "bob", "r"), "he is a member now, and here");
}

#[tokio::test]
async fn g8_the_digest_names_a_room_that_its_new_member_was_not_told_of() {
    let world = World::new().await;
    let mut session = world.connect(1, "alice").await;
    assert!(world.service.heads(&mut session).is_none());
    world.create("r").await;
    let rev = roomcast_protocol::Rev::new(1);
    let entered = News::Entered { room: room("r"), user: user("alice").id, role: Role::Owner, rev, member_count: 1 };
    // Her own command: the answer tells it, unless reading the room for it fails.
    world.service.inner.publish(&mut world.service.inner.arriving(), Some(session.conn), entered);
    let heads = world.service.heads(&mut session).expect("the room is news");
    assert!(heads.json.get().contains("\"r\""), "{}", heads.json);
}

#[tokio::test]
async fn g13_a_new_member_who_is_not_here_is_said_to_be_away() {
    let world = World::new().await;
    world.create("r").await;
    let alice = world.connect(1, "alice").await;
    world.connect(2, "bob").await;
    world.service.disconnect(ConnId(2), Departure::Asked);
    let add = AddMembers { room_id: room("r"), user_ids: vec![user("bob").id] };
    world.service.write(alice.author(), Act::AddMembers(add)).await.expect("added");
    let told = async || {
        for _ in 0..500 {
            if world.heard("user-offline", "bob", "r") {
                return true;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        false
    };
    assert!(told().await, "who shared another room with him may think otherwise");
}

#[tokio::test]
async fn g10_a_reading_from_before_a_removal_lets_nobody_in_who_came_after_it() {
    let world = World::new().await;
    let bob = user("bob").id;
    world.create("r").await;
    let alice = world.connect(1, "alice").await;
    let author = Author { user: user("bob"), admin: false, conn: None };
    world.service.write(author, Act::SeeUser).await.expect("known");
    let add = AddMembers { room_id: room("r"), user_ids: vec![bob.clone()] };
    world.service.write(alice.author(), Act::AddMembers(add)).await.expect("added");
    let old = world.store.memberships(&bob).await.expect("read");
    assert_eq!(old.len(), 1);
    let remove = RemoveMember { room_id: room("r"), user_id: bob.clone() };
    world.service.write(alice.author(), Act::RemoveMember(remove)).await.expect("removed");
    let told = async || {
        while !world.heard("user-left", "bob", "r") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), told()).await.expect("alice is told");

    // He comes while somebody else's question about him is still under way.
    let known = world.service.inner.known(&bob);
    world.connect(2, "bob").await;
    world.service.inner.apply_memberships(&bob, &known, &old);
    assert!(!world.service.inner.roster().is_member(&bob, &room("r")));
}
