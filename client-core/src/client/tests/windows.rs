//! Windows of history, replies and threads, step by step.

use roomcast_protocol::{
    Command, CommandKind, ErrorBody, ErrorCode, Event, MessageId, Reply, Rev, Seq, Timestamp,
    command::{GetMessages, Place},
    model::{DeltaKind, Message, RoomDelta, ThreadSummary},
    reply,
};

use super::harness::*;
use crate::{CommandId, Config, Key, Saved, UserCommand, fixtures, view::ThreadView};

fn load_older(session: &mut Session, limit: u64) -> CommandId {
    session.command(UserCommand::LoadOlder { room_id: room_id("r"), limit })
}

fn load_newer(session: &mut Session, limit: u64) -> CommandId {
    session.command(UserCommand::LoadNewer { room_id: room_id("r"), limit })
}

fn load_around(session: &mut Session, place: impl Into<Place>) -> CommandId {
    session.command(UserCommand::LoadAround { room_id: room_id("r"), place: place.into(), limit: 10 })
}

fn jump_to_newest(session: &mut Session) {
    session.command(UserCommand::JumpToNewest { room_id: room_id("r") });
}

fn id(seq: u64) -> MessageId {
    fixtures::message("r", "bob", seq).id
}

fn messages(seqs: impl IntoIterator<Item = u64>) -> Vec<Message> {
    seqs.into_iter().map(|seq| fixtures::message("r", "bob", seq)).collect()
}

/// The next question for a page.
fn asked(session: &mut Session) -> (GetMessages, u64) {
    match session.take_sent(CommandKind::GetMessages).pop() {
        Some((Command::GetMessages(get), ack)) => (get, ack.unwrap()),
        other => panic!("a page is asked for, not {other:?}"),
    }
}

fn answer(session: &mut Session, ack: u64, messages: Vec<Message>, has_more: bool) {
    session.answer(ack, &Ok(Reply::GetMessages(reply::Messages { messages, has_more, authors: Vec::new() })));
}

/// Answers the next question with these messages.
fn page(session: &mut Session, seqs: impl IntoIterator<Item = u64>) -> GetMessages {
    let (get, ack) = asked(session);
    answer(session, ack, messages(seqs), true);
    get
}

fn edited(seq: u64, rev: u64) -> Message {
    let mut message = fixtures::message("r", "bob", seq);
    (message.rev, message.content) = (Rev::new(rev), format!("edited at {rev}"));
    message
}

fn edit(session: &mut Session, seq: u64, rev: u64) {
    session.event(Event::MessageEdited(Box::new(changed(edited(seq, rev)))));
}

fn text(session: &mut Session, seq: u64) -> String {
    session.room().timeline.at(Seq::new(seq)).unwrap().content.clone()
}

fn range(first: u64, last: u64) -> Vec<u64> {
    (first..=last).collect()
}

fn reset(head: u64, seqs: impl IntoIterator<Item = u64>) -> RoomDelta {
    RoomDelta {
        messages: messages(seqs),
        room: Some(Box::new(room_state("r", head))),
        has_more: true,
        ..RoomDelta::bare(room_id("r"), DeltaKind::Reset, Rev::new(head))
    }
}

#[test]
fn a_jump_opens_a_window_that_is_live_again_once_it_meets_the_newest() {
    let mut session = Session::live(100);
    let jump = load_around(&mut session, Seq::new(50));
    assert!(session.room().loading_around && session.room().is_live(), "until the page is here");
    let get = page(&mut session, 45..=55);
    assert_eq!(get.around, Some(Place::Seq(Seq::new(50))));
    let room = session.room();
    assert_eq!(session.seqs(), range(45, 55));
    assert!(room.has_older && room.has_newer && !room.loading_around && session.resolved[&jump].is_ok());

    session.event(new_message(101));
    assert_eq!(session.seqs(), range(45, 55), "what is new stands behind the gap");
    load_newer(&mut session, 30);
    assert!(session.room().loading_newer);
    assert_eq!(page(&mut session, 56..=85).after, Some(Seq::new(55)));
    assert_eq!((session.seqs(), session.room().has_newer), (range(45, 85), true));
    load_newer(&mut session, 30);
    page(&mut session, 86..=101);
    assert_eq!((session.seqs(), session.room().is_live()), (range(45, 101), true));
    session.event(new_message(102));
    assert_eq!(session.seqs(), range(45, 102));
    let nothing = load_newer(&mut session, 30);
    assert!(session.resolved[&nothing].is_ok() && session.take_sent(CommandKind::GetMessages).is_empty());
}

