//! A workspace that is never written back is a whole database: the rules can be tried without one.

use proptest::prelude::*;
use roomcast_protocol::{
    ErrorCode, Limits, Rev, RoomId, Seq, Timestamp, UserId,
    command::{CreateRoom, DeleteMessage, EditMessage, MarkRead, React, ReadUpTo, RemoveMember, SendMessage},
    model::{Message, User, Visibility},
};

use super::{Act, Audience, Author, Change, Decision, Done, News, Workspace, decide};

struct House {
    workspace: Workspace,
    limits: Limits,
    now: u64,
    fresh: u64,
}

fn room() -> RoomId {
    RoomId::parse("r").expect("a good id")
}

fn user(name: &str) -> User {
    User { id: UserId::parse(name).expect("a good id"), name: name.to_owned(), avatar_url: None }
}

fn text(content: &str, client_id: Option<&str>) -> Act {
    Act::Send(SendMessage {
        client_id: client_id.map(|id| id.parse().expect("a good id")),
        ..SendMessage::text(room(), content)
    })
}

impl House {
    /// A house with one public room of alice's.
    fn new() -> Self {
        let mut house = Self { workspace: Workspace::default(), limits: Limits::default(), now: 1_000, fresh: 0 };
        house.ok("alice", create(Visibility::Public));
        house
    }

    fn run(&mut self, name: &str, act: Act) -> Result<Decision, ErrorCode> {
        self.now += 1;
        self.fresh += 1;
        let author = Author { user: user(name), admin: false, conn: None };
        let change = Change { author, act, fresh_id: format!("id-{}", self.fresh) };
        decide(&mut self.workspace, &change, Timestamp::new(self.now), &self.limits).map_err(|error| error.code)
    }

    fn ok(&mut self, name: &str, act: Act) -> Decision {
        self.run(name, act).expect("it is allowed")
    }

    fn send(&mut self, name: &str, content: &str, client_id: Option<&str>) -> Message {
        match self.ok(name, text(content, client_id)).done {
            Done::Message(message, _) => *message,
            other => panic!("not a message: {other:?}"),
        }
    }

    fn rev(&self) -> Rev {
        self.workspace.rooms[&room()].room.rev
    }
}

fn create(visibility: Visibility) -> Act {
    Act::CreateRoom(CreateRoom {
        room_id: Some(room()),
        name: "R".to_owned(),
        visibility,
        members: Vec::new(),
        topic: None,
        policy: None,
    })
}

fn revs(decision: &Decision) -> Vec<u64> {
    let rev = |news: &News| match news {
        News::Room { rev, .. } => rev.map(Rev::value),
        News::Deleted { rev, .. } => Some(rev.value()),
        News::Entered { .. } | News::Removed { .. } => None,
    };
    decision.news.iter().filter_map(rev).collect()
}

#[test]
fn g4_the_same_client_id_is_the_same_message_for_ever() {
    let mut house = House::new();
    let first = house.send("alice", "hi", Some("c1"));
    assert_eq!(house.send("alice", "hi", Some("c1")), first);
    assert_eq!(house.run("alice", text("ho", Some("c1"))).expect_err("other words"), ErrorCode::Conflict);
    // Tombstones included: the digest is of what was first sent.
    house.ok("alice", Act::Delete(DeleteMessage { message_id: first.id.clone() }));
    assert_eq!(house.send("alice", "hi", Some("c1")).id, first.id);
    assert_eq!(house.run("alice", text("", Some("c1"))).expect_err("other words"), ErrorCode::Conflict);
    // Another author's ids are their own.
    house.ok("bob", Act::Join(room()));
    assert_ne!(house.send("bob", "hi", Some("c1")).id, first.id);
}

#[test]
fn g4_one_who_was_put_out_still_learns_that_the_send_went_through() {
    let mut house = House::new();
    house.ok("bob", Act::Join(room()));
    let sent = house.send("bob", "hi", Some("c1"));
    house.ok("alice", Act::RemoveMember(RemoveMember { room_id: room(), user_id: user("bob").id }));
    assert_eq!(house.send("bob", "hi", Some("c1")), sent);
    assert_eq!(house.run("bob", text("more", None)).expect_err("no member"), ErrorCode::NotMember);
}

