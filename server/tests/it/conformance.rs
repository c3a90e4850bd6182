//! What every store keeps, whichever database is beneath. A store's own test module calls [`suite!`].

use std::sync::Arc;

use roomcast_protocol::{
    Epoch, ErrorCode, Limits, Rev, RoomId, Seq, Timestamp, UserId,
    command::{CreateRoom, DeleteMessage, MarkRead, ReadUpTo, SendMessage},
    model::{Message, MessageType, User, Visibility},
};
use roomcast_server::{
    domain::{Act, Author, Change, Done},
    store::{Range, RoomQuery, Store},
};

pub(crate) type Subject = Arc<dyn Store>;

macro_rules! suite {
    ($open:path: $($name:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $name() {
            let (store, _guard) = $open().await;
            crate::conformance::$name(store).await;
        }
    )*};
}
pub(crate) use suite;

pub(crate) fn epoch(name: &str) -> Epoch {
    Epoch::parse(name).expect("a good id")
}

pub(crate) fn user(name: &str) -> User {
    User { id: UserId::parse(name).expect("a good id"), name: name.to_uppercase(), avatar_url: None }
}

pub(crate) fn room(id: &str) -> RoomId {
    RoomId::parse(id).expect("a good id")
}

pub(crate) fn change(name: &str, act: Act) -> Change {
    let fresh_id = uuid::Uuid::now_v7().to_string();
    Change { author: Author { user: user(name), admin: false, conn: None }, act, fresh_id }
}

pub(crate) fn create(id: &str, visibility: Visibility) -> Act {
    Act::CreateRoom(CreateRoom {
        room_id: Some(room(id)),
        name: format!("Room {id}"),
        visibility,
        members: Vec::new(),
        topic: None,
        policy: None,
    })
}

pub(crate) fn text(id: &str, content: &str, client_id: Option<&str>) -> Act {
    Act::Send(SendMessage {
        room_id: room(id),
        content: content.to_owned(),
        kind: MessageType::Text,
        client_id: client_id.map(|id| id.parse().expect("a good id")),
        after: None,
        reply_to: None,
        thread_id: None,
        mentions: vec![user("bob").id],
        attachments: Vec::new(),
        metadata: None,
    })
}

async fn commit(store: &Subject, changes: Vec<Change>) -> Vec<Result<Done, ErrorCode>> {
    let changes: Vec<&Change> = changes.iter().collect();
    let outcomes = store.commit(&changes, Timestamp::new(1_000), &Limits::default()).await.expect("committed");
    outcomes.into_iter().map(|outcome| outcome.map(|decision| decision.done).map_err(|error| error.code)).collect()
}

pub(crate) async fn one(store: &Subject, name: &str, act: Act) -> Result<Done, ErrorCode> {
    commit(store, vec![change(name, act)]).await.pop().expect("one outcome")
}

async fn send(store: &Subject, name: &str, id: &str, content: &str) -> Message {
    match one(store, name, text(id, content, None)).await.expect("sent") {
        Done::Message(message, _) => *message,
        other => panic!("not a message: {other:?}"),
    }
}

/// A public room `r` of alice's, with bob in it.
pub(crate) async fn begin(store: &Subject) {
    for name in ["alice", "bob"] {
        one(store, name, Act::SeeUser).await.expect("seen");
    }
    one(store, "alice", create("r", Visibility::Public)).await.expect("created");
    one(store, "bob", Act::Join(room("r"))).await.expect("joined");
}

pub(crate) async fn what_was_committed_is_read_back(store: Subject) {
    begin(&store).await;
    let sent = send(&store, "alice", "r", "hi").await;
    assert_eq!((sent.seq, sent.rev), (Seq::new(1), Rev::new(3)));
    let page = store.messages(&room("r"), Range::Newest, None, 10).await.expect("read");
    assert_eq!(page.messages, [sent]);
    let read = store.room(&room("r")).await.expect("read").expect("there");
    assert_eq!((read.rev, read.seq, read.member_count), (Rev::new(3), Seq::new(1), 2));
    assert!(store.room(&room("other")).await.expect("read").is_none());
}

pub(crate) async fn a_batch_is_decided_in_its_order(store: Subject) {
    begin(&store).await;
    let changes = (0..50).map(|n| change("alice", text("r", &n.to_string(), None))).collect();
    for (n, outcome) in commit(&store, changes).await.into_iter().enumerate() {
        let Ok(Done::Message(message, rev)) = outcome else { panic!("refused") };
        assert_eq!((message.seq.value(), rev.value()), (n as u64 + 1, n as u64 + 3));
    }
}

pub(crate) async fn a_refusal_in_a_batch_leaves_the_others(store: Subject) {
    begin(&store).await;
    let changes = vec![
        change("alice", text("r", "one", None)),
        change("eve", text("r", "two", None)),
        change("alice", text("nowhere", "three", None)),
        change("alice", text("r", "four", None)),
    ];
    let codes: Vec<_> = commit(&store, changes).await.into_iter().map(Result::err).collect();
    assert_eq!(codes, [None, Some(ErrorCode::NotMember), Some(ErrorCode::NotFound), None]);
    let page = store.messages(&room("r"), Range::Newest, None, 10).await.expect("read");
    assert_eq!(page.messages.iter().map(|message| message.seq.value()).collect::<Vec<_>>(), [1, 2]);
}

