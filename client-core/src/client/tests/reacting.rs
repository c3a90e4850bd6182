//! Reactions: shown at once, coalesced, and the user's own told from others' (G-9, G-11).

use roomcast_protocol::{
    Command, CommandKind, ErrorCode, Event, Reply, Rev, Seq,
    event::{MessageUpdated, ReactionChange},
    model::{DeltaKind, Message, Reaction, RoomDelta, ThreadSummary},
    reply::MessageStored,
};

use super::harness::*;
use crate::{
    Answer, CommandId, Notice, Saved, SavedItem, StorageChange, Target, Task, UserCommand, fixtures::message,
    view::SendStatus,
};

const THUMB: &str = "👍";

fn react(session: &mut Session, target: Target) -> CommandId {
    session.command(UserCommand::React { room_id: room_id("r"), target, emoji: THUMB.to_owned() })
}

fn unreact(session: &mut Session, target: Target) -> CommandId {
    session.command(UserCommand::Unreact { room_id: room_id("r"), target, emoji: THUMB.to_owned() })
}

/// Bob's message, the first of the room.
fn bobs() -> Target {
    Target::Message(message("r", "bob", 1).id)
}

fn reacted(rev: u64, count: u64, mine: bool) -> Message {
    let reactions = match count {
        0 => Vec::new(),
        count => vec![Reaction { emoji: THUMB.to_owned(), count, mine }],
    };
    Message { rev: Rev::new(rev), reactions, ..message("r", "bob", 1) }
}

/// What everybody is told of a reaction.
fn told(user: &str, added: bool, rev: u64, count: u64) -> Event {
    let by = ReactionChange { user_id: user_id(user), emoji: THUMB.to_owned(), added };
    let message = reacted(rev, count, false);
    Event::MessageUpdated(Box::new(MessageUpdated { message, by: Some(by), rev: Rev::new(rev) }))
}

/// How often, and whether by the user, the sign stands under the first message.
fn shown(session: &mut Session) -> (u64, bool) {
    let room = session.room();
    let first = room.timeline.first().expect("it is loaded");
    first.reactions.first().map_or((0, false), |reaction| (reaction.count, reaction.mine))
}

fn take(session: &mut Session) -> Vec<(CommandKind, u64)> {
    let mut taken = Vec::new();
    for kind in [CommandKind::AddReaction, CommandKind::RemoveReaction] {
        taken.extend(session.take_sent(kind).into_iter().map(|(command, id)| (command.kind(), id.unwrap())));
    }
    taken
}

fn ack(session: &mut Session, id: u64, message: Message) {
    let rev = message.rev;
    session.answer(id, &Ok(Reply::AddReaction(MessageStored { message, rev })));
}

#[test]
fn g11_a_reaction_shows_at_once_and_stays_when_it_is_taken() {
    let mut session = Session::live(1);
    let id = react(&mut session, bobs());
    assert_eq!(shown(&mut session), (1, true));
    let sent = take(&mut session);
    assert_eq!(sent[0].0, CommandKind::AddReaction);
    ack(&mut session, sent[0].1, reacted(2, 1, true));
    assert!(session.resolved[&id].is_ok());
    assert_eq!(shown(&mut session), (1, true));
}

#[test]
fn g11_a_refused_reaction_is_taken_back_and_told() {
    let mut session = Session::live(1);
    let id = react(&mut session, bobs());
    let sent = take(&mut session);
    session.reject(sent[0].1, ErrorCode::Forbidden, None);
    assert_eq!((session.error(id), shown(&mut session)), (ErrorCode::Forbidden, (0, false)));
    let refused = |notice: &Notice| matches!(notice, Notice::ChangeRefused(_, target, _) if *target == bobs());
    assert!(session.notices.iter().any(refused));
}

/// What the reaction that is sent now says to know, and the number that it is answered by.
fn take_known(session: &mut Session) -> (Option<Rev>, u64) {
    let mut sent = session.take_sent(CommandKind::AddReaction);
    sent.extend(session.take_sent(CommandKind::RemoveReaction));
    match sent.as_slice() {
        [(Command::AddReaction(react) | Command::RemoveReaction(react), Some(id))] => (react.if_rev, *id),
        other => panic!("one reaction, not {other:?}"),
    }
}

