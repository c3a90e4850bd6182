//! What every store keeps, whichever database is beneath. A store's own test module calls [`suite!`].

use std::sync::Arc;

use roomcast_protocol::{
    Epoch, ErrorCode, Limits, Rev, RoomId, Seq, Timestamp, UserId,
    command::{
        AddMembers, CreateRoom, DeleteMessage, EditMessage, MarkRead, Pin, PolicyPatch, React, ReadUpTo, Sanction,
        SendMessage, SetRole, UpdateRoom,
    },
    model::{Message, Role, User, Visibility},
};
use roomcast_server::{
    domain::{Act, Author, Change, Done},
    store::{Among, Range, RoomQuery, SearchIn, SearchQuery, Store},
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
        client_id: client_id.map(|id| id.parse().expect("a good id")),
        mentions: vec![user("bob").id],
        ..SendMessage::text(room(id), content)
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
    send_act(store, name, text(id, content, None)).await
}

async fn send_act(store: &Subject, name: &str, act: Act) -> Message {
    match one(store, name, act).await.expect("sent") {
        Done::Message(message, _) => *message,
        other => panic!("not a message: {other:?}"),
    }
}

fn as_send(act: Act) -> SendMessage {
    match act {
        Act::Send(send) => send,
        other => panic!("not a send: {other:?}"),
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
    let page = store.messages(&room("r"), Range::Newest, Among::All, 10).await.expect("read");
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
    let page = store.messages(&room("r"), Range::Newest, Among::All, 10).await.expect("read");
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

pub(crate) async fn a_thread_is_read_by_itself_and_counted_at_its_first_message(store: Subject) {
    begin(&store).await;
    let root = send(&store, "alice", "r", "root").await;
    let reply = |content: &str| {
        Act::Send(SendMessage { thread_id: Some(root.id.clone()), ..as_send(text("r", content, None)) })
    };
    send(&store, "alice", "r", "between").await;
    for n in 0..4 {
        one(&store, "bob", reply(&n.to_string())).await.expect("sent");
        send(&store, "alice", "r", "between").await;
    }
    let last = send_act(&store, "bob", reply("last")).await;
    let nested = SendMessage { thread_id: Some(last.id.clone()), ..as_send(reply("nested")) };
    assert_eq!(one(&store, "bob", Act::Send(nested)).await.expect_err("no thread in a thread"), ErrorCode::BadRequest);
    let here = room("r");
    let page = |range, limit| store.messages(&here, range, Among::Thread(&root.id), limit);
    let seqs = |messages: &[Message]| messages.iter().map(|message| message.seq.value()).collect::<Vec<_>>();
    let newest = page(Range::Newest, 3).await.expect("read");
    assert_eq!((seqs(&newest.messages), newest.has_more), (vec![7, 9, 11], true));
    let rest = page(Range::Before(Seq::new(7)), 3).await.expect("read");
    assert_eq!((seqs(&rest.messages), rest.has_more), (vec![1, 3, 5], false));
    let around = page(Range::Around(Seq::new(5)), 3).await.expect("read");
    assert_eq!(seqs(&around.messages), [3, 5, 7]);
    let first = &rest.messages[0];
    assert_eq!((first.rev, first.thread.as_ref().map(|thread| thread.count)), (last.rev, Some(5)));
    // The same change is found with both that it touched.
    let delta = store.delta(&room("r"), Rev::new(last.rev.value() - 1), 100).await.expect("read");
    assert_eq!(seqs(&delta.messages), [1, 11]);
    let elsewhere = store.messages(&room("other"), Range::Newest, Among::Thread(&root.id), 10).await.expect("read");
    assert!(elsewhere.messages.is_empty());
}

pub(crate) async fn pinned_messages_are_read_by_themselves(store: Subject) {
    begin(&store).await;
    let mut ids = Vec::new();
    for n in 0..6 {
        ids.push(send(&store, "alice", "r", &n.to_string()).await.id);
    }
    let pin = |n: usize| Pin { message_id: ids[n].clone() };
    let changes = [0, 2, 3, 5].map(|n| change("alice", Act::Pin(pin(n))));
    assert!(commit(&store, changes.into()).await.iter().all(Result::is_ok));
    assert_eq!(one(&store, "bob", Act::Unpin(pin(0))).await.expect_err("a member"), ErrorCode::Forbidden);
    one(&store, "alice", Act::Unpin(pin(2))).await.expect("unpinned");
    one(&store, "alice", Act::Delete(DeleteMessage { message_id: ids[5].clone() })).await.expect("deleted");
    let page = store.messages(&room("r"), Range::Newest, Among::Pinned, 10).await.expect("read");
    assert_eq!(page.messages.iter().map(|message| message.seq.value()).collect::<Vec<_>>(), [1, 4]);
    assert!(page.messages.iter().all(|message| message.pinned_at.is_some()));
    let older = store.messages(&room("r"), Range::Before(Seq::new(4)), Among::Pinned, 10).await.expect("read");
    assert_eq!(older.messages.len(), 1);
}

pub(crate) async fn a_deleted_room_is_nobodys_and_its_id_stays_taken(store: Subject) {
    begin(&store).await;
    one(&store, "alice", Act::SetRole(role("bob", Role::Moderator))).await.expect("set");
    let sent = send(&store, "alice", "r", "hi").await;
    assert_eq!(one(&store, "bob", Act::DeleteRoom(room("r"))).await.expect_err("no owner"), ErrorCode::Forbidden);
    let changes = vec![change("alice", Act::DeleteRoom(room("r"))), change("bob", text("r", "late", None))];
    let codes: Vec<_> = commit(&store, changes).await.into_iter().map(Result::err).collect();
    assert_eq!(codes, [None, Some(ErrorCode::NotFound)]);
    for name in ["alice", "bob"] {
        let id = user(name).id;
        assert!(store.memberships(&id).await.expect("read").is_empty());
        assert!(store.room_views(&id, &[room("r")]).await.expect("read").is_empty());
    }
    assert!(store.room(&room("r")).await.expect("read").is_none());
    let listed = RoomQuery { of: None, name: None, after: None, limit: 10 };
    assert!(store.rooms(&listed).await.expect("read").rooms.is_empty());
    for (act, code) in [
        (Act::Join(room("r")), ErrorCode::NotFound),
        (Act::DeleteRoom(room("r")), ErrorCode::NotFound),
        (Act::Delete(DeleteMessage { message_id: sent.id }), ErrorCode::NotFound),
        (create("r", Visibility::Public), ErrorCode::Conflict),
    ] {
        assert_eq!(one(&store, "alice", act).await.expect_err("it is gone"), code);
    }
}

pub(crate) async fn a_role_moves_the_memberships_rev_and_not_the_coming_in(store: Subject) {
    begin(&store).await;
    let before = store.memberships(&user("bob").id).await.expect("read").remove(0);
    assert_eq!(before.entered_rev, before.member_rev);
    one(&store, "alice", Act::SetRole(role("bob", Role::Moderator))).await.expect("set");
    assert_eq!(one(&store, "alice", Act::SetRole(role("bob", Role::Moderator))).await, Ok(Done::Changed(None)));
    let after = store.memberships(&user("bob").id).await.expect("read").remove(0);
    assert_eq!((after.role, after.member_rev), (Role::Moderator, before.rev.next()));
    assert_eq!(after.entered_rev, before.entered_rev);
    let delta = store.delta(&room("r"), before.rev, 10).await.expect("read");
    assert!(delta.members.len() == 1 && delta.members[0].role == Role::Moderator);
}

pub(crate) async fn heads_and_memberships_are_read_of_many_at_once(store: Subject) {
    begin(&store).await;
    one(&store, "alice", create("s", Visibility::Public)).await.expect("created");
    one(&store, "alice", create("gone", Visibility::Public)).await.expect("created");
    one(&store, "alice", Act::DeleteRoom(room("gone"))).await.expect("deleted");
    let of = [user("alice").id, user("bob").id, user("nobody").id];
    let mut rows = store.memberships_of(&of).await.expect("read");
    rows.sort_by(|(a, x), (b, y)| (a, &x.room).cmp(&(b, &y.room)));
    let whose: Vec<_> = rows.iter().map(|(user, head)| (user.as_str(), head.room.as_str())).collect();
    assert_eq!(whose, [("alice", "r"), ("alice", "s"), ("bob", "r")]);

    let asked = [room("r"), room("s"), room("gone"), room("never")];
    let mut heads = store.heads(&asked).await.expect("read");
    heads.sort_by(|a, b| a.room.cmp(&b.room));
    let there: Vec<_> = heads.iter().map(|head| (head.room.as_str(), head.member_count)).collect();
    assert_eq!(there, [("gone", 0), ("r", 2), ("s", 1)]);
    assert_eq!(heads[0].rev, Rev::new(2), "its end is its last change");
    assert_eq!(heads[1].rev, rows[0].1.rev);
}

pub(crate) async fn settings_are_a_change(store: Subject) {
    begin(&store).await;
    let since = store.room(&room("r")).await.expect("read").expect("there").rev;
    let policy = Some(PolicyPatch { slow_mode_ms: Some(5), ..PolicyPatch::default() });
    let topic = Some("all about it".to_owned());
    let update = UpdateRoom { room_id: room("r"), name: None, topic, policy };
    let Ok(Done::Room(told, rev)) = one(&store, "alice", Act::UpdateRoom(update.clone())).await else {
        panic!("not a room")
    };
    let stored = store.room(&room("r")).await.expect("read").expect("there");
    assert_eq!((&*told, rev), (&stored, Some(since.next())));
    assert_eq!((stored.topic.as_deref(), stored.policy.slow_mode_ms), (Some("all about it"), 5));
    assert!(store.delta(&room("r"), since, 10).await.expect("read").settings);
    let again = one(&store, "alice", Act::UpdateRoom(update)).await;
    assert!(matches!(again, Ok(Done::Room(_, None))), "{again:?}");
}

fn role(name: &str, role: Role) -> SetRole {
    SetRole { room_id: room("r"), user_id: user(name).id, role }
}

pub(crate) async fn bans_and_mutes_hold_until_their_end(store: Subject) {
    begin(&store).await;
    one(&store, "eve", Act::SeeUser).await.expect("seen");
    let sanction = |name: &str, until: Option<u64>| Sanction {
        room_id: room("r"),
        user_id: user(name).id,
        reason: None,
        until_ms: until.map(Timestamp::new),
    };
    let at = |now: u64, name: &'static str, act: Act| {
        let store = store.clone();
        async move {
            let change = change(name, act);
            let outcome = store.commit(&[&change], Timestamp::new(now), &Limits::default()).await.expect("committed");
            outcome.into_iter().next().expect("one").map(|decision| decision.done).map_err(|error| error.code)
        }
    };
    at(1_000, "alice", Act::Mute(sanction("bob", Some(2_000)))).await.expect("muted");
    assert_eq!(at(1_999, "bob", text("r", "hush", None)).await.expect_err("muted"), ErrorCode::Forbidden);
    at(2_000, "bob", text("r", "again", None)).await.expect("it is over");
    at(2_000, "alice", Act::Ban(sanction("bob", Some(3_000)))).await.expect("banned");
    at(2_000, "alice", Act::Ban(sanction("eve", None))).await.expect("banned before they came");
    assert!(store.memberships(&user("bob").id).await.expect("read").is_empty());
    for name in ["bob", "eve"] {
        assert_eq!(at(2_999, name, Act::Join(room("r"))).await.expect_err("banned"), ErrorCode::NotFound);
    }
    let add = AddMembers { room_id: room("r"), user_ids: vec![user("bob").id] };
    assert_eq!(at(2_999, "alice", Act::AddMembers(add)).await.expect_err("banned"), ErrorCode::Forbidden);
    at(3_000, "bob", Act::Join(room("r"))).await.expect("it is over");
    assert_eq!(at(9_000_000, "eve", Act::Join(room("r"))).await.expect_err("for ever"), ErrorCode::NotFound);
    at(9_000_000, "alice", Act::Unban(sanction("eve", None))).await.expect("lifted");
    at(9_000_001, "eve", Act::Join(room("r"))).await.expect("lifted");
}

pub(crate) async fn words_are_found_where_the_asker_is_and_follow_their_message(store: Subject) {
    begin(&store).await;
    one(&store, "alice", create("secret", Visibility::Private)).await.expect("created");
    let mut ids = Vec::new();
    for (id, content) in [
        ("r", "The quick brown fox"),
        ("r", "Grüße aus Köln, Fuchs"),
        ("secret", "the FOX is in the henhouse"),
        ("r", "漢字を書く"),
        ("r", "foxes, and no fox"),
    ] {
        ids.push(send(&store, "alice", id, content).await.id);
    }
    let find = |within: SearchIn, words: &str, before: Option<u64>, limit: u64| {
        let query = SearchQuery { within, words: words.to_owned(), before, limit };
        let (store, ids) = (store.clone(), ids.clone());
        async move {
            let page = store.search(&query).await.expect("searched");
            let place = |message: &Message| ids.iter().position(|id| *id == message.id).expect("one of these");
            (page.messages.iter().map(place).collect::<Vec<_>>(), page.next)
        }
    };
    let of = |name: &str| SearchIn::RoomsOf(user(name).id);
    let inside = |id: &str| SearchIn::Room(room(id));
    assert_eq!(find(of("alice"), "fox", None, 10).await, (vec![4, 2, 0], None));
    assert_eq!(find(of("bob"), "fox", None, 10).await, (vec![4, 0], None), "not a member of the other room");
    assert_eq!(find(of("eve"), "fox", None, 10).await.0, Vec::<usize>::new());
    assert_eq!(find(inside("secret"), "fox", None, 10).await.0, [2]);
    assert_eq!(find(inside("r"), "brown qui", None, 10).await.0, [0], "all words, the last as it begins");
    assert_eq!(find(inside("r"), "grusse koln", None, 10).await.0, Vec::<usize>::new(), "ß is no ss");
    assert_eq!(find(inside("r"), "gruße koln", None, 10).await.0, [1]);
    assert_eq!(find(inside("r"), "漢字", None, 10).await.0, [3]);
    assert_eq!(find(inside("r"), "字を", None, 10).await.0, [3]);
    assert_eq!(find(inside("r"), "字漢", None, 10).await.0, Vec::<usize>::new());
    for hostile in ["\"", "fox\" OR \"a", "NEAR(", "text:fox", "*", "^fox", "(", "room : fox"] {
        find(inside("r"), hostile, None, 10).await;
    }
    let (first, next) = find(of("alice"), "fox", None, 2).await;
    assert_eq!(first, [4, 2]);
    assert_eq!(find(of("alice"), "fox", next, 2).await, (vec![0], None));

    let edit = EditMessage { message_id: ids[0].clone(), content: "a dog".to_owned(), if_version: None };
    one(&store, "alice", Act::Edit(edit)).await.expect("edited");
    one(&store, "alice", Act::Delete(DeleteMessage { message_id: ids[4].clone() })).await.expect("deleted");
    assert_eq!(find(of("alice"), "fox", None, 10).await.0, [2]);
    assert_eq!(find(of("alice"), "dog", None, 10).await.0, [0]);
    one(&store, "alice", Act::DeleteRoom(room("secret"))).await.expect("deleted");
    assert_eq!(find(of("alice"), "fox", None, 10).await.0, Vec::<usize>::new());
}

pub(crate) async fn a_blocked_user_brings_nobody_in_who_blocked_them(store: Subject) {
    begin(&store).await;
    one(&store, "eve", Act::SeeUser).await.expect("seen");
    let bob = || vec![user("bob").id];
    let direct = |id: &str| {
        let Act::CreateRoom(create) = create(id, Visibility::Direct) else { unreachable!("it creates") };
        Act::CreateRoom(CreateRoom { members: bob(), ..create })
    };
    for _ in 0..2 {
        one(&store, "bob", Act::Block(user("eve").id)).await.expect("blocked");
    }
    assert_eq!(store.blocked(&user("bob").id).await.expect("read"), [user("eve").id]);
    assert!(store.blocked(&user("eve").id).await.expect("read").is_empty());
    assert_eq!(one(&store, "eve", direct("d1")).await.expect_err("blocked"), ErrorCode::Forbidden);
    one(&store, "eve", create("e", Visibility::Public)).await.expect("created");
    let add = || Act::AddMembers(AddMembers { room_id: room("e"), user_ids: bob() });
    assert_eq!(one(&store, "eve", add()).await.expect_err("blocked"), ErrorCode::Forbidden);
    one(&store, "alice", direct("d2")).await.expect("by somebody else");
    one(&store, "bob", Act::Join(room("e"))).await.expect("of one's own accord");
    one(&store, "bob", Act::Leave(room("e"))).await.expect("left");
    one(&store, "bob", Act::Unblock(user("eve").id)).await.expect("unblocked");
    one(&store, "eve", add()).await.expect("allowed again");
    assert!(store.blocked(&user("bob").id).await.expect("read").is_empty());
}

pub(crate) async fn reactions_are_counted_once_each_and_known_by_whose_they_are(store: Subject) {
    begin(&store).await;
    let (first, second) = (send(&store, "alice", "r", "one").await, send(&store, "alice", "r", "two").await);
    let react = |message: &Message, emoji: &str| React {
        message_id: message.id.clone(),
        emoji: emoji.to_owned(),
        if_rev: None,
    };
    let changes = vec![
        change("bob", Act::React(react(&first, "👍"))),
        change("alice", Act::React(react(&first, "👍"))),
        change("bob", Act::React(react(&first, "👍"))),
        change("bob", Act::React(react(&first, "🎉"))),
        change("bob", Act::React(react(&second, "👍"))),
        change("bob", Act::Unreact(react(&second, "👍"))),
    ];
    assert!(commit(&store, changes).await.iter().all(Result::is_ok));
    let done = one(&store, "bob", Act::React(react(&first, "🎉"))).await.expect("again");
    let Done::Message(now, rev) = done else { panic!("not a message") };
    let counted: Vec<_> = now.reactions.iter().map(|r| (r.emoji.as_str(), r.count, r.mine)).collect();
    assert_eq!(counted, [("👍", 2, true), ("🎉", 1, true)], "what was there before is known to be there");
    let page = store.messages(&room("r"), Range::Newest, Among::All, 10).await.expect("read");
    assert_eq!((page.messages[0].rev, page.messages[0].reactions.len()), (rev, 2));
    assert!(page.messages[0].reactions.iter().all(|reaction| !reaction.mine) && page.messages[1].reactions.is_empty());
    let ids = [first.id.clone(), second.id.clone()];
    let mut own = store.own_reactions(&user("bob").id, &ids).await.expect("read");
    own.sort();
    assert_eq!(own, [(first.id.clone(), "🎉".to_owned()), (first.id.clone(), "👍".to_owned())]);
    // One that was taken back is remembered, also where the message has no other.
    let late = React { if_rev: Some(second.rev), ..react(&second, "👍") };
    assert_eq!(one(&store, "bob", Act::React(late.clone())).await.expect_err("taken back since"), ErrorCode::Conflict);
    let told = React { if_rev: Some(page.messages[1].rev), ..late };
    one(&store, "bob", Act::React(told.clone())).await.expect("given again by one who knows");
    assert_eq!(store.own_reactions(&user("bob").id, &ids).await.expect("read").len(), 3);
    assert_eq!(one(&store, "bob", Act::Unreact(told)).await.expect_err("given since"), ErrorCode::Conflict);
    one(&store, "alice", Act::Delete(DeleteMessage { message_id: second.id })).await.expect("deleted");
    one(&store, "alice", Act::Delete(DeleteMessage { message_id: first.id })).await.expect("deleted");
    assert!(store.own_reactions(&user("bob").id, &ids).await.expect("read").is_empty());
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
        let page = store.messages(&room("r"), range, Among::All, 5).await.expect("read");
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

pub(crate) async fn g16_a_revocation_only_moves_forward_and_is_numbered_as_it_was_written(store: Subject) {
    begin(&store).await;
    let at = Timestamp::new;
    let revoked = async |name: &str, ms| {
        let revocation = store.revoke(&user(name).id, at(ms)).await.expect("revoked");
        (revocation.number, revocation.not_before)
    };
    assert_eq!(store.revoked_since(0, 10).await.expect("read"), []);
    assert_eq!(revoked("alice", 5_000).await, (1, at(5_000)));
    assert_eq!(revoked("bob", 7_000).await, (2, at(7_000)));
    assert_eq!(revoked("alice", 4_000).await, (1, at(5_000)), "it never goes back");
    assert_eq!(revoked("alice", 5_000).await, (1, at(5_000)), "the same again is no news");
    assert_eq!(revoked("alice", 6_000).await, (3, at(6_000)), "who has read up to 2 must see it");
    assert_eq!(revoked("nobody", 1_000).await, (4, at(1_000)), "somebody may be revoked before they ever come");
    let since = async |number, limit| {
        let rows = store.revoked_since(number, limit).await.expect("read");
        rows.into_iter().map(|row| (row.number, row.user.to_string())).collect::<Vec<_>>()
    };
    let row = |number, name: &str| (number, name.to_owned());
    assert_eq!(since(0, 10).await, [row(2, "bob"), row(3, "alice"), row(4, "nobody")]);
    assert_eq!(since(2, 1).await, [row(3, "alice")]);
    assert_eq!(since(4, 10).await, []);

    let visitor = async |name: &str| {
        let visitor = store.visitor(&user(name).id).await.expect("read");
        (visitor.user, visitor.not_before)
    };
    assert_eq!(visitor("alice").await, (Some(user("alice")), Some(at(6_000))));
    assert_eq!(visitor("nobody").await, (None, Some(at(1_000))));
    assert_eq!(visitor("stranger").await, (None, None));
    one(&store, "carol", Act::SeeUser).await.expect("seen");
    assert_eq!(visitor("carol").await, (Some(user("carol")), None));
}

pub(crate) async fn g16_revocations_at_once_have_each_their_number(store: Subject) {
    let users: Vec<UserId> = (0..20).map(|n| user(&format!("u{n}")).id).collect();
    let all = users.iter().map(|user| store.revoke(user, Timestamp::new(1)));
    for outcome in futures_util::future::join_all(all).await {
        outcome.expect("revoked");
    }
    let numbers: Vec<u64> = store.revoked_since(0, 100).await.expect("read").iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
}