#[test]
fn a_jump_to_what_is_loaded_asks_nobody() {
    let mut session = Session::live(100);
    load_older(&mut session, 50);
    page(&mut session, 50..=99);
    let by_id = load_around(&mut session, id(60));
    assert!(session.resolved[&by_id].is_ok() && session.take_sent(CommandKind::GetMessages).is_empty());
    assert_eq!((session.seqs(), session.room().is_live()), (range(50, 100), true), "it is in the live window");

    load_around(&mut session, id(7));
    assert_eq!(page(&mut session, 2..=12).around, Some(Place::Message(id(7))));
    jump_to_newest(&mut session);
    assert_eq!(session.seqs(), range(50, 100));
    load_around(&mut session, id(7));
    assert_eq!(session.seqs(), range(2, 12), "it is still here");
}

#[test]
fn a_later_jump_makes_an_earlier_one_void() {
    let mut session = Session::live(100);
    load_around(&mut session, Seq::new(20));
    let (_, first) = asked(&mut session);
    load_around(&mut session, Seq::new(60));
    let (_, second) = asked(&mut session);
    answer(&mut session, second, messages(55..=65), true);
    answer(&mut session, first, messages(15..=25), true);
    assert_eq!(session.seqs(), range(55, 65));

    load_around(&mut session, Seq::new(40));
    let (_, third) = asked(&mut session);
    jump_to_newest(&mut session);
    answer(&mut session, third, messages(35..=45), true);
    assert_eq!(session.seqs(), [100]);
}

#[test]
fn a_jump_to_nowhere_leaves_the_window() {
    let mut session = Session::live(100);
    let unknown = load_around(&mut session, id(7_777));
    let (_, ack) = asked(&mut session);
    session.answer(ack, &Err(ErrorBody::new(ErrorCode::NotFound, "unable to; test")));
    assert_eq!((session.error(unknown), session.seqs()), (ErrorCode::NotFound, vec![100]));
    let beyond = load_around(&mut session, Seq::new(9_000));
    assert!(session.resolved[&beyond].is_ok(), "beyond the newest is the newest");
}

#[test]
fn a_page_that_was_read_before_an_edit_does_not_bring_the_old_text_back() {
    let mut session = Session::live(100);
    load_older(&mut session, 10);
    let (_, ack) = asked(&mut session);
    edit(&mut session, 95, 101);
    edit(&mut session, 95, 102);
    assert_eq!(session.seqs(), [100], "what is not loaded is not shown");
    answer(&mut session, ack, messages(90..=99), true);
    assert_eq!(text(&mut session, 95), "edited at 102");
    assert_eq!(session.seqs(), range(90, 100));
}

#[test]
fn a_page_that_was_read_after_an_edit_is_not_undone_by_its_event() {
    let mut session = Session::live(100);
    load_older(&mut session, 10);
    let (_, ack) = asked(&mut session);
    let mut read = messages(90..=99);
    read[5] = edited(95, 102);
    answer(&mut session, ack, read, true);
    edit(&mut session, 95, 101);
    assert_eq!(text(&mut session, 95), "edited at 102");
    edit(&mut session, 95, 102);
    edit(&mut session, 95, 103);
    assert_eq!(text(&mut session, 95), "edited at 103");
    let told = session.notices.iter().filter(|notice| matches!(notice, crate::Notice::MessageUpdated(_)));
    assert_eq!(told.count(), 3, "each is told in its turn");
}

#[test]
fn a_page_does_not_anticipate_what_is_posted() {
    let mut session = Session::live(100);
    load_around(&mut session, Seq::new(98));
    page(&mut session, 93..=103);
    assert_eq!((session.seqs(), session.room().unread), (range(93, 100), 0));
    for seq in 101..=103 {
        session.event(new_message(seq));
    }
    assert_eq!((session.seqs(), session.told(), session.room().unread), (range(93, 103), vec![101, 102, 103], 3));
}

#[test]
fn g10_a_reset_drops_what_may_have_changed_unheard_and_leaves_a_gap_to_fill() {
    let mut session = Session::live(100);
    load_older(&mut session, 50);
    page(&mut session, 50..=99);
    session.reconnect();
    session.enter_with(Vec::new(), vec![reset(5_000, 4_951..=5_000)]);
    assert_eq!((session.seqs(), session.room().has_older), (range(4_951, 5_000), true));
    load_older(&mut session, 50);
    assert_eq!(page(&mut session, 4_901..=4_950).before, Some(Seq::new(4_951)));
    assert_eq!(session.seqs(), range(4_901, 5_000));
}