#[test]
fn g11_a_message_does_not_overtake_the_one_before_it() {
    let mut house = House::new();
    let behind = |content: &str, client_id: &str, before: &str| {
        let Act::Send(send) = text(content, Some(client_id)) else { unreachable!("a text is a send") };
        Act::Send(SendMessage { after: Some(before.parse().expect("a good id")), ..send })
    };
    let early = house.run("alice", behind("two", "c2", "c1")).expect_err("the first is not there");
    assert_eq!(early, ErrorCode::Unavailable);
    let first = house.send("alice", "one", Some("c1"));
    let Done::Message(second, _) = house.ok("alice", behind("two", "c2", "c1")).done else { panic!("not a message") };
    assert!(second.seq > first.seq);
    // The same again, without naming the first: what stands before a message is no part of it.
    assert_eq!(house.send("alice", "two", Some("c2")), *second);
}

#[test]
fn joining_and_leaving_twice_is_once() {
    let mut house = House::new();
    house.ok("bob", Act::Join(room()));
    let rev = house.rev();
    assert!(house.ok("bob", Act::Join(room())).news.is_empty());
    assert_eq!(house.rev(), rev);
    house.ok("bob", Act::Leave(room()));
    assert!(house.ok("bob", Act::Leave(room())).news.is_empty());
    assert_eq!(house.run("eve", Act::Leave(room())).expect_err("never was in it"), ErrorCode::NotFound);
}

#[test]
fn a_newcomer_has_nothing_unread() {
    let mut house = House::new();
    house.send("alice", "before", None);
    house.ok("bob", Act::Join(room()));
    assert_eq!(house.workspace.members[&(room(), user("bob").id)].read_seq, Seq::new(1));
}

#[test]
fn g12_a_cursor_neither_goes_back_nor_past_the_newest() {
    let mut house = House::new();
    house.ok("bob", Act::Join(room()));
    for _ in 0..3 {
        house.send("alice", "hi", None);
    }
    let read = |seq| Act::Read(MarkRead::UpTo(ReadUpTo { room_id: room(), up_to_seq: Seq::new(seq) }));
    let told = |decision: &Decision| decision.news.len();
    assert_eq!(told(&house.ok("bob", read(2))), 1);
    assert_eq!(told(&house.ok("bob", read(1))), 0);
    assert_eq!(told(&house.ok("bob", read(99))), 1);
    assert_eq!(house.workspace.members[&(room(), user("bob").id)].read_seq, Seq::new(3));
}

#[test]
fn g12_a_cursor_is_nobodys_business_in_a_large_room() {
    let mut house = House::new();
    house.limits.receipts_members = 1;
    house.ok("bob", Act::Join(room()));
    house.send("alice", "hi", None);
    let read = Act::Read(MarkRead::UpTo(ReadUpTo { room_id: room(), up_to_seq: Seq::new(1) }));
    let decision = house.ok("bob", read);
    assert!(matches!(&decision.news[0], News::Room { audience: Audience::User(id), .. } if *id == user("bob").id));
}

#[test]
fn an_edit_of_another_version_is_a_conflict() {
    let mut house = House::new();
    let id = house.send("alice", "one", None).id;
    let edit = |content: &str, if_version| {
        Act::Edit(EditMessage { message_id: id.clone(), content: content.to_owned(), if_version })
    };
    house.ok("alice", edit("two", Some(1)));
    assert_eq!(house.run("alice", edit("three", Some(1))).expect_err("moved on"), ErrorCode::Conflict);
    // The same edit again, its ack lost, is no conflict: the message says it already.
    assert!(house.ok("alice", edit("two", Some(1))).news.is_empty());
    assert_eq!(house.run("bob", edit("mine", None)).expect_err("not in the room"), ErrorCode::NotFound);
}