#[test]
fn g4_a_reaction_names_what_is_known_and_follows_what_overtakes_it() {
    let mut session = Session::live(1);
    react(&mut session, bobs());
    let (first, id) = take_known(&mut session);
    assert_eq!(first, Some(Rev::new(1)));
    // Change 2 is missing still: what the answer told is known all the same.
    ack(&mut session, id, reacted(3, 1, true));
    let undo = unreact(&mut session, bobs());
    let (second, id) = take_known(&mut session);
    assert_eq!(second, Some(Rev::new(3)));
    // Another device of the user's was faster.
    session.reject(id, ErrorCode::Conflict, Some(100));
    session.event(new_message(2));
    session.event(told("alice", true, 4, 1));
    session.advance(200);
    let (third, id) = take_known(&mut session);
    assert_eq!(third, Some(Rev::new(4)));
    ack(&mut session, id, reacted(5, 0, false));
    assert!(session.resolved[&undo].is_ok());
    assert_eq!(shown(&mut session), (0, false));
}

#[test]
fn g11_what_is_undone_before_it_was_sent_is_not_sent() {
    let mut session = Session::live(1);
    session.lose();
    let ids = [react(&mut session, bobs()), react(&mut session, bobs()), unreact(&mut session, bobs())];
    assert!(ids.iter().all(|id| session.resolved[id] == Ok(Answer::Done)));
    let kept = react(&mut session, bobs());
    assert_eq!(shown(&mut session), (1, true));
    session.come_back();
    session.open();
    session.enter_with(Vec::new(), vec![super::connecting::up_to_date(1)]);
    let sent = take(&mut session);
    assert_eq!(sent.len(), 1, "what the user wants in the end, once: {sent:?}");
    ack(&mut session, sent[0].1, reacted(2, 1, true));
    assert!(session.resolved[&kept].is_ok());

    session.lose();
    unreact(&mut session, bobs());
    react(&mut session, bobs());
    session.come_back();
    session.open();
    session.enter_with(Vec::new(), vec![super::connecting::up_to_date(2)]);
    assert!(take(&mut session).is_empty());
    assert_eq!(shown(&mut session), (1, true));
}

#[test]
fn g11_what_took_the_place_of_something_sent_is_not_undone_by_forgetting() {
    let mut session = Session::live(1);
    react(&mut session, bobs());
    take(&mut session);
    session.lose();
    unreact(&mut session, bobs());
    react(&mut session, bobs());
    // Only the server knows whether the first one came through.
    let undo = unreact(&mut session, bobs());
    session.come_back();
    session.open();
    session.enter_with(Vec::new(), vec![super::connecting::up_to_date(1)]);
    let sent = take(&mut session);
    assert_eq!(sent.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [CommandKind::RemoveReaction]);
    ack(&mut session, sent[0].1, reacted(2, 0, false));
    assert!(session.resolved[&undo].is_ok());
}

#[test]
fn g11_what_is_on_its_way_is_not_undone_by_forgetting() {
    let mut session = Session::live(1);
    react(&mut session, bobs());
    let first = take(&mut session);
    let undo = unreact(&mut session, bobs());
    assert!(take(&mut session).is_empty(), "one change of a message at a time");
    assert_eq!(shown(&mut session), (0, false));
    ack(&mut session, first[0].1, reacted(2, 1, true));
    assert_eq!(shown(&mut session), (0, false));
    let second = take(&mut session);
    assert_eq!(second[0].0, CommandKind::RemoveReaction);
    let stored = MessageStored { message: reacted(3, 0, false), rev: Rev::new(3) };
    session.answer(second[0].1, &Ok(Reply::RemoveReaction(stored)));
    assert!(session.resolved[&undo].is_ok());
    assert_eq!(shown(&mut session), (0, false));
}

#[test]
fn g9_ones_own_reaction_outlives_what_others_are_told() {
    let mut session = Session::live(1);
    session.event(told(ME, true, 2, 1));
    assert_eq!(shown(&mut session), (1, true), "from another device");
    session.event(told("bob", true, 3, 2));
    assert_eq!(shown(&mut session), (2, true));
    session.event(Event::MessageEdited(Box::new(changed(reacted(4, 2, false)))));
    assert_eq!(shown(&mut session), (2, true));
    session.event(told(ME, false, 5, 1));
    assert_eq!(shown(&mut session), (1, false));
}

#[test]
fn g9_a_delta_says_whose_they_are() {
    let mut session = Session::live(1);
    session.reconnect();
    let mut delta = RoomDelta::bare(room_id("r"), DeltaKind::Delta, Rev::new(4));
    delta.messages = vec![reacted(4, 2, true)];
    session.enter_with(Vec::new(), vec![delta]);
    assert_eq!(shown(&mut session), (2, true));
}