#[test]
fn g10_a_window_that_is_not_live_comes_back_after_a_reset() {
    let mut session = Session::live(100);
    load_around(&mut session, Seq::new(50));
    page(&mut session, 45..=55);
    session.reconnect();
    session.enter_with(Vec::new(), vec![reset(5_000, 4_951..=5_000)]);
    let room = session.room();
    assert!(room.timeline.is_empty() && room.loading_around && room.has_newer && room.has_older);
    let (get, ack) = asked(&mut session);
    assert_eq!(get.around, Some(Place::Seq(Seq::new(50))));
    let mut read = messages(45..=55);
    read[5] = edited(50, 200);
    answer(&mut session, ack, read, true);
    assert_eq!((session.seqs(), text(&mut session, 50)), (range(45, 55), "edited at 200".to_owned()));
    jump_to_newest(&mut session);
    assert_eq!(session.seqs(), range(4_951, 5_000));
}

#[test]
fn g10_a_page_that_was_asked_for_before_a_reset_is_asked_for_again() {
    let mut session = Session::live(100);
    let older = load_older(&mut session, 10);
    let (_, ack) = asked(&mut session);
    session.event(new_message(102));
    session.answer_sync(reset(5_000, 4_991..=5_000));
    answer(&mut session, ack, messages(90..=99), true);
    assert_eq!(session.seqs(), range(4_991, 5_000));
    assert_eq!(page(&mut session, 4_981..=4_990).before, Some(Seq::new(4_991)));
    assert!(session.resolved[&older].is_ok());
    assert_eq!(session.seqs(), range(4_981, 5_000));
}

#[test]
fn a_hole_that_a_delta_in_parts_leaves_is_a_gap_until_it_is_filled() {
    let mut session = Session::live(1);
    session.reconnect();
    // The third message was edited later than this part reaches.
    let part = |rev, messages, has_more| RoomDelta {
        messages,
        has_more,
        ..RoomDelta::bare(room_id("r"), DeltaKind::Delta, Rev::new(rev))
    };
    session.enter_with(Vec::new(), vec![part(4, messages([2, 4]), true)]);
    assert_eq!((session.seqs(), session.room().has_older), (vec![4], true));
    session.answer_sync(part(5, vec![edited(3, 5)], false));
    assert_eq!((session.seqs(), session.room().unread), (vec![1, 2, 3, 4], 3));
    assert_eq!(session.told(), [2, 4, 3], "each is told, and none twice");
}

fn keeping(most: usize, head: u64) -> Session {
    let config = Config { timeline_messages: most, ..Config::default() };
    let mut session = Session::with(config, Saved::default());
    session.connect();
    session.enter_with(vec![room_state("r", head)], Vec::new());
    session
}

#[test]
fn trimming_never_takes_what_a_window_shows() {
    let mut session = keeping(100, 1_000);
    load_around(&mut session, Seq::new(300));
    page(&mut session, 251..=350);
    for seq in 1_001..=2_000 {
        session.event(new_message(seq));
    }
    assert_eq!(session.seqs(), range(251, 350));
    load_older(&mut session, 100);
    page(&mut session, 151..=250);
    assert_eq!(session.seqs(), range(151, 350));
    jump_to_newest(&mut session);
    let live = session.seqs();
    assert!((100..100 + 128).contains(&live.len()) && live.last() == Some(&2_000), "{}", live.len());
    load_around(&mut session, Seq::new(300));
    assert_eq!(page(&mut session, 251..=350).around, Some(Place::Seq(Seq::new(300))), "it is not kept for ever");
}

#[test]
fn what_the_user_loads_is_kept_beyond_the_setting_until_they_are_back() {
    let mut session = keeping(100, 1_000);
    for last in (500..=999).rev().step_by(100) {
        load_older(&mut session, 100);
        page(&mut session, last - 99..=last);
    }
    assert_eq!(session.seqs(), range(500, 1_000));
    for seq in 1_001..=1_100 {
        session.event(new_message(seq));
    }
    assert_eq!(session.seqs(), range(500, 1_100));
    jump_to_newest(&mut session);
    assert!(session.seqs().len() < 100 + 128);
    assert!(session.room().has_older);
    for seq in 1_101..=3_000 {
        session.event(new_message(seq));
    }
    assert!(session.seqs().len() < 100 + 128);
}

