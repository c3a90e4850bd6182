use roomcast_protocol::{
    Command, CommandKind, ErrorCode, Event, Reply, Seq, Timestamp,
    command::{MarkRead, ReadUpTo},
    event, reply,
};

use super::{connecting::up_to_date, harness::*};
use crate::{CommandId, UserCommand, fixtures};

fn mark(session: &mut Session, seq: u64) -> CommandId {
    let read = ReadUpTo { room_id: room_id("r"), up_to_seq: Seq::new(seq) };
    session.request(Command::MarkRead(MarkRead::UpTo(read)))
}

fn marks(session: &mut Session) -> Vec<(u64, u64)> {
    let mark = |(command, id)| match command {
        Command::MarkRead(MarkRead::UpTo(read)) => (ReadUpTo::clone(&read).up_to_seq.value(), Option::unwrap(id)),
        _ => unreachable!(),
    };
    session.take_sent(CommandKind::MarkRead).into_iter().map(mark).collect()
}

fn unread(session: &mut Session) -> (u64, u64) {
    let room = session.room();
    (room.unread, room.mentions)
}

#[test]
fn g12_unread_counts_what_is_behind_the_cursor_not_mine_and_not_deleted() {
    let mut session = Session::live(1);
    session.event(new_message(2));
    let mut mention = fixtures::message("r", "bob", 3);
    mention.mentions = vec![user_id(ME)];
    session.event(posted(mention.clone()));
    session.event(posted(fixtures::message("r", ME, 4)));
    assert_eq!(unread(&mut session), (2, 1));
    mention.deleted_at = Some(Timestamp::new(1));
    mention.rev = roomcast_protocol::Rev::new(5);
    session.event(Event::MessageDeleted(Box::new(changed(mention))));
    assert_eq!(unread(&mut session), (1, 0));
}

#[test]
fn g12_reading_counts_anew_at_once() {
    let mut session = Session::live(1);
    for seq in 2..=6 {
        session.event(new_message(seq));
    }
    mark(&mut session, 4);
    assert_eq!(unread(&mut session), (2, 0));
    mark(&mut session, 3);
    assert_eq!(unread(&mut session), (2, 0), "a cursor never goes back");
    mark(&mut session, 99);
    assert_eq!((unread(&mut session), session.room().read_seq), ((0, 0), Seq::new(6)));
}

#[test]
fn g12_the_servers_count_is_kept_where_the_timeline_does_not_reach() {
    let mut session = Session::new();
    session.connect();
    let mut state = room_state("r", 100);
    (state.read_seq, state.unread) = (Seq::new(50), 40);
    session.enter_with(vec![state], Vec::new());
    session.event(new_message(101));
    assert_eq!(unread(&mut session).0, 41);
    mark(&mut session, 100);
    assert_eq!(unread(&mut session).0, 1, "the timeline reaches that far");
}

#[test]
fn g12_marks_are_coalesced_one_at_a_time_and_the_newest_wins() {
    let mut session = Session::live(1);
    for seq in 2..=6 {
        session.event(new_message(seq));
    }
    for seq in 2..=6 {
        let id = mark(&mut session, seq);
        assert!(session.resolved[&id].is_ok());
    }
    let sent = marks(&mut session);
    assert_eq!(sent.len(), 1);
    session.answer(sent[0].1, &Ok(Reply::MarkRead(reply::Done {})));
    let sent = marks(&mut session);
    assert_eq!((sent.len(), sent[0].0), (1, 6));
    session.answer(sent[0].1, &Ok(Reply::MarkRead(reply::Done {})));
    assert!(marks(&mut session).is_empty());
}

#[test]
fn g12_a_mark_survives_its_connection() {
    let mut session = Session::live(1);
    session.event(new_message(2));
    mark(&mut session, 2);
    marks(&mut session);
    session.reconnect();
    session.enter_with(Vec::new(), vec![up_to_date(2)]);
    let sent = marks(&mut session);
    assert_eq!(sent[0].0, 2);
    session.reject(sent[0].1, ErrorCode::Overloaded, Some(100));
    session.advance(100);
    assert_eq!(marks(&mut session).len(), 1);
}