#[test]
fn a_reaction_that_is_acknowledged_ahead_of_a_gap_stays_in_sight() {
    let mut session = Session::live(1);
    react(&mut session, bobs());
    let sent = take(&mut session);
    ack(&mut session, sent[0].1, reacted(9, 3, true));
    assert_eq!(shown(&mut session), (3, true));
    assert!(session.room().catching_up);
}

#[test]
fn g11_a_reaction_to_a_message_on_its_way_waits_for_it_and_survives_a_crash() {
    let mut before = Session::with_storage(Saved::default());
    let post = before.post("r", "mine");
    let target = Target::Pending(before.client.pending(&room_id("r"))[0].client_id.clone());
    react(&mut before, target);
    let put = |op: &crate::StorageOp| match &op.change {
        StorageChange::Put(item) => item.as_ref().clone(),
        StorageChange::Remove(_) => unreachable!(),
    };
    let outbox: Vec<SavedItem> = before.persists.iter().map(put).collect();
    assert!(matches!(&outbox[1].task, Task::React { emoji, adds: true, .. } if emoji == THUMB));
    assert!(!before.resolved.contains_key(&post));

    let saved = roomcast_protocol::json::small::from_str(&serde_json::to_string(&Saved { outbox }).unwrap()).unwrap();
    let mut after = Session::with_storage(saved);
    after.connect();
    after.enter_with(vec![room_state("r", 1)], Vec::new());
    assert!(take(&mut after).is_empty(), "the message first");
    let (send, id) = after.take_posts().remove(0);
    after.ack_post(&send, id, 2);
    let op = after.persists.iter().rev().find(|op| matches!(op.change, StorageChange::Put(_))).expect("aimed anew").id;
    after.input(crate::Input::Stored { op, result: Ok(()) });
    let sent = after.take_sent(CommandKind::AddReaction);
    assert!(matches!(&sent[0].0, Command::AddReaction(react) if react.message_id.as_str() == "r-2"));
    let last = after.room().timeline.last().unwrap().clone();
    assert!(last.reactions[0].mine && after.statuses() == Vec::<SendStatus>::new());
}

#[test]
fn what_is_no_emoji_is_told_at_once_and_not_sent() {
    let mut session = Session::live(1);
    let bad = UserCommand::React { room_id: room_id("r"), target: bobs(), emoji: "great".to_owned() };
    let id = session.command(bad);
    assert_eq!(session.error(id), ErrorCode::BadRequest);
    assert!(take(&mut session).is_empty());
}

/// A reply to the first message, which is the room's second change.
fn reply() -> Message {
    Message { thread_id: Some(message("r", "bob", 1).id), ..message("r", "bob", 2) }
}

/// The first message as that reply left it.
fn replied() -> Message {
    let thread = Some(ThreadSummary { count: 1, last_at: reply().created_at });
    Message { thread, ..reacted(2, 1, true) }
}

#[test]
fn g9_what_a_command_that_changes_nothing_is_answered_with_does_not_stand_for_a_reply() {
    for held in [false, true] {
        let mut session = Session::live(1);
        react(&mut session, bobs());
        let sent = take(&mut session);
        if held {
            session.event(posted(Message { rev: Rev::new(3), ..message("r", "bob", 3) }));
            session.event(posted(Message { rev: Rev::new(4), ..message("r", "bob", 4) }));
        }
        ack(&mut session, sent[0].1, replied());
        assert!(session.told().is_empty());
        session.event(posted(reply()));
        assert_eq!(session.told(), if held { vec![2, 3, 4] } else { vec![2] });
        assert_eq!(session.room().timeline.first().unwrap().thread, replied().thread);
    }
}

#[test]
fn g9_a_held_reply_is_not_displaced_by_what_a_command_is_answered_with() {
    let mut session = Session::live(1);
    react(&mut session, bobs());
    let sent = take(&mut session);
    let late = Message { rev: Rev::new(3), seq: Seq::new(3), ..reply() };
    session.event(posted(late));
    ack(&mut session, sent[0].1, Message { rev: Rev::new(3), ..replied() });
    session.event(new_message(2));
    assert_eq!(session.told(), [2, 3]);
}

#[test]
fn g8_a_reply_that_is_only_known_from_its_thread_is_asked_for() {
    let mut session = Session::live(1);
    react(&mut session, bobs());
    let sent = take(&mut session);
    ack(&mut session, sent[0].1, replied());
    session.advance(5_000);
    assert_eq!(session.take_sent(CommandKind::Sync).len(), 1);
}