#[test]
fn g4_a_reaction_that_comes_late_does_not_undo_what_was_wanted_since() {
    let mut house = House::new();
    let message_id = house.send("alice", "one", None).id;
    let react = |if_rev| React { message_id: message_id.clone(), emoji: "👍".to_owned(), if_rev: Some(if_rev) };
    let count = |house: &House| house.workspace.messages[&message_id].message.reactions.first().map_or(0, |r| r.count);
    let begun = house.rev();
    let late = |house: &mut House, act| house.run("alice", act).expect_err("it comes late");

    // Taken back before it ever came: that is remembered, too.
    house.ok("alice", Act::Unreact(react(begun)));
    assert_eq!(late(&mut house, Act::React(react(begun))), ErrorCode::Conflict);
    let taken = house.rev();
    assert!(taken > begun);

    house.ok("alice", Act::React(react(taken)));
    let given = house.rev();
    assert_eq!(late(&mut house, Act::Unreact(react(taken))), ErrorCode::Conflict);
    assert!(house.ok("alice", Act::React(react(taken))).news.is_empty(), "the same again, its ack lost");
    assert_eq!((house.rev(), count(&house)), (given, 1));

    // Wanted anew by one who knows of it: whatever was under way before must find that.
    assert_eq!(house.ok("alice", Act::React(react(given))).news.len(), 1);
    assert_eq!(late(&mut house, Act::Unreact(react(given))), ErrorCode::Conflict);
    assert_eq!(count(&house), 1);

    let seen = house.rev();
    house.ok("alice", Act::Unreact(react(seen)));
    assert_eq!(late(&mut house, Act::React(react(given))), ErrorCode::Conflict);
    assert_eq!(count(&house), 0);
    // Who does not say what they know is taken at their word.
    house.ok("alice", Act::React(React { if_rev: None, ..react(given) }));
    assert_eq!(count(&house), 1);

    house.ok("alice", Act::Delete(DeleteMessage { message_id: message_id.clone() }));
    assert!(house.ok("alice", Act::Unreact(react(house.rev()))).news.is_empty());
}

/// What somebody tries, by number, so that failures shrink.
fn attempt(house: &mut House, who: u8, what: u8, which: u8) -> Result<Decision, ErrorCode> {
    let name = ["alice", "bob", "carol"][usize::from(who) % 3];
    let other = user(["alice", "bob", "carol"][usize::from(which) % 3]).id;
    let ids: Vec<_> = house.workspace.messages.keys().cloned().collect();
    let message_id = ids.get(usize::from(which) % ids.len().max(1)).cloned();
    let client_id = format!("c{}", which % 8);
    let rev = (what >= 128).then(|| Rev::new(house.rev().value().saturating_sub(u64::from(which % 4))));
    let react =
        |message_id| React { message_id, emoji: ["👍", "🎉"][usize::from(which) % 2].to_owned(), if_rev: rev };
    let act = match (what % 10, message_id) {
        (0, _) => Act::Join(room()),
        (1, _) => Act::Leave(room()),
        (2, _) => Act::RemoveMember(RemoveMember { room_id: room(), user_id: other }),
        (3, Some(message_id)) => Act::Edit(EditMessage { message_id, content: format!("e{which}"), if_version: None }),
        (4, Some(message_id)) => Act::Delete(DeleteMessage { message_id }),
        (5, _) => Act::Read(MarkRead::UpTo(ReadUpTo { room_id: room(), up_to_seq: Seq::new(which.into()) })),
        (7, Some(message_id)) => Act::React(react(message_id)),
        (8, Some(message_id)) => Act::Unreact(react(message_id)),
        (6, _) => text(&format!("s{}", which % 8), Some(&client_id)),
        _ => text("plain", None),
    };
    house.run(name, act)
}

proptest! {
    /// G-1, G-2: whatever is tried, the log of a room stays dense, and what was refused left no trace.
    #[test]
    fn g1_revs_and_seqs_stay_dense(attempts in prop::collection::vec(any::<(u8, u8, u8)>(), 1..120)) {
        let mut house = House::new();
        let mut told = house.rev().value();
        for (who, what, which) in attempts {
            let before = house.rev();
            match attempt(&mut house, who, what, which) {
                Ok(decision) => for rev in revs(&decision) {
                    prop_assert_eq!(rev, told + 1);
                    told = rev;
                },
                Err(_) => prop_assert_eq!(house.rev(), before),
            }
            prop_assert_eq!(house.rev().value(), told);
        }
        let mut seqs: Vec<u64> = house.workspace.messages.values().map(|row| row.message.seq.value()).collect();
        seqs.sort_unstable();
        prop_assert_eq!(seqs, (1..=house.workspace.messages.len() as u64).collect::<Vec<_>>());
        for row in house.workspace.messages.values() {
            for reaction in &row.message.reactions {
                let by = house.workspace.reactions.iter().filter(|((id, _), own)| {
                    *id == row.message.id && own.get(&reaction.emoji).is_some_and(|row| row.given)
                });
                prop_assert!(!reaction.mine && reaction.count > 0 && by.count() as u64 == reaction.count);
            }
        }
        let active = house.workspace.members.values().filter(|row| row.is_active()).count() as u64;
        prop_assert_eq!(house.workspace.rooms[&room()].room.member_count, active);
    }
}