#[test]
fn g12_reading_on_another_device_counts_here() {
    let mut session = Session::live(1);
    session.event(new_message(2));
    let read = |user: &str, seq| {
        let read_seq = Seq::new(seq);
        let message_ids = Vec::new();
        Event::MessagesRead(Box::new(event::MessagesRead {
            user_id: user_id(user),
            message_ids,
            room_id: room_id("r"),
            read_seq,
        }))
    };
    session.event(read(ME, 2));
    assert_eq!(unread(&mut session), (0, 0));
    session.event(read("carol", 2));
    let room = session.room();
    assert_eq!(room.read_by(room.timeline.last().unwrap()), 2, "by carol and by me, for it is bob's");
    session.event(read("carol", 1));
    assert_eq!(session.room().receipts[&user_id("carol")], Seq::new(2));
}

#[test]
fn a_page_of_the_past_goes_before_the_timeline() {
    let mut session = Session::live(10);
    assert!(session.room().has_older);
    let id = session.command(UserCommand::LoadOlder { room_id: room_id("r"), limit: 5 });
    assert!(session.room().loading_older);
    let (command, ack) = session.take_sent(CommandKind::GetMessages).remove(0);
    assert!(matches!(command, Command::GetMessages(get) if get.before == Some(Seq::new(10)) && get.limit == Some(5)));
    let messages = (5..=9).map(|seq| fixtures::message("r", "bob", seq)).collect();
    session.answer(
        ack.unwrap(),
        &Ok(Reply::GetMessages(reply::Messages { messages, has_more: true, authors: Vec::new() })),
    );
    assert!(session.resolved[&id].is_ok());
    assert_eq!(session.seqs(), [5, 6, 7, 8, 9, 10]);
    assert!(session.room().has_older && !session.room().loading_older);
    assert!(session.told().is_empty(), "the past is not news");
}

#[test]
fn g12_a_refused_mark_is_taken_back_with_what_came_meanwhile() {
    let mut session = Session::live(1);
    for seq in 2..=4 {
        session.event(new_message(seq));
    }
    mark(&mut session, 4);
    assert_eq!(unread(&mut session), (0, 0));
    session.event(new_message(5));
    let (_, ack) = marks(&mut session)[0];
    session.reject(ack, ErrorCode::Forbidden, None);
    assert_eq!((unread(&mut session), session.room().read_seq), ((4, 0), Seq::new(1)));
    assert_eq!(session.room().receipts[&user_id(ME)], Seq::new(1));
    assert!(session.notices.iter().any(|notice| matches!(notice, crate::Notice::ReadRefused(..))));
}

#[test]
fn g12_what_another_device_has_read_stays_read() {
    let mut session = Session::live(1);
    for seq in 2..=4 {
        session.event(new_message(seq));
    }
    mark(&mut session, 4);
    let (_, ack) = marks(&mut session)[0];
    let read = event::MessagesRead {
        user_id: user_id(ME),
        message_ids: Vec::new(),
        room_id: room_id("r"),
        read_seq: Seq::new(3),
    };
    session.event(Event::MessagesRead(Box::new(read)));
    session.reject(ack, ErrorCode::Forbidden, None);
    assert_eq!((unread(&mut session), session.room().read_seq), ((1, 0), Seq::new(3)));
}

#[test]
fn g12_an_acknowledged_mark_is_not_taken_back_by_the_next() {
    let mut session = Session::live(1);
    for seq in 2..=6 {
        session.event(new_message(seq));
    }
    mark(&mut session, 3);
    let (_, first) = marks(&mut session)[0];
    mark(&mut session, 5);
    session.answer(first, &Ok(Reply::MarkRead(reply::Done {})));
    let (_, second) = marks(&mut session)[0];
    session.reject(second, ErrorCode::Forbidden, None);
    assert_eq!((unread(&mut session), session.room().read_seq), ((3, 0), Seq::new(3)));
}

#[test]
fn g12_mentions_of_a_deleted_message_that_is_not_here_are_counted_anew() {
    let mut session = Session::new();
    session.connect();
    let mut state = room_state("r", 10);
    (state.read_seq, state.unread, state.mentions) = (Seq::new(2), 8, 2);
    session.enter_with(vec![state], Vec::new());
    let mut gone = fixtures::message("r", "bob", 5);
    (gone.rev, gone.deleted_at) = (roomcast_protocol::Rev::new(11), Some(Timestamp::new(1)));
    gone.content.clear();
    session.event(Event::MessageDeleted(Box::new(changed(gone))));
    let asked = session.take_sent(CommandKind::GetMessages);
    assert_eq!(asked.len(), 1, "whom it mentioned, only the server can tell");
}
