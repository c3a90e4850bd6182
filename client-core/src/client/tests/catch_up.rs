use roomcast_protocol::{
    Command, CommandKind, ErrorBody, ErrorCode, Event, Reply, Rev, Seq,
    command::{JoinRoom, LeaveRoom},
    event,
    model::{DeltaKind, RoomDelta},
    reply::{Changed, RoomEntered, Rooms},
};

use super::harness::*;
use crate::{Notice, fixtures, view::Phase};

fn delta(rev: u64, seqs: impl IntoIterator<Item = u64>) -> RoomDelta {
    let messages = seqs.into_iter().map(|seq| fixtures::message("r", "bob", seq)).collect();
    RoomDelta { messages, ..RoomDelta::bare(room_id("r"), DeltaKind::Delta, Rev::new(rev)) }
}

#[test]
fn g9_events_apply_only_in_rev_order() {
    let mut session = Session::live(1);
    session.event(new_message(4));
    session.event(new_message(3));
    assert_eq!(session.seqs(), [1]);
    session.event(new_message(2));
    assert_eq!((session.seqs(), session.told()), (vec![1, 2, 3, 4], vec![2, 3, 4]));
    session.event(new_message(3));
    assert_eq!(session.told(), [2, 3, 4], "what was applied is not told again");
}

#[test]
fn g9_a_gap_is_asked_for_once() {
    let mut session = Session::live(1);
    session.event(new_message(3));
    session.event(new_message(4));
    session.advance(1_000);
    let asked = session
        .sent
        .iter()
        .filter(|sent| matches!(sent, Sent::Command { command, .. } if command.kind() == CommandKind::Sync));
    assert_eq!(asked.count(), 1);
    assert!(session.room().catching_up);
    session.answer_sync(delta(3, [2, 3]));
    assert_eq!((session.seqs(), session.told()), (vec![1, 2, 3, 4], vec![2, 3, 4]));
    assert!(!session.room().catching_up);
    assert!(session.take_sent(CommandKind::Sync).is_empty());
}

#[test]
fn g9_a_gap_that_our_own_acknowledgement_fills_is_not_asked_for() {
    let mut session = Session::live(1);
    session.post("r", "mine");
    let (send, id) = session.take_posts().remove(0);
    session.event(new_message(3));
    session.advance(249);
    assert!(session.take_sent(CommandKind::Sync).is_empty());
    session.ack_post(&send, id, 2);
    session.advance(10_000);
    assert_eq!(session.seqs(), [1, 2, 3]);
    assert!(session.take_sent(CommandKind::Sync).is_empty());
}

#[test]
fn g9_patience_with_a_gap_ends_after_a_quarter_second() {
    let mut session = Session::live(1);
    session.post("r", "mine");
    session.event(new_message(3));
    session.advance(250);
    assert_eq!(session.take_sent(CommandKind::Sync).len(), 1);
}

#[test]
fn g9_an_answer_without_progress_is_not_asked_for_in_a_loop() {
    let mut session = Session::live(1);
    session.event(new_message(3));
    for _ in 0..5 {
        session.answer_sync(RoomDelta::bare(room_id("r"), DeltaKind::UpToDate, Rev::new(1)));
        assert!(session.take_sent(CommandKind::Sync).is_empty());
        session.advance(1_000);
    }
}

#[test]
fn g8_a_digest_betrays_a_lost_last_change() {
    let mut session = Session::live(1);
    let heads = event::Heads { rooms: [(room_id("r"), Rev::new(2)), (room_id("other"), Rev::new(9))].into() };
    session.event(Event::Heads(Box::new(heads)));
    assert!(session.take_sent(CommandKind::Sync).is_empty());
    session.advance(250);
    session.answer_sync(delta(2, [2]));
    assert_eq!(session.seqs(), [1, 2]);
}

#[test]
fn g10_a_reconnect_resumes_from_what_was_applied() {
    let mut session = Session::live(1);
    session.event(new_message(2));
    session.reconnect();
    let resume = session.auth().resume.clone().unwrap();
    assert_eq!((resume.epoch, resume.rooms), (epoch("e"), [(room_id("r"), Rev::new(2))].into()));
    session.enter_with(Vec::new(), vec![delta(4, [3, 4])]);
    assert_eq!((session.seqs(), session.told()), (vec![1, 2, 3, 4], vec![2, 3, 4]));
}