#[test]
fn the_beginning_is_where_the_server_says() {
    let mut session = Session::live(1);
    assert!(!session.room().has_older, "there is nothing before the first");
    let mut session = Session::live(100);
    load_older(&mut session, 10);
    let (_, ack) = asked(&mut session);
    answer(&mut session, ack, messages(95..=99), false);
    assert!(!session.room().has_older);
}

#[test]
fn g12_a_deletion_of_what_is_not_loaded_is_counted_once() {
    let mut session = Session::new();
    session.connect();
    let mut state = room_state("r", 100);
    (state.read_seq, state.unread) = (Seq::new(50), 40);
    session.enter_with(vec![state], Vec::new());
    let mut gone = edited(70, 101);
    (gone.deleted_at, gone.content) = (Some(Timestamp::new(1)), String::new());
    session.event(Event::MessageDeleted(Box::new(changed(gone.clone()))));
    assert_eq!(session.room().unread, 39);
    assert!(session.take_sent(CommandKind::GetMessages).is_empty(), "nobody need be asked");
    // The page knows of a deletion that is not told yet.
    load_older(&mut session, 50);
    let mut read = messages(50..=99);
    read[20] = gone;
    read[30].deleted_at = Some(Timestamp::new(1));
    read[30].rev = Rev::new(102);
    let (_, ack) = asked(&mut session);
    answer(&mut session, ack, read.clone(), true);
    assert_eq!(session.room().unread, 48, "as it is now, whatever the server had counted");
    session.event(Event::MessageDeleted(Box::new(changed(read[30].clone()))));
    assert_eq!(session.room().unread, 48);
}

#[test]
fn a_message_that_is_answered_is_looked_up_and_kept_up_to_date() {
    let mut session = Session::live(100);
    let mut reply = fixtures::message("r", "bob", 101);
    reply.reply_to = Some(id(5));
    session.event(posted(reply.clone()));
    assert!(session.room().answered(&reply).is_none());
    let look_up = session.command(UserCommand::Lookup { room_id: room_id("r"), message_id: id(5) });
    let (get, ack) = asked(&mut session);
    assert_eq!((get.around, get.limit), (Some(Place::Message(id(5))), Some(1)));
    edit(&mut session, 5, 102);
    answer(&mut session, ack, messages([5]), true);
    assert!(session.resolved[&look_up].is_ok());
    let words = |session: &mut Session| session.room().answered(&reply).unwrap().content.clone();
    assert_eq!(words(&mut session), "edited at 102", "the page was read before");
    edit(&mut session, 5, 103);
    assert_eq!((words(&mut session), session.seqs()), ("edited at 103".to_owned(), vec![100, 101]));
    let again = session.command(UserCommand::Lookup { room_id: room_id("r"), message_id: id(5) });
    assert!(session.resolved[&again].is_ok() && session.take_sent(CommandKind::GetMessages).is_empty());
}

fn load_thread(session: &mut Session) -> CommandId {
    session.command(UserCommand::LoadThread { room_id: room_id("r"), thread_id: id(5), limit: 10 })
}

fn thread(session: &mut Session) -> Option<std::sync::Arc<ThreadView>> {
    session.client.thread(&room_id("r"), &id(5))
}

fn in_thread(seq: u64) -> Message {
    Message { thread_id: Some(id(5)), ..fixtures::message("r", "bob", seq) }
}

fn thread_seqs(session: &mut Session) -> Vec<u64> {
    thread(session).unwrap().timeline.iter().map(|message| message.seq.value()).collect()
}

