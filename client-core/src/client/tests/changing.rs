//! Changes through the outbox: shown at once, sent in their turn, taken back when they are refused (G-11).

use roomcast_protocol::{
    Command, CommandKind, ErrorCode, Event, MessageId, Reply, Rev, Timestamp,
    command::CreateRoom,
    event,
    model::{Message, Visibility},
    reply::{MessageStored, RoomEntered},
};

use super::harness::*;
use crate::{
    Answer, CommandId, Input, Notice, Saved, SavedItem, StorageChange, Target, Task, UserCommand, fixtures::message,
    view::SendStatus,
};

fn edit(session: &mut Session, target: Target, content: &str) -> CommandId {
    session.command(UserCommand::Edit { room_id: room_id("r"), target, content: content.to_owned() })
}

fn delete(session: &mut Session, target: Target) -> CommandId {
    session.command(UserCommand::Delete { room_id: room_id("r"), target })
}

fn create(session: &mut Session, id: &str) -> CommandId {
    let create = CreateRoom {
        room_id: Some(room_id(id)),
        name: id.to_owned(),
        visibility: Visibility::Public,
        members: Vec::new(),
        topic: None,
        policy: None,
    };
    session.command(UserCommand::CreateRoom(Box::new(create)))
}

fn sent(seq: u64) -> Target {
    Target::Message(message("r", ME, seq).id)
}

/// A client with a message of the user's own, the second of the room.
fn with_own() -> Session {
    let mut session = Session::live(1);
    session.event(posted(message("r", ME, 2)));
    session
}

fn shown(session: &mut Session) -> Vec<String> {
    session.room().timeline.iter().map(|message| message.content.clone()).collect()
}

fn pending(session: &mut Session) -> Vec<String> {
    session.room().pending.iter().map(|pending| pending.send.content.clone()).collect()
}

/// The kinds of the durable commands that went out since it was asked last, with their ack ids.
fn take_wire(session: &mut Session) -> Vec<(Command, u64)> {
    let mut taken = Vec::new();
    session.sent.retain(|one| match one {
        Sent::Command { command, id: Some(id) } => {
            taken.push((command.as_ref().clone(), *id));
            false
        }
        _ => true,
    });
    taken
}

fn edited(seq: u64, rev: u64, content: &str) -> Message {
    let edited_at = Some(Timestamp::new(9));
    Message { content: content.to_owned(), rev: Rev::new(rev), version: 2, edited_at, ..message("r", ME, seq) }
}

fn ack_edit(session: &mut Session, ack: u64, message: Message) {
    let rev = message.rev;
    session.answer(ack, &Ok(Reply::EditMessage(MessageStored { message, rev })));
}

fn refused(session: &Session) -> Vec<&Target> {
    let mut targets = Vec::new();
    for notice in &session.notices {
        if let Notice::ChangeRefused(_, target, _) = notice {
            targets.push(target);
        }
    }
    targets
}

/// What a crash at this moment would leave behind.
fn saved(session: &Session) -> Saved {
    let mut items: Vec<SavedItem> = Vec::new();
    for op in &session.persists {
        let id = match &op.change {
            StorageChange::Put(item) => item.client_id().unwrap().clone(),
            StorageChange::Remove(id) => id.clone(),
        };
        items.retain(|item| item.client_id() != Some(&id));
        if let StorageChange::Put(item) = &op.change {
            items.push(item.as_ref().clone());
        }
    }
    serde_json::from_str(&serde_json::to_string(&Saved { outbox: items }).unwrap()).unwrap()
}

fn store_all(session: &mut Session) {
    let mut done = 0;
    while done < session.persists.len() {
        let op = session.persists[done].id;
        session.input(Input::Stored { op, result: Ok(()) });
        done += 1;
    }
}

