//! The checker finds what is planted.

use std::time::Instant;

use roomcast_protocol::{MessageId, Rev, Seq, Timestamp, model::MessageType};

use super::*;
use crate::{
    book::{Changes, Heard, Label, Send},
    rows::{Head, Turn},
};

fn room() -> RoomId {
    RoomId::parse("r").expect("a good id")
}

fn user() -> UserId {
    UserId::parse("u").expect("a good id")
}

fn id(order: u64) -> ClientId {
    ClientId::parse(&format!("d0-{order}")).expect("a good id")
}

fn stored(seq: u64, order: u64) -> Stored {
    let (seq, rev) = (Seq::new(seq), Rev::new(seq + 1));
    let body = Message {
        id: MessageId::parse(&format!("m{seq}")).expect("a good id"),
        room_id: room(),
        user_id: user(),
        client_id: Some(id(order)),
        kind: MessageType::Text,
        content: format!("{} words", id(order)),
        seq,
        rev,
        version: 1,
        created_at: Timestamp::new(1),
        edited_at: None,
        deleted_at: None,
        reply_to: None,
        thread_id: None,
        thread: None,
        mentions: Vec::new(),
        attachments: Vec::new(),
        reactions: Vec::new(),
        pinned_at: None,
        metadata: None,
    };
    Stored { seq, rev, client_id: body.client_id.clone(), body }
}

/// Three sends that went well, told to their author's other device, too.
fn well() -> (Book, Rows) {
    let book = Book::default();
    for order in 0..3 {
        let outcome = Outcome::Acked(Seq::new(order + 1));
        let (posted, label, from) = (Instant::now(), Label::Calm, None);
        book.open()
            .sends
            .insert(id(order), Send { device: 0, order, room: room(), outcome, posted, label, from, moved: false });
        book.open().heard.push(Heard { device: 0, room: room(), rev: Rev::new(order + 2), at_us: 100 });
    }
    let head = Head { id: room(), rev: Rev::new(4), seq: Seq::new(3), members_rev: Some(Rev::new(1)), member_count: 1 };
    let rows = Rows {
        messages: BTreeMap::from([(room(), (0..3).map(|n| stored(n + 1, n)).collect())]),
        heads: BTreeMap::from([(room(), head)]),
        stays: BTreeMap::from([((room(), user()), vec![Turn { rev: Rev::new(1), inside: true, at_us: 50 }])]),
        breaches: Vec::new(),
    };
    (book, rows)
}

/// The rules that are found broken once this is done.
fn broken(plant: impl FnOnce(&mut Pages, &mut Rows)) -> Vec<&'static str> {
    let (book, mut rows) = well();
    plant(&mut book.open(), &mut rows);
    check_history(&book, &rows, &[user()], &BTreeSet::from([id(2)]));
    book.open().violations.iter().map(|violation| violation.rule).collect()
}

fn messages(rows: &mut Rows) -> &mut Vec<Stored> {
    rows.messages.get_mut(&room()).expect("it is there")
}

fn outcome(pages: &mut Pages, order: u64) -> &mut Outcome {
    &mut pages.sends.get_mut(&id(order)).expect("it was sent").outcome
}

#[test]
fn nothing_is_found_where_all_is_well() {
    assert!(broken(|_, _| {}).is_empty());
}

#[test]
fn a_lost_message_is_found() {
    assert!(broken(|_, rows| drop(messages(rows).remove(1))).contains(&"exactly once"));
}

#[test]
fn a_doubled_message_is_found() {
    let double = |_: &mut Pages, rows: &mut Rows| {
        let mut again = stored(4, 1);
        again.rev = Rev::new(5);
        messages(rows).push(again);
    };
    assert!(broken(double).contains(&"exactly once"));
}

#[test]
fn a_refused_message_that_is_stored_is_found() {
    let refuse = |order: u64, moved: bool| {
        move |pages: &mut Pages, _: &mut Rows| {
            let mut error = ErrorBody::new(ErrorCode::NotMember, "unable to send; not a member");
            error.request_id = "of the server".to_owned();
            *outcome(pages, order) = Outcome::Refused(error);
            pages.sends.get_mut(&id(order)).expect("it was sent").moved = moved;
        }
    };
    assert_eq!(broken(refuse(1, false)), ["refused never"]);
    assert!(broken(refuse(1, true)).is_empty(), "an attempt before it was under way, and it is not shown as failed");
    assert_eq!(broken(refuse(2, true)), ["refused never"], "it is shown as failed");
}

#[test]
fn an_unknown_message_may_be_there_or_not() {
    assert!(broken(|pages, _| *outcome(pages, 1) = Outcome::Lost).is_empty());
    assert_eq!(broken(|pages, _| *outcome(pages, 1) = Outcome::Open), ["an answer"]);
}

#[test]
fn an_invented_message_is_found() {
    assert_eq!(broken(|pages, _| drop(pages.sends.remove(&id(2)))), ["nothing invented"]);
}

#[test]
fn swapped_messages_are_found() {
    let swap = |pages: &mut Pages, rows: &mut Rows| {
        let (one, other) = (stored(1, 1), stored(2, 0));
        messages(rows).splice(0..2, [one, other]);
        *outcome(pages, 0) = Outcome::Acked(Seq::new(2));
        *outcome(pages, 1) = Outcome::Acked(Seq::new(1));
    };
    assert_eq!(broken(swap), ["first in, first out"]);
}

#[test]
fn an_edit_that_went_missing_is_found() {
    let edit = |pages: &mut Pages, _: &mut Rows| {
        let text = format!("{} edited", id(0));
        let changes = Changes { edits: vec![(0, text.clone())], edited: BTreeSet::from([text]), ..Changes::default() };
        pages.changes.insert(id(0), changes);
    };
    assert_eq!(broken(edit), ["changes"]);
    let delete = |pages: &mut Pages, _: &mut Rows| {
        pages.changes.insert(id(0), Changes { deleted: true, to_be_deleted: true, ..Changes::default() });
    };
    assert_eq!(broken(delete), ["changes"]);
}

#[test]
fn what_is_told_to_an_outsider_is_found() {
    let out = |from: u64, until: u64| {
        move |_: &mut Pages, rows: &mut Rows| {
            let out = Turn { rev: Rev::new(from), inside: false, at_us: 60 };
            let back = Turn { rev: Rev::new(until), inside: true, at_us: 90 };
            rows.stays.get_mut(&(room(), user())).expect("they are there").extend([out, back]);
        }
    };
    // Back before it was told, they may have read it.
    assert!(broken(out(3, 4)).is_empty());
    let late = |pages: &mut Pages, rows: &mut Rows| {
        out(3, 4)(pages, rows);
        rows.stays.get_mut(&(room(), user())).expect("they are there")[2].at_us = 200;
    };
    assert_eq!(broken(late), ["nothing to outsiders", "nothing to outsiders"]);
}

#[test]
fn holes_in_places_and_changes_are_found() {
    let head = |rows: &mut Rows| rows.heads.remove(&room()).expect("it is there");
    let put = |rows: &mut Rows, head: Head| drop(rows.heads.insert(room(), head));
    let seq = |_: &mut Pages, rows: &mut Rows| {
        let head = Head { seq: Seq::new(4), ..head(rows) };
        put(rows, head);
    };
    assert_eq!(broken(seq), ["seq is dense"]);
    let rev = |_: &mut Pages, rows: &mut Rows| {
        let head = Head { rev: Rev::new(9), ..head(rows) };
        put(rows, head);
    };
    assert_eq!(broken(rev), ["rev is dense"]);
}