#[test]
fn a_thread_is_a_window_of_its_own_and_stays_up_to_date() {
    let mut session = Session::live(100);
    assert!(thread(&mut session).is_none());
    load_thread(&mut session);
    assert!(session.changed.contains(&Key::Thread(room_id("r"), id(5))));
    let mut gets = session.take_sent(CommandKind::GetMessages);
    let (pages, first) = (gets.pop().unwrap(), gets.pop().unwrap());
    assert!(matches!(&first.0, Command::GetMessages(get) if get.around == Some(Place::Message(id(5)))));
    assert!(matches!(&pages.0, Command::GetMessages(get) if get.thread_id == Some(id(5))));
    assert!(thread(&mut session).unwrap().loading_older);

    session.event(posted(in_thread(101)));
    session.event(new_message(102));
    let mut changed_meanwhile = in_thread(40);
    changed_meanwhile.rev = Rev::new(103);
    session.event(Event::MessageEdited(Box::new(changed(changed_meanwhile.clone()))));
    answer(&mut session, pages.1.unwrap(), [20, 40, 90].map(in_thread).to_vec(), true);
    answer(&mut session, first.1.unwrap(), messages([5]), true);
    assert_eq!(thread_seqs(&mut session), [20, 40, 90, 101]);
    let view = thread(&mut session).unwrap();
    assert_eq!(view.timeline.at(Seq::new(40)).unwrap().as_ref(), &changed_meanwhile);
    assert_eq!((view.first.as_ref().unwrap().id.clone(), view.has_older, view.loading_older), (id(5), true, false));

    let mut root = edited(5, 104);
    root.thread = Some(ThreadSummary { count: 4, last_at: Timestamp::new(9) });
    let updated = roomcast_protocol::event::MessageUpdated { message: root.clone(), by: None, rev: root.rev };
    session.event(Event::MessageUpdated(Box::new(updated)));
    assert_eq!(thread(&mut session).unwrap().first.as_deref(), Some(&root));

    load_thread(&mut session);
    let (get, ack) = asked(&mut session);
    assert_eq!((get.before, get.thread_id), (Some(Seq::new(20)), Some(id(5))));
    answer(&mut session, ack, [8, 9].map(in_thread).to_vec(), false);
    assert_eq!(
        (thread_seqs(&mut session), thread(&mut session).unwrap().has_older),
        (vec![8, 9, 20, 40, 90, 101], false)
    );

    session.command(UserCommand::CloseThread { room_id: room_id("r"), thread_id: id(5) });
    assert!(session.changed.contains(&Key::Thread(room_id("r"), id(5))) && thread(&mut session).is_none());
}

#[test]
fn a_thread_shows_the_users_own_answers_while_they_are_on_their_way() {
    let mut session = Session::live(100);
    load_thread(&mut session);
    let (_, ack) = asked(&mut session);
    answer(&mut session, ack, vec![in_thread(20)], false);
    session.request(Command::SendMessage(roomcast_protocol::command::SendMessage {
        thread_id: Some(id(5)),
        ..send("r", "mine")
    }));
    session.post("r", "elsewhere");
    assert_eq!((thread(&mut session).unwrap().pending.len(), session.room().pending.len()), (1, 2));
    let (send, ack) = session.take_posts().remove(0);
    let message = Message { thread_id: Some(id(5)), ..stored(&send, 101) };
    let rev = message.rev;
    session.answer(ack, &Ok(Reply::SendMessage(reply::MessageStored { message, rev })));
    let view = thread(&mut session).unwrap();
    assert_eq!((view.timeline.last().unwrap().content.as_str(), view.pending.len()), ("mine", 0));

    let delete = UserCommand::Delete { room_id: room_id("r"), target: id(20).into() };
    session.command(delete);
    let shown = thread(&mut session).unwrap();
    assert!(shown.timeline.first().unwrap().deleted_at.is_some(), "a change shows before it is taken");
}

#[test]
fn what_does_not_change_a_thread_leaves_its_view() {
    let mut session = Session::live(100);
    load_thread(&mut session);
    let (_, ack) = asked(&mut session);
    answer(&mut session, ack, vec![in_thread(20)], false);
    let before = thread(&mut session).unwrap();
    session.event(new_message(101));
    assert!(!session.changed.iter().any(|key| matches!(key, Key::Thread(..))));
    assert!(std::sync::Arc::ptr_eq(&before, &thread(&mut session).unwrap()));
}

#[test]
fn g10_a_thread_is_asked_for_anew_after_a_reset() {
    let mut session = Session::live(100);
    load_thread(&mut session);
    let (_, ack) = asked(&mut session);
    answer(&mut session, ack, [20, 90].map(in_thread).to_vec(), true);
    session.reconnect();
    session.enter_with(Vec::new(), vec![reset(5_000, 4_991..=5_000)]);
    let (get, ack) = asked(&mut session);
    assert_eq!((get.thread_id, get.before), (Some(id(5)), Some(Seq::new(5_001))));
    answer(&mut session, ack, [90, 3_000].map(in_thread).to_vec(), true);
    assert_eq!(thread_seqs(&mut session), [90, 3_000]);
}