#[test]
fn g11_an_edit_shows_at_once_and_stays_when_it_is_taken() {
    let mut session = with_own();
    let id = edit(&mut session, sent(2), "better");
    assert_eq!(shown(&mut session), ["message 1", "better"]);
    let room = session.room();
    let change = room.changes.values().next().expect("it is marked");
    assert_eq!((change.content.as_deref(), &change.status), (Some("better"), &SendStatus::Sent));
    let (_, ack) = take_wire(&mut session).remove(0);
    ack_edit(&mut session, ack, edited(2, 3, "better"));
    assert!(session.resolved[&id].is_ok());
    assert_eq!(shown(&mut session), ["message 1", "better"]);
    assert!(session.room().changes.is_empty() && session.room().timeline.last().unwrap().edited_at.is_some());
}

#[test]
fn g11_a_refused_edit_is_taken_back_and_told() {
    let mut session = with_own();
    let id = edit(&mut session, sent(2), "better");
    let (_, ack) = take_wire(&mut session).remove(0);
    session.reject(ack, ErrorCode::Forbidden, None);
    assert_eq!(session.error(id), ErrorCode::Forbidden);
    assert_eq!(shown(&mut session), ["message 1", "message 2"]);
    assert_eq!(refused(&session), [&sent(2)]);
    assert!(session.room().changes.is_empty());
}

#[test]
fn g11_a_deletion_keeps_the_place_and_can_be_taken_back() {
    let mut session = with_own();
    delete(&mut session, sent(2));
    let last = session.room().timeline.last().unwrap().clone();
    assert!(last.content.is_empty() && last.deleted_at.is_some());
    assert!(session.client.view().rooms[0].last_message.as_ref().unwrap().deleted_at.is_some());
    let (command, ack) = take_wire(&mut session).remove(0);
    assert_eq!(command.kind(), CommandKind::DeleteMessage);
    session.reject(ack, ErrorCode::Forbidden, None);
    assert_eq!(shown(&mut session), ["message 1", "message 2"]);
}

#[test]
fn a_refusal_that_may_pass_keeps_the_change_and_the_order() {
    let mut session = with_own();
    edit(&mut session, sent(2), "better");
    let (_, ack) = take_wire(&mut session).remove(0);
    session.reject(ack, ErrorCode::Unavailable, Some(100));
    session.post("r", "behind");
    assert!(take_wire(&mut session).is_empty(), "what comes after waits");
    assert_eq!(shown(&mut session), ["message 1", "better"]);
    session.advance(100);
    let (command, ack) = take_wire(&mut session).remove(0);
    assert_eq!(command.kind(), CommandKind::EditMessage);
    ack_edit(&mut session, ack, edited(2, 3, "better"));
    assert_eq!(take_wire(&mut session)[0].0.kind(), CommandKind::SendMessage);
}

#[test]
fn g11_a_message_on_its_way_is_edited_once_it_has_arrived() {
    let mut session = Session::live(1);
    session.post("r", "first");
    let (send, ack) = session.take_posts().remove(0);
    let target = Target::Pending(send.client_id.clone().unwrap());
    let id = edit(&mut session, target.clone(), "second");
    delete(&mut session, target);
    session.post("r", "next");
    assert_eq!(pending(&mut session), ["next"], "what is to be deleted is out of sight");
    assert!(take_wire(&mut session).is_empty(), "in the order of the user");
    session.ack_post(&send, ack, 2);
    let wire = take_wire(&mut session);
    assert_eq!(wire.len(), 1, "one change of a message at a time");
    let Command::EditMessage(sent) = &wire[0].0 else { unreachable!() };
    assert_eq!((sent.message_id.as_str(), sent.content.as_str()), ("r-2", "second"));
    assert!(shown(&mut session)[1].is_empty());
    let mine = Message { client_id: send.client_id.clone(), ..edited(2, 3, "second") };
    ack_edit(&mut session, wire[0].1, mine);
    assert!(session.resolved[&id].is_ok());
    let wire = take_wire(&mut session);
    let kinds: Vec<_> = wire.iter().map(|(command, _)| command.kind()).collect();
    assert_eq!(kinds, [CommandKind::DeleteMessage, CommandKind::SendMessage]);
    session.reject(wire[0].1, ErrorCode::Forbidden, None);
    // A change by the sender's own id finds the message that it became.
    edit(&mut session, Target::Pending(send.client_id.unwrap()), "third");
    let third = take_wire(&mut session);
    assert!(matches!(&third[0].0, Command::EditMessage(edit) if edit.message_id.as_str() == "r-2"));
}