#[test]
fn g10_a_delta_with_more_is_paged_through() {
    let mut session = Session::live(1);
    session.reconnect();
    session.enter_with(Vec::new(), vec![RoomDelta { has_more: true, ..delta(3, [2, 3]) }]);
    let (command, _) = session
        .sent
        .iter()
        .rev()
        .find_map(|sent| match sent {
            Sent::Command { command, id } => Some((command.clone(), *id)),
            _ => None,
        })
        .unwrap();
    assert!(matches!(*command, Command::Sync(sync) if sync.rooms[&room_id("r")] == Rev::new(3)));
    session.answer_sync(delta(5, [4, 5]));
    assert_eq!(session.seqs(), [1, 2, 3, 4, 5]);
    assert!(session.take_sent(CommandKind::Sync).is_empty());
}

#[test]
fn g10_a_reset_takes_the_newest_page_and_keeps_what_is_on_its_way() {
    let mut session = Session::live(3);
    session.post("r", "mine");
    session.reconnect();
    let page = (5_000..=5_010).map(|seq| fixtures::message("r", "bob", seq)).collect();
    let reset = RoomDelta {
        messages: page,
        room: Some(Box::new(room_state("r", 5_010))),
        has_more: true,
        ..RoomDelta::bare(room_id("r"), DeltaKind::Reset, Rev::new(5_010))
    };
    session.enter_with(Vec::new(), vec![reset]);
    assert_eq!(session.seqs(), (5_000..=5_010).collect::<Vec<_>>());
    assert!(session.notices.contains(&Notice::RoomReset(room_id("r"))));
    assert!(session.room().has_older);
    assert_eq!(session.room().pending.len(), 1);
    session.event(new_message(5_011));
    assert_eq!(session.told().last(), Some(&5_011));
}

#[test]
fn g10_a_room_that_is_gone_is_dropped() {
    let mut session = Session::live(1);
    session.reconnect();
    session.enter_with(Vec::new(), vec![RoomDelta::bare(room_id("r"), DeltaKind::Gone, Rev::new(1))]);
    assert!(session.client.room(&room_id("r")).is_none());
}

#[test]
fn g10_another_epoch_makes_all_revs_void() {
    let mut session = Session::live(10);
    session.reconnect();
    session.accept();
    let Event::InitialState(mut state) = initial_state(vec![room_state("r", 3)], Vec::new()) else { unreachable!() };
    state.epoch = epoch("another");
    session.event(Event::InitialState(state));
    assert_eq!(session.seqs(), [3]);
    session.event(new_message(4));
    assert_eq!(session.seqs(), [3, 4]);
}

#[test]
fn events_that_overtake_the_answer_to_a_join_are_kept() {
    let mut session = Session::live(1);
    let id = session.request(Command::JoinRoom(JoinRoom { room_id: room_id("new") }));
    for seq in [4, 5, 6] {
        session.event(posted(fixtures::message("new", "bob", seq)));
    }
    let (_, ack) = session.take_sent(CommandKind::JoinRoom).remove(0);
    session.answer(ack.unwrap(), &Ok(Reply::JoinRoom(RoomEntered { room: room_state("new", 4) })));
    let room = session.client.room(&room_id("new")).unwrap();
    assert_eq!(room.timeline.iter().map(|message| message.seq.value()).collect::<Vec<_>>(), [4, 5, 6]);
    assert!(session.resolved[&id].is_ok());
    assert!(session.notices.contains(&Notice::RoomEntered(room_id("new"))));
}

#[test]
fn leaving_drops_the_room_and_what_is_on_its_way_fails_when_the_server_says_so() {
    let mut session = Session::live(1);
    let waiting = session.post("r", "too late");
    session.request(Command::LeaveRoom(LeaveRoom { room_id: room_id("r") }));
    let (_, ack) = session.take_sent(CommandKind::LeaveRoom).remove(0);
    session.answer(ack.unwrap(), &Ok(Reply::LeaveRoom(Changed { rev: Some(Rev::new(2)) })));
    assert!(session.client.room(&room_id("r")).is_none());
    // It may have been stored before the leaving: only the server can tell.
    let (_, ack) = session.take_sent(CommandKind::SendMessage).remove(0);
    let error = ErrorBody::new(ErrorCode::NotMember, "unable to send the message; you are not a member of the room");
    session.answer(ack.unwrap(), &Err(error));
    assert_eq!(session.error(waiting), ErrorCode::NotMember);
    assert_eq!(session.client.pending(&room_id("r")).len(), 1, "it stays in sight, as failed");
}

