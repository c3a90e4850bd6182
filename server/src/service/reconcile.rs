//! After a transaction whose outcome nobody knows (G-4): what it may have done is read back, and told as what it did
//! to rooms and memberships. Changes themselves are not told again; whoever lacks one asks for it (G-8).

use std::collections::BTreeMap;

use roomcast_protocol::{
    Event, RoomId, UserId,
    event::{Heads, MessagesRead, RemovalReason},
};

use super::Inner;
use crate::{
    domain::{Audience, News},
    hub::{Membership, Packet, Tail},
    store::{RoomHead, StoreError},
};

/// How long to wait for the database to answer again.
const RETRY_MS: u64 = 500;

impl Inner {
    /// Runs where news is told, so that what was committed later is told later. Ends when the database has answered.
    pub(super) async fn reconcile(&self) {
        let users: Vec<UserId> = self.roster().users.keys().cloned().collect();
        for user in users {
            while let Err(error) = self.reconcile_user(&user).await {
                tracing::warn!(%error, "unable to read back what an unknown transaction did; trying again");
                self.env.sleep_ms(RETRY_MS).await;
            }
        }
    }

    async fn reconcile_user(&self, user: &UserId) -> Result<(), StoreError> {
        let known: Vec<(RoomId, Membership)> = {
            let roster = self.roster();
            let Some(local) = roster.users.get(user) else { return Ok(()) };
            local.rooms.iter().map(|(room, membership)| (room.clone(), *membership)).collect()
        };
        let heads = self.store.memberships(user).await?;
        self.retell_memberships(user, &known, &heads);
        self.retell_cursors(user, &heads).await
    }

    fn retell_memberships(&self, user: &UserId, known: &[(RoomId, Membership)], heads: &[RoomHead]) {
        let mut arriving = self.arriving();
        let stored: BTreeMap<&RoomId, &RoomHead> = heads.iter().map(|head| (&head.room, head)).collect();
        for (room, membership) in known.iter().filter(|(_, membership)| membership.active) {
            if !stored.contains_key(room) {
                // Its end has a place of its own, after the last that is known and before any that is to come.
                self.part(&mut arriving, room, user, RemovalReason::Removed, membership.rev.next(), None);
            }
        }
        for head in heads {
            let now = Membership { rev: head.member_rev, role: head.role, active: true };
            if known.iter().any(|(room, before)| *room == head.room && *before == now) {
                self.overtake(head);
            } else {
                let conns = self.admit(&arriving, user, &head.room, now, head.member_count);
                self.introduce(user, &head.room, None);
                self.welcome(user.clone(), head.room.clone(), conns.into_iter().collect());
            }
        }
    }

    /// A cursor stands beside the log, so nobody notices that they lack it.
    async fn retell_cursors(&self, user: &UserId, heads: &[RoomHead]) -> Result<(), StoreError> {
        let rooms: Vec<RoomId> = heads.iter().map(|head| head.room.clone()).collect();
        for (room, receipt) in self.store.receipts(&rooms).await? {
            if receipt.user_id != *user {
                continue;
            }
            let large =
                heads.iter().any(|head| head.room == room && head.member_count > self.settings.limits.receipts_members);
            let told = MessagesRead {
                user_id: user.clone(),
                message_ids: Vec::new(),
                room_id: room.clone(),
                read_seq: receipt.read_seq,
            };
            let audience = if large { Audience::User(user.clone()) } else { Audience::Room };
            let event = Event::MessagesRead(Box::new(told));
            let news = News::Room { room, audience, rev: None, event, skip_author: false };
            self.publish(&mut self.arriving(), None, news);
        }
        Ok(())
    }

    /// Moves a room's tail to where the database is, and says so to those who are there.
    fn overtake(&self, head: &RoomHead) {
        {
            let mut roster = self.roster();
            roster.changes += 1;
            let changes = roster.changes;
            let Some(local) = roster.rooms.get_mut(&head.room) else { return };
            local.member_count = head.member_count;
            if local.tail.head() >= head.rev {
                return;
            }
            local.tail = Tail::after(head.rev);
            local.changed = changes;
        }
        let heads = Heads { rooms: BTreeMap::from([(head.room.clone(), head.rev)]) };
        self.transport.broadcast(std::slice::from_ref(&head.room), None, &Packet::from(&Event::Heads(Box::new(heads))));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use roomcast_protocol::{
        Epoch, Limits, Timestamp,
        command::{AddMembers, CreateRoom},
        model::{User, Visibility},
    };
    use serde_json::Value;

    use super::*;
    use crate::{
        auth::{Authenticator, Identity, TokenError},
        domain::{Act, Author, Change, ConnId},
        env::RealEnv,
        hub::{CloseReason, Transport},
        limits::Quotas,
        service::{Parts, Service, ServiceSettings},
        store::{WriteStore as _, sqlite::SqliteStore},
    };

    /// Remembers what was told to rooms.
    #[derive(Default)]
    struct Heard(Mutex<Vec<(RoomId, &'static str, Value)>>);

    impl Transport for Heard {
        fn subscribe(&self, _: ConnId, _: &RoomId) {}
        fn unsubscribe(&self, _: ConnId, _: &RoomId) {}
        fn emit(&self, _: ConnId, _: &Packet) {}
        fn close(&self, _: ConnId, _: CloseReason) {}

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

    async fn connect(service: &Service, conn: u64, name: &str) {
        let identity = Identity { user: user(name), admin: false, expires_at: Timestamp::new(u64::MAX / 2) };
        let session = service.connect(ConnId(conn), identity).await.expect("connected");
        service.begin_session(&session, None).await.expect("begun");
    }

    #[tokio::test]
    async fn g13_a_member_by_an_unknown_transaction_is_introduced() {
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
        };
        let service = Service::start(parts, store.epoch().await.expect("read"));
        let room = RoomId::parse("r").expect("a good id");
        let commit = async |act: Act| {
            let author = Author { user: user("alice"), admin: false, conn: None };
            let change = Change { author, act, fresh_id: uuid::Uuid::now_v7().to_string() };
            let done = store.commit(&[&change], Timestamp::new(1), &Limits::default()).await.expect("committed");
            done.into_iter().for_each(|outcome| drop(outcome.expect("taken")));
        };
        let create = CreateRoom {
            room_id: Some(room.clone()),
            name: "R".to_owned(),
            visibility: Visibility::Private,
            members: Vec::new(),
            topic: None,
            policy: None,
        };
        commit(Act::CreateRoom(create)).await;
        connect(&service, 1, "alice").await;
        connect(&service, 2, "bob").await;
        let online = |name: &str| {
            let heard = heard.0.lock().expect("no panic");
            heard.iter().any(|(id, event, json)| *id == room && *event == "user-online" && json["userId"] == name)
        };
        assert!(!online("bob"), "nobody of the room knows him");

        // Committed, and the answer lost: nobody was told.
        commit(Act::AddMembers(AddMembers { room_id: room.clone(), user_ids: vec![user("bob").id] })).await;
        service.inner.reconcile().await;
        assert!(online("bob"), "he is a member now, and here");
    }
}