#[test]
fn g11_what_depends_on_a_parked_message_waits_with_it_and_the_rest_goes_on() {
    let mut session = Session::live(1);
    session.post("r", "bad");
    let (send, ack) = session.take_posts().remove(0);
    let client_id = send.client_id.clone().unwrap();
    let changed = edit(&mut session, Target::Pending(client_id.clone()), "worse");
    let next = session.post("r", "next");
    session.reject(ack, ErrorCode::Forbidden, None);
    let (other, other_ack) = session.take_posts().remove(0);
    assert_eq!(other.content, "next");
    session.ack_post(&other, other_ack, 2);
    assert!(session.resolved[&next].is_ok());
    assert_eq!(session.error(changed), ErrorCode::Forbidden, "who waits is told what the sender is told");
    assert_eq!(pending(&mut session), ["worse"], "as the user wants it");

    session.command(UserCommand::Retry(client_id));
    let wire = take_wire(&mut session);
    assert_eq!(wire.len(), 1, "the message first");
    session.ack_post(&send, wire[0].1, 3);
    let wire = take_wire(&mut session);
    assert!(matches!(&wire[0].0, Command::EditMessage(edit) if edit.message_id.as_str() == "r-3"));
}

#[test]
fn discarding_a_message_discards_its_changes() {
    let mut session = Session::new();
    session.post("r", "never mind");
    let client_id = session.client.pending(&room_id("r"))[0].client_id.clone();
    let changed = edit(&mut session, Target::Pending(client_id.clone()), "at all");
    session.command(UserCommand::Discard(client_id.clone()));
    assert_eq!(session.error(changed), ErrorCode::Gone);
    assert!(session.client.pending(&room_id("r")).is_empty());
    let again = edit(&mut session, Target::Pending(client_id), "too late");
    assert_eq!(session.error(again), ErrorCode::NotFound);
}

#[test]
fn a_failed_message_is_edited_and_deleted_on_the_spot() {
    let mut session = Session::live(1);
    for text in ["one", "two"] {
        session.post("r", text);
    }
    for (_, ack) in session.take_posts() {
        session.reject(ack, ErrorCode::Forbidden, None);
    }
    let ids: Vec<_> = session.room().pending.iter().map(|pending| pending.client_id.clone()).collect();
    delete(&mut session, Target::Pending(ids[0].clone()));
    edit(&mut session, Target::Pending(ids[1].clone()), "better");
    let wire = take_wire(&mut session);
    assert!(matches!(&wire[..], [(Command::SendMessage(send), _)] if send.content == "better"));
    assert_eq!(pending(&mut session), ["better"]);
}

#[test]
fn g11_changes_survive_a_crash_at_any_moment() {
    let mut before = Session::with_storage(Saved::default());
    before.connect();
    before.enter_with(vec![room_state("r", 1)], Vec::new());
    before.post("r", "first");
    let client_id = before.room().pending[0].client_id.clone();
    edit(&mut before, Target::Pending(client_id.clone()), "second");
    store_all(&mut before);
    let unsent = saved(&before);
    assert_eq!(unsent.outbox.len(), 2);
    let (send, ack) = before.take_posts().remove(0);
    before.ack_post(&send, ack, 2);
    let acked = saved(&before);
    let [SavedItem { task: Task::Edit { target, .. }, .. }] = &acked.outbox[..] else { panic!("{acked:?}") };
    assert_eq!(*target, Target::Message(MessageId::parse("r-2").unwrap()), "the aim is stored before the message goes");

    for (saved, kinds) in [(unsent, vec![CommandKind::SendMessage]), (acked, vec![CommandKind::EditMessage])] {
        let mut after = Session::with_storage(saved);
        after.connect();
        after.enter_with(vec![room_state("r", 1)], Vec::new());
        let wire = take_wire(&mut after);
        assert_eq!(wire.iter().map(|(command, _)| command.kind()).collect::<Vec<_>>(), kinds);
        if let Command::SendMessage(send) = &wire[0].0 {
            assert_eq!(send.content, "first", "the same id is the same message");
            after.ack_post(send, wire[0].1, 2);
            store_all(&mut after);
            assert_eq!(take_wire(&mut after)[0].0.kind(), CommandKind::EditMessage);
        }
    }
}