#[test]
fn rooms_beyond_the_first_page_are_entered_one_by_one() {
    let mut session = Session::new();
    session.connect();
    session.accept();
    let Event::InitialState(mut state) = initial_state(vec![room_state("r", 1)], Vec::new()) else { unreachable!() };
    state.next = Some("page 2".to_owned());
    session.event(Event::InitialState(state));
    let (_, id) = session.take_sent(CommandKind::ListRooms).remove(0);
    let rooms = ["r", "s"].map(|id| room_state(id, 1).room).to_vec();
    session.answer(id.unwrap(), &Ok(Reply::ListRooms(Rooms { rooms, next: None })));
    let joins = session.take_sent(CommandKind::JoinRoom);
    assert_eq!(joins.len(), 1, "the one that was known is not entered again");
    session.answer(joins[0].1.unwrap(), &Ok(Reply::JoinRoom(RoomEntered { room: room_state("s", 1) })));
    assert_eq!(session.client.view().rooms.len(), 2);
}

#[test]
fn a_restored_database_in_mid_connection_leads_to_a_new_handshake() {
    let mut session = Session::live(1);
    session.event(new_message(3));
    let (_, id) = session.take_sent(CommandKind::Sync).remove(0);
    let synced = roomcast_protocol::reply::Synced { epoch: epoch("another"), rooms: Vec::new() };
    session.answer(id.unwrap(), &Ok(Reply::Sync(synced)));
    assert_ne!(session.phase(), Phase::Connected);
}

#[test]
fn an_edit_changes_the_message_in_its_place() {
    let mut session = Session::live(1);
    let mut edited = fixtures::message("r", "bob", 1);
    edited.content = "better".to_owned();
    edited.rev = Rev::new(2);
    session.event(Event::MessageEdited(Box::new(changed(edited))));
    assert_eq!(session.room().timeline.last().unwrap().content, "better");
    assert!(matches!(session.notices.last(), Some(Notice::MessageUpdated(_))));
}

#[test]
fn one_input_tells_each_change_once() {
    let mut session = Session::live(1);
    session.event(new_message(3));
    session.event(new_message(2));
    let mut once = session.changed.clone();
    once.dedup();
    assert_eq!(once, session.changed);
    assert!(session.changed.contains(&crate::Key::Room(room_id("r"))));
}

#[test]
fn a_change_of_one_room_shares_the_views_of_the_others() {
    let mut session = Session::new();
    session.connect();
    session.enter_with(vec![room_state("r", 1), room_state("s", 1)], Vec::new());
    let before = (session.client.view(), session.client.room(&room_id("s")).unwrap());
    session.event(new_message(2));
    let after = (session.client.view(), session.client.room(&room_id("s")).unwrap());
    assert!(std::sync::Arc::ptr_eq(&before.1, &after.1));
    let line = |view: &crate::view::ClientView| {
        view.rooms.iter().find(|room| room.id().as_str() == "s").map(std::sync::Arc::as_ptr)
    };
    assert_eq!(line(&before.0), line(&after.0));
}

#[test]
fn g12_a_state_of_a_later_moment_than_its_delta_counts_nothing_twice() {
    let mut session = Session::live(1);
    session.reconnect();
    let mut later = room_state("r", 4);
    (later.unread, later.read_seq, later.room.name) = (2, Seq::new(1), "Renamed".to_owned());
    let delta =
        RoomDelta { room: Some(Box::new(later)), ..RoomDelta::bare(room_id("r"), DeltaKind::Delta, Rev::new(2)) };
    session.enter_with(Vec::new(), vec![delta]);
    assert_eq!(session.room().room.name, "Renamed");
    for seq in 3..=4 {
        let mut message = crate::fixtures::message("r", "bob", seq - 1);
        message.rev = Rev::new(seq);
        session.event(posted(message));
    }
    assert_eq!((session.room().unread, session.room().room.seq), (2, Seq::new(3)));
}

#[test]
fn g12_a_page_of_a_later_moment_than_its_reset_counts_each_message_once() {
    let mut session = Session::live(1);
    session.reconnect();
    let mut state = room_state("r", 2_000);
    (state.unread, state.read_seq) = (5, Seq::new(1_995));
    let messages = (1_990..=2_001).map(|seq| crate::fixtures::message("r", "bob", seq)).collect();
    let reset = RoomDelta {
        messages,
        room: Some(Box::new(state)),
        ..RoomDelta::bare(room_id("r"), DeltaKind::Reset, Rev::new(2_000))
    };
    session.enter_with(Vec::new(), vec![reset]);
    session.event(new_message(2_001));
    assert_eq!(session.room().unread, 6);
}

