//! Threads: a reply's change is one of the message that it hangs on, too.

use std::collections::BTreeMap;

use roomcast_protocol::{
    Rev, Timestamp,
    model::{DeltaKind, Message, RoomDelta, ThreadSummary},
};

use super::harness::*;
use crate::fixtures::message;

fn reply(seq: u64) -> Message {
    Message { thread_id: Some(message("r", "bob", 1).id), ..message("r", "bob", seq) }
}

fn summary(session: &mut Session) -> Option<(u64, Timestamp)> {
    let room = session.room();
    let root = room.timeline.first().expect("it is loaded");
    root.thread.as_ref().map(|thread| (thread.count, thread.last_at))
}

#[test]
fn g9_replies_are_counted_once_whatever_the_way_they_come() {
    let mut session = Session::live(1);
    session.event(posted(reply(2)));
    session.event(posted(reply(2)));
    assert_eq!(summary(&mut session), Some((1, reply(2).created_at)));
    // Out of order: counted in theirs.
    session.event(posted(reply(4)));
    session.event(posted(reply(3)));
    assert_eq!(summary(&mut session), Some((3, reply(4).created_at)));
    assert_eq!(session.room().timeline.first().unwrap().rev, Rev::new(4));

    session.reconnect();
    let mut delta = RoomDelta::bare(room_id("r"), DeltaKind::Delta, Rev::new(6));
    let thread = Some(ThreadSummary { count: 5, last_at: reply(6).created_at });
    let root = Message { thread, rev: Rev::new(6), ..message("r", "bob", 1) };
    delta.messages = vec![root, reply(5), reply(6)];
    session.enter_with(Vec::new(), vec![delta]);
    assert_eq!(summary(&mut session), Some((5, reply(6).created_at)));
    let seqs: BTreeMap<_, _> = session.room().timeline.iter().map(|m| (m.seq.value(), m.rev.value())).collect();
    assert_eq!(seqs.len(), 6);
}

#[test]
fn g9_a_reply_that_comes_changed_in_a_delta_is_not_counted_again() {
    let mut session = Session::live(1);
    session.reconnect();
    let mut delta = RoomDelta::bare(room_id("r"), DeltaKind::Delta, Rev::new(3));
    let thread = Some(ThreadSummary { count: 1, last_at: reply(2).created_at });
    let root = Message { thread, rev: Rev::new(2), ..message("r", "bob", 1) };
    let deleted = Message { rev: Rev::new(3), deleted_at: Some(Timestamp::new(9)), ..reply(2) };
    delta.messages = vec![root, deleted];
    session.enter_with(Vec::new(), vec![delta]);
    assert_eq!(summary(&mut session), Some((1, reply(2).created_at)));
    assert_eq!(session.room().timeline.first().unwrap().rev, Rev::new(2));
}