#[test]
fn a_change_outlives_its_connection() {
    let mut session = with_own();
    edit(&mut session, sent(2), "better");
    take_wire(&mut session);
    session.reconnect();
    assert_eq!(shown(&mut session), ["message 1", "better"]);
    session.enter_with(Vec::new(), vec![super::connecting::up_to_date(2)]);
    assert_eq!(take_wire(&mut session)[0].0.kind(), CommandKind::EditMessage);
}

#[test]
fn an_edit_that_is_acknowledged_ahead_of_a_gap_stays_in_sight() {
    let mut session = with_own();
    edit(&mut session, sent(2), "better");
    let (_, ack) = take_wire(&mut session).remove(0);
    ack_edit(&mut session, ack, edited(2, 9, "better"));
    assert_eq!(shown(&mut session), ["message 1", "better"]);
    assert!(session.room().catching_up);
}

#[test]
fn anothers_edit_shows_beneath_ones_own_and_comes_out_when_that_is_refused() {
    let mut session = with_own();
    edit(&mut session, sent(2), "mine");
    let moderated = Message { content: "moderated".to_owned(), ..edited(2, 3, "") };
    session.event(Event::MessageEdited(Box::new(changed(moderated))));
    assert_eq!(shown(&mut session)[1], "mine");
    let (_, ack) = take_wire(&mut session).remove(0);
    session.reject(ack, ErrorCode::Forbidden, None);
    assert_eq!(shown(&mut session)[1], "moderated");
}

#[test]
fn g11_what_is_said_in_a_room_waits_until_the_room_is_there() {
    let mut session = Session::new();
    let made = create(&mut session, "new");
    let first = session.post("new", "first");
    session.connect();
    session.enter_with(Vec::new(), Vec::new());
    let wire = take_wire(&mut session);
    assert_eq!(wire.len(), 1);
    assert_eq!(wire[0].0.kind(), CommandKind::CreateRoom);
    let entered = RoomEntered { room: room_state("new", 0) };
    session.answer(wire[0].1, &Ok(Reply::CreateRoom(entered)));
    assert!(matches!(&session.resolved[&made], Ok(Answer::Reply(reply)) if matches!(**reply, Reply::CreateRoom(_))));
    let (send, ack) = session.take_posts().remove(0);
    session.ack_post(&send, ack, 1);
    assert!(session.resolved[&first].is_ok());
    let again = create(&mut session, "new");
    assert_eq!(session.error(again), ErrorCode::Conflict);
}

#[test]
fn g11_a_room_whose_acknowledgement_was_lost_is_found_in_the_initial_state() {
    let mut session = Session::live(1);
    let made = create(&mut session, "new");
    session.post("new", "first");
    assert_eq!(take_wire(&mut session).len(), 1);
    session.reconnect();
    session.enter_with(vec![room_state("new", 0)], vec![super::connecting::up_to_date(1)]);
    assert!(session.resolved[&made].is_ok());
    assert_eq!(session.take_posts().len(), 1);
}

#[test]
fn g11_a_room_that_cannot_be_made_parks_what_was_to_be_said_there() {
    let mut session = Session::live(1);
    let made = create(&mut session, "taken");
    let first = session.post("taken", "first");
    let (_, ack) = take_wire(&mut session).remove(0);
    session.reject(ack, ErrorCode::Conflict, None);
    assert_eq!((session.error(made), session.error(first)), (ErrorCode::Conflict, ErrorCode::Conflict));
    assert!(session.notices.iter().any(|notice| matches!(notice, Notice::RoomRefused(..))));
    let left = session.client.pending(&room_id("taken"));
    assert!(matches!(left[0].status, SendStatus::Failed(_)));
    assert!(take_wire(&mut session).is_empty());
}