#[test]
fn g12_a_deletion_in_a_page_of_a_later_moment_counts_once() {
    let mut session = Session::live(1);
    session.reconnect();
    let mut state = room_state("r", 2_000);
    (state.unread, state.read_seq) = (5, Seq::new(1_995));
    let mut gone = fixtures::message("r", "bob", 1_998);
    (gone.rev, gone.deleted_at) = (Rev::new(2_001), Some(roomcast_protocol::Timestamp::new(1)));
    let messages = (1_990..=2_000).map(|seq| match seq {
        1_998 => gone.clone(),
        seq => fixtures::message("r", "bob", seq),
    });
    let reset = RoomDelta {
        messages: messages.collect(),
        room: Some(Box::new(state)),
        ..RoomDelta::bare(room_id("r"), DeltaKind::Reset, Rev::new(2_000))
    };
    session.enter_with(Vec::new(), vec![reset]);
    session.event(Event::MessageDeleted(Box::new(changed(gone))));
    assert_eq!(session.room().unread, 4);
}

#[test]
fn a_removal_that_overtakes_what_lets_in_makes_the_client_ask() {
    let mut session = Session::new();
    session.connect();
    session.enter_with(Vec::new(), Vec::new());
    let reason = event::RemovalReason::Removed;
    session.event(Event::RemovedFromRoom(Box::new(event::RemovedFromRoom { room_id: room_id("r"), reason })));
    session.event(Event::AddedToRoom(Box::new(event::AddedToRoom { room: room_state("r", 3) })));
    session.answer_sync(RoomDelta::bare(room_id("r"), DeltaKind::Gone, Rev::default()));
    assert!(session.client.room(&room_id("r")).is_none());
}

#[test]
fn g12_a_cursor_that_overtakes_the_room_is_kept() {
    let mut session = Session::new();
    session.connect();
    session.enter_with(Vec::new(), Vec::new());
    let read = event::MessagesRead {
        user_id: user_id("bob"),
        message_ids: Vec::new(),
        room_id: room_id("r"),
        read_seq: Seq::new(3),
    };
    session.event(Event::MessagesRead(Box::new(read)));
    session.event(Event::AddedToRoom(Box::new(event::AddedToRoom { room: room_state("r", 3) })));
    assert_eq!(session.room().receipts.get(&user_id("bob")), Some(&Seq::new(3)));
}

#[test]
fn a_gap_that_closes_while_the_question_is_put_off_is_not_shown_any_more() {
    let mut session = Session::live(3);
    session.event(new_message(5));
    let (_, id) = session.take_sent(CommandKind::Sync).remove(0);
    session.event(new_message(4));
    session.reject(id.expect("an id"), ErrorCode::Unavailable, Some(500));
    assert!(session.room().catching_up, "the question is put off");
    session.advance(1_000);
    assert!(!session.room().catching_up && session.take_sent(CommandKind::Sync).is_empty());
}

#[test]
fn g9_an_answer_that_events_overtook_takes_nothing_back() {
    let mut session = Session::live(1);
    session.event(new_message(4));
    session.advance(1_000);
    session.event(new_message(2));
    session.event(new_message(3));
    assert_eq!(session.told(), [2, 3, 4]);
    let page = vec![fixtures::message("r", "bob", 1), fixtures::message("r", "bob", 2)];
    let reset = RoomDelta {
        messages: page,
        room: Some(Box::new(room_state("r", 2))),
        ..RoomDelta::bare(room_id("r"), DeltaKind::Reset, Rev::new(2))
    };
    session.answer_sync(reset);
    assert_eq!((session.seqs(), session.told()), (vec![1, 2, 3, 4], vec![2, 3, 4]));
    session.answer_sync(RoomDelta::bare(room_id("r"), DeltaKind::UpToDate, Rev::new(4)));
    assert_eq!((session.seqs(), session.told()), (vec![1, 2, 3, 4], vec![2, 3, 4]));
}

#[test]
fn an_entry_that_a_removal_overtook_is_asked_about() {
    let mut session = Session::live(1);
    session.request(Command::JoinRoom(JoinRoom { room_id: room_id("r") }));
    let (_, ack) = session.take_sent(CommandKind::JoinRoom).remove(0);
    let reason = event::RemovalReason::Left;
    session.event(Event::RemovedFromRoom(Box::new(event::RemovedFromRoom { room_id: room_id("r"), reason })));
    assert!(session.client.room(&room_id("r")).is_none());
    session.answer(ack.unwrap(), &Ok(Reply::JoinRoom(RoomEntered { room: room_state("r", 1) })));
    session.answer_sync(RoomDelta::bare(room_id("r"), DeltaKind::Gone, Rev::default()));
    assert!(session.client.room(&room_id("r")).is_none());
}