pub(crate) async fn g4_a_repeated_send_is_one_message(store: Subject) {
    begin(&store).await;
    let again = || change("alice", text("r", "hi", Some("c1")));
    let mut ids = Vec::new();
    for batch in [vec![again(), again()], vec![again()]] {
        for outcome in commit(&store, batch).await {
            let Ok(Done::Message(message, _)) = outcome else { panic!("refused") };
            ids.push(message.id);
        }
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    let other = one(&store, "alice", text("r", "ho", Some("c1"))).await;
    assert_eq!(other.expect_err("other words"), ErrorCode::Conflict);
    one(&store, "alice", Act::Delete(DeleteMessage { message_id: ids[0].clone() })).await.expect("deleted");
    let Ok(Done::Message(tombstone, _)) = one(&store, "alice", text("r", "hi", Some("c1"))).await else {
        panic!("refused")
    };
    assert!(tombstone.id == ids[0] && tombstone.deleted_at.is_some());
}

pub(crate) async fn g1_what_changed_since_is_found_whatever_it_was(store: Subject) {
    begin(&store).await;
    let (first, second) = (send(&store, "alice", "r", "one").await, send(&store, "alice", "r", "two").await);
    let since = second.rev;
    one(&store, "alice", Act::Delete(DeleteMessage { message_id: first.id.clone() })).await.expect("deleted");
    one(&store, "bob", Act::Leave(room("r"))).await.expect("left");
    let delta = store.delta(&room("r"), since, 100).await.expect("read");
    assert_eq!(delta.messages.iter().map(|message| &message.id).collect::<Vec<_>>(), [&first.id]);
    assert!(delta.messages[0].deleted_at.is_some() && delta.messages[0].content.is_empty());
    assert!(delta.members.len() == 1 && delta.members[0].left_at.is_some());
    assert_eq!((delta.member_count, delta.rev), (1, delta.members[0].rev));
    assert!(!delta.settings && !delta.overflow);
    let everything = store.delta(&room("r"), Rev::new(0), 100).await.expect("read");
    assert!(everything.settings && everything.messages.len() == 2 && everything.members.len() == 2);
    assert!(store.delta(&room("r"), Rev::new(0), 1).await.expect("read").overflow);
}

pub(crate) async fn g12_unread_is_the_published_formula(store: Subject) {
    begin(&store).await;
    let mut sent = Vec::new();
    for n in 0..5 {
        sent.push(send(&store, "alice", "r", &n.to_string()).await);
    }
    send(&store, "bob", "r", "mine").await;
    let read = Act::Read(MarkRead::UpTo(ReadUpTo { room_id: room("r"), up_to_seq: Seq::new(2) }));
    one(&store, "bob", read).await.expect("read");
    one(&store, "alice", Act::Delete(DeleteMessage { message_id: sent[4].id.clone() })).await.expect("deleted");
    let views = store.room_views(&user("bob").id, &[room("r")]).await.expect("read");
    let view = &views[0];
    assert_eq!((view.read_seq, view.unread, view.mentions), (Seq::new(2), 2, 2));
    assert_eq!(view.last_message.as_ref().map(|message| message.seq), Some(Seq::new(6)));
    let receipts = store.receipts(&[room("r")]).await.expect("read");
    let bob = receipts.iter().find(|(_, receipt)| receipt.user_id == user("bob").id).expect("bob's");
    assert_eq!(bob.1.read_seq, Seq::new(2));
    assert!(store.room_views(&user("eve").id, &[room("r")]).await.expect("read").is_empty());
}

pub(crate) async fn users_are_found_all_at_once(store: Subject) {
    begin(&store).await;
    let ids: Vec<UserId> = ["bob", "nobody", "alice", "bob"].iter().map(|name| user(name).id).collect();
    let mut found = store.users(&ids).await.expect("read");
    found.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(found, [user("alice"), user("bob")]);
    assert!(store.users(&[]).await.expect("read").is_empty());
}

pub(crate) async fn history_is_read_from_any_place(store: Subject) {
    begin(&store).await;
    let changes = (0..20).map(|n| change("alice", text("r", &n.to_string(), None))).collect();
    commit(&store, changes).await;
    let cases = [
        (Range::Newest, vec![16, 17, 18, 19, 20], true),
        (Range::Before(Seq::new(4)), vec![1, 2, 3], false),
        (Range::Before(Seq::new(10)), vec![5, 6, 7, 8, 9], true),
        (Range::After(Seq::new(17)), vec![18, 19, 20], false),
        (Range::After(Seq::new(3)), vec![4, 5, 6, 7, 8], true),
        (Range::Around(Seq::new(10)), vec![8, 9, 10, 11, 12], true),
    ];
    for (range, seqs, has_more) in cases {
        let page = store.messages(&room("r"), range, None, 5).await.expect("read");
        let got: Vec<u64> = page.messages.iter().map(|message| message.seq.value()).collect();
        assert_eq!((got, page.has_more), (seqs, has_more), "{range:?}");
    }
}

pub(crate) async fn rooms_are_listed_in_pages_to_those_who_may_see_them(store: Subject) {
    begin(&store).await;
    for (id, visibility) in [("a", Visibility::Public), ("b", Visibility::Private), ("c", Visibility::Public)] {
        one(&store, "alice", create(id, visibility)).await.expect("created");
    }
    let mut seen = Vec::new();
    let mut query = RoomQuery { of: None, name: Some("room".to_owned()), after: None, limit: 2 };
    loop {
        let page = store.rooms(&query).await.expect("read");
        let last = page.rooms.last().map(|room| (room.name.clone(), room.id.as_str().to_owned()));
        seen.extend(page.rooms.into_iter().map(|room| room.id.as_str().to_owned()));
        if !page.has_more {
            break;
        }
        query.after = last;
    }
    assert_eq!(seen, ["a", "c", "r"]);
    let mine = RoomQuery { of: Some(user("alice").id), name: None, after: None, limit: 10 };
    assert_eq!(store.rooms(&mine).await.expect("read").rooms.len(), 4);
}