#[test]
fn a_room_without_an_id_gets_one_here() {
    let mut session = Session::live(1);
    let create = CreateRoom {
        room_id: None,
        name: "new".to_owned(),
        visibility: Visibility::Private,
        members: Vec::new(),
        topic: None,
        policy: None,
    };
    session.command(UserCommand::CreateRoom(Box::new(create)));
    let (command, _) = take_wire(&mut session).remove(0);
    assert!(matches!(command, Command::CreateRoom(create) if create.room_id.is_some()));
}

#[test]
fn leaving_a_room_drops_the_changes_that_wait_there() {
    let mut session = with_own();
    session.lose();
    let id = edit(&mut session, sent(2), "too late");
    session.come_back();
    session.open();
    let gone =
        roomcast_protocol::model::RoomDelta::bare(room_id("r"), roomcast_protocol::model::DeltaKind::Gone, Rev::new(0));
    session.accept();
    session.event(initial_state(Vec::new(), vec![gone]));
    assert_eq!(session.error(id), ErrorCode::NotMember);
    assert_eq!(refused(&session), [&sent(2)]);
}

#[test]
fn g9_an_echo_in_the_state_of_a_room_is_merged() {
    let mut session = Session::live(1);
    session.post("r", "hello");
    let (send, _) = session.take_posts().remove(0);
    session.lose();
    session.connect();
    let mut state = room_state("r", 2);
    state.last_message = Some(stored(&send, 2));
    session.enter_with(vec![state], Vec::new());
    assert!(pending(&mut session).is_empty() && session.take_posts().is_empty());
}

#[test]
fn what_an_acknowledgement_showed_stays_when_its_event_comes_too_early() {
    let mut session = with_own();
    edit(&mut session, sent(2), "better");
    let (_, ack) = take_wire(&mut session).remove(0);
    ack_edit(&mut session, ack, edited(2, 5, "better"));
    assert_eq!(shown(&mut session), ["message 1", "better"]);
    let changed = event::MessageChanged { message: edited(2, 5, "better"), rev: Rev::new(5) };
    session.event(Event::MessageEdited(Box::new(changed)));
    assert_eq!(shown(&mut session), ["message 1", "better"], "changes 3 and 4 are missing still");
}

#[test]
fn g4_an_edit_names_the_version_that_it_changes_and_follows_one_that_overtakes_it() {
    let mut session = with_own();
    let version = |session: &mut Session| match take_wire(session).remove(0) {
        (Command::EditMessage(edit), ack) => (edit.if_version, ack),
        other => panic!("an edit, not {other:?}"),
    };
    edit(&mut session, sent(2), "better");
    let (first, ack) = version(&mut session);
    assert_eq!(first, Some(1));
    ack_edit(&mut session, ack, edited(2, 3, "better"));
    let id = edit(&mut session, sent(2), "best");
    let (second, ack) = version(&mut session);
    assert_eq!(second, Some(2));

    session.reject(ack, ErrorCode::Conflict, Some(100));
    for _ in 0..20 {
        session.advance(200);
        let (_, ack) = version(&mut session);
        session.reject(ack, ErrorCode::Unavailable, Some(100));
    }
    session.advance(200);
    let (_, ack) = version(&mut session);
    session.reject(ack, ErrorCode::Conflict, Some(100));
    assert!(refused(&session).is_empty(), "a server that is away for long is no reason to give it up");
    let message = Message { version: 3, ..edited(2, 4, "of another device") };
    session.event(Event::MessageEdited(Box::new(changed(message))));
    session.advance(200);
    let (third, ack) = version(&mut session);
    assert_eq!(third, Some(3));
    ack_edit(&mut session, ack, Message { version: 4, ..edited(2, 5, "best") });
    assert!(session.resolved[&id].is_ok());
    assert_eq!(shown(&mut session), ["message 1", "best"]);
}

#[test]
fn g4_an_edit_of_what_is_not_loaded_names_no_version() {
    let mut session = with_own();
    edit(&mut session, sent(7), "better");
    let (Command::EditMessage(edit), _) = take_wire(&mut session).remove(0) else { panic!("an edit") };
    assert_eq!(edit.if_version, None);
}
