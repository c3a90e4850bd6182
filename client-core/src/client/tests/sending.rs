use roomcast_protocol::{
    Command, CommandKind, ErrorCode, Reply, Rev,
    command::SendMessage,
    model::{Message, ThreadSummary},
    reply::MessageStored,
};

use super::{connecting::up_to_date, harness::*};
use crate::{
    Answer, Input, Notice, Saved, SavedItem, StorageChange, StorageError, Task, UserCommand, fixtures::message,
    view::SendStatus,
};

#[test]
fn a_send_is_shown_at_once_and_resolved_by_its_acknowledgement() {
    let mut session = Session::live(1);
    let id = session.post("r", "hi");
    assert_eq!(session.statuses(), [SendStatus::Sent]);
    let (send, ack) = session.take_posts().remove(0);
    session.ack_post(&send, ack, 2);
    assert!(matches!(&session.resolved[&id], Ok(Answer::Reply(reply)) if matches!(**reply, Reply::SendMessage(_))));
    assert_eq!((session.seqs(), session.statuses()), (vec![1, 2], vec![]));
    assert_eq!(session.told(), [2]);
}

#[test]
fn g9_an_echo_is_merged_whichever_of_ack_and_event_comes_first() {
    for event_first in [true, false] {
        let mut session = Session::live(1);
        let id = session.post("r", "hi");
        let (send, ack) = session.take_posts().remove(0);
        if event_first {
            session.event(posted(stored(&send, 2)));
            assert!(session.statuses().is_empty(), "never twice on the screen");
            session.ack_post(&send, ack, 2);
        } else {
            session.ack_post(&send, ack, 2);
            session.event(posted(stored(&send, 2)));
        }
        assert!(session.resolved[&id].is_ok());
        assert_eq!((session.seqs(), session.statuses(), session.told()), (vec![1, 2], vec![], vec![2]));
    }
}

#[test]
fn g9_the_answer_to_a_repeated_send_is_the_message_as_it_is_now() {
    for event_first in [true, false] {
        let mut session = Session::live(1);
        session.post("r", "hi");
        let (send, ack) = session.take_posts().remove(0);
        let edited = Message { content: "hi!".to_owned(), rev: Rev::new(4), version: 2, ..stored(&send, 2) };
        let answer = Ok(Reply::SendMessage(MessageStored { rev: edited.rev, message: edited }));
        if event_first {
            session.event(posted(stored(&send, 2)));
            session.answer(ack, &answer);
            assert_eq!(session.room().timeline.last().unwrap().content, "hi!", "shown whatever is missing before it");
        } else {
            session.answer(ack, &answer);
            session.event(posted(stored(&send, 2)));
        }
        assert_eq!((session.seqs(), session.statuses(), session.told()), (vec![1, 2], vec![], vec![2]));
        session.event(new_message(3));
        assert_eq!((session.seqs(), session.statuses(), session.told()), (vec![1, 2, 3], vec![], vec![2, 3]));
        assert_eq!(session.room().timeline.iter().nth(1).unwrap().content, "hi!");
    }
}

#[test]
fn g9_the_answer_to_a_repeated_send_does_not_stand_for_a_reply_to_it() {
    let mut session = Session::live(1);
    session.post("r", "hi");
    let (send, ack) = session.take_posts().remove(0);
    session.event(posted(stored(&send, 2)));
    let reply = Message { thread_id: Some(stored(&send, 2).id), ..message("r", "bob", 3) };
    let thread = Some(ThreadSummary { count: 1, last_at: reply.created_at });
    let answered = Message { thread, rev: Rev::new(3), ..stored(&send, 2) };
    session.answer(ack, &Ok(Reply::SendMessage(MessageStored { rev: answered.rev, message: answered })));
    session.event(posted(reply));
    assert_eq!((session.seqs(), session.told()), (vec![1, 2, 3], vec![2, 3]));
}

#[test]
fn an_acknowledged_message_behind_a_gap_stays_in_sight() {
    let mut session = Session::live(1);
    session.post("r", "hi");
    let (send, ack) = session.take_posts().remove(0);
    session.ack_post(&send, ack, 3);
    assert_eq!((session.seqs(), session.statuses()), (vec![1], vec![SendStatus::Delivered]));
    session.event(new_message(2));
    assert_eq!((session.seqs(), session.statuses()), (vec![1, 2, 3], vec![]));
}

#[test]
fn g11_unacked_sends_are_resent_with_the_same_client_id_in_order() {
    let mut session = Session::live(1);
    let ids: Vec<_> = ["a", "b", "c"].map(|text| session.post("r", text)).to_vec();
    let first: Vec<_> = session.take_posts().into_iter().map(|(send, _)| send).collect();
    session.reconnect();
    assert!(session.take_posts().is_empty(), "nothing is sent before the initial state");
    session.enter_with(Vec::new(), vec![up_to_date(1)]);
    let again = session.take_posts();
    assert_eq!(again.iter().map(|(send, _)| send.clone()).collect::<Vec<_>>(), first);
    for (place, (send, ack)) in again.iter().enumerate() {
        session.ack_post(send, *ack, 2 + place as u64);
    }
    assert!(ids.iter().all(|id| session.resolved[id].is_ok()));
    assert_eq!(session.seqs(), [1, 2, 3, 4]);
}

#[test]
fn g11_a_send_stored_before_the_connection_died_is_one_message() {
    let mut session = Session::live(1);
    let id = session.post("r", "once");
    let (send, _) = session.take_posts().remove(0);
    session.reconnect();
    let mut delta = up_to_date(2);
    delta.kind = roomcast_protocol::model::DeltaKind::Delta;
    delta.messages = vec![stored(&send, 2)];
    session.enter_with(Vec::new(), vec![delta]);
    assert!(session.resolved[&id].is_ok(), "the resume says that it is there");
    assert!(session.take_posts().is_empty());
    assert_eq!((session.seqs(), session.statuses()), (vec![1, 2], vec![]));
}

#[test]
fn g11_a_replayed_send_with_an_old_rev_is_merged_without_skipping() {
    let mut session = Session::live(5);
    let id = session.post("r", "old");
    let (send, ack) = session.take_posts().remove(0);
    session.ack_post(&send, ack, 3);
    assert!(session.resolved[&id].is_ok());
    session.event(new_message(6));
    assert_eq!(session.seqs(), [5, 6]);
}

#[test]
fn g11_at_most_so_many_are_in_flight_as_the_server_lets() {
    let mut session = Session::live(1);
    for n in 0..50 {
        session.post("r", &n.to_string());
    }
    let flight = session.take_posts();
    assert_eq!(flight.len(), 32);
    session.ack_post(&flight[0].0, flight[0].1, 2);
    assert_eq!(session.take_posts().len(), 1);
}

#[test]
fn g11_a_passing_refusal_holds_the_room_back_in_order() {
    let mut session = Session::live(1);
    for text in ["a", "b"] {
        session.post("r", text);
    }
    for (_, ack) in session.take_posts() {
        session.reject(ack, ErrorCode::RateLimited, Some(700));
    }
    session.post("r", "c");
    session.post("s", "elsewhere");
    let sent: Vec<_> = session.take_posts().into_iter().map(|(send, _)| send.content).collect();
    assert_eq!(sent, ["elsewhere"], "only that room waits");
    session.advance(699);
    assert!(session.take_posts().is_empty());
    session.advance(1);
    for (seq, text) in [(2, "a"), (3, "b"), (4, "c")] {
        let head = session.take_posts();
        assert_eq!((head.len(), head[0].0.content.as_str()), (1, text), "one at a time, from the head");
        session.ack_post(&head[0].0, head[0].1, seq);
    }
    assert_eq!(session.seqs(), [1, 2, 3, 4]);
}

#[test]
fn g11_after_a_refusal_what_is_in_flight_is_waited_for() {
    let mut session = Session::live(1);
    for text in ["a", "b"] {
        session.post("r", text);
    }
    let posts = session.take_posts();
    session.reject(posts[0].1, ErrorCode::Unavailable, Some(10));
    session.advance(1_000);
    assert!(session.take_posts().is_empty());
    session.reject(posts[1].1, ErrorCode::Unavailable, Some(10));
    session.advance(10);
    assert_eq!(session.take_posts()[0].0.content, "a");
}

#[test]
fn g11_bursts_are_paced_below_the_servers_limit() {
    let mut session = Session::new();
    session.connect();
    session.accept();
    let roomcast_protocol::Event::InitialState(mut state) = initial_state(vec![room_state("r", 1)], Vec::new()) else {
        unreachable!()
    };
    state.limits.sends_per_second = 10;
    session.event(roomcast_protocol::Event::InitialState(state));
    for n in 0..25 {
        session.post("r", &n.to_string());
    }
    assert_eq!(session.take_posts().len(), 20);
    session.advance(300);
    assert_eq!(session.take_posts().len(), 3);
}

#[test]
fn g11_a_final_refusal_parks_one_and_lets_the_others_go_on() {
    let mut session = Session::live(1);
    let (bad, good) = (session.post("r", "bad"), session.post("r", "good"));
    let posts = session.take_posts();
    session.reject(posts[0].1, ErrorCode::Forbidden, None);
    session.ack_post(&posts[1].0, posts[1].1, 2);
    assert_eq!(session.error(bad), ErrorCode::Forbidden);
    assert!(session.resolved[&good].is_ok());
    assert!(matches!(&session.statuses()[..], [SendStatus::Failed(error)] if error.code == ErrorCode::Forbidden));
    assert!(session.notices.iter().any(|notice| matches!(notice, Notice::SendFailed(..))));

    let client_id = posts[0].0.client_id.clone().unwrap();
    let retry = session.command(UserCommand::Revise { client_id: client_id.clone(), content: "better".to_owned() });
    let (send, ack) = session.take_posts().remove(0);
    assert_eq!((send.content.as_str(), send.client_id.as_ref()), ("better", Some(&client_id)));
    session.ack_post(&send, ack, 3);
    assert!(session.resolved[&retry].is_ok());
    assert!(session.statuses().is_empty());
}

#[test]
fn g11_a_fault_of_the_servers_own_is_tried_five_times() {
    let mut session = Session::live(1);
    let id = session.post("r", "poison");
    for _ in 0..5 {
        let (_, ack) = session.take_posts().pop().expect("it is tried");
        session.reject(ack, ErrorCode::Internal, None);
        session.advance(10_000);
    }
    assert!(session.take_posts().is_empty());
    assert_eq!(session.error(id), ErrorCode::Internal);
}

#[test]
fn a_send_without_an_answer_is_sent_again_after_its_deadline() {
    let mut session = Session::live(1);
    session.post("r", "hi");
    let (first, _) = session.take_posts().remove(0);
    session.advance(25_000);
    let again = session.take_posts();
    assert_eq!(again[0].0, first);
}

#[test]
fn discarding_resolves_the_send_and_the_discard() {
    let mut session = Session::new();
    let id = session.post("r", "never mind");
    let pending = session.client.pending(&room_id("r"));
    let discard = session.command(UserCommand::Discard(pending[0].client_id.clone()));
    assert_eq!(session.error(id), ErrorCode::Gone);
    assert_eq!(session.resolved[&discard], Ok(Answer::Done));
    let unknown = session.command(UserCommand::Discard(client_id("unknown")));
    assert_eq!(session.error(unknown), ErrorCode::NotFound);
}

#[test]
fn what_was_written_without_a_connection_goes_out_with_one() {
    let mut session = Session::new();
    session.post("r", "early");
    session.connect();
    session.enter_with(vec![room_state("r", 1)], Vec::new());
    assert_eq!(session.take_posts().len(), 1);
}

#[test]
fn g11_nothing_is_sent_before_it_is_stored() {
    let mut session = Session::with_storage(Saved::default());
    session.connect();
    session.enter_with(vec![room_state("r", 1)], Vec::new());
    session.post("r", "a");
    session.post("r", "b");
    assert!(session.take_posts().is_empty());
    let (a, b) = (session.persists[0].id, session.persists[1].id);
    session.input(Input::Stored { op: b, result: Ok(()) });
    assert!(session.take_posts().is_empty(), "the first of the room is first");
    session.input(Input::Stored { op: a, result: Ok(()) });
    let posts = session.take_posts();
    assert_eq!(posts.len(), 2);
    session.ack_post(&posts[0].0, posts[0].1, 2);
    let removed = &session.persists[2].change;
    assert_eq!(removed, &StorageChange::Remove(posts[0].0.client_id.clone().unwrap()));
}

#[test]
fn g11_a_full_disk_does_not_stop_the_network() {
    let mut session = Session::with_storage(Saved::default());
    session.connect();
    session.enter_with(vec![room_state("r", 1)], Vec::new());
    session.post("r", "a");
    let op = session.persists[0].id;
    session.input(Input::Stored { op, result: Err(StorageError("full".to_owned())) });
    assert_eq!(session.take_posts().len(), 1);
    assert!(session.notices.iter().any(|notice| matches!(notice, Notice::NotStored(_))));
}

#[test]
fn g11_what_a_crash_left_behind_is_sent_in_its_order() {
    let mut before = Session::with_storage(Saved::default());
    for text in ["a", "b", "c"] {
        before.post("r", text);
    }
    let put = |op: &crate::StorageOp| match &op.change {
        StorageChange::Put(item) => item.as_ref().clone(),
        StorageChange::Remove(_) => unreachable!(),
    };
    let mut outbox: Vec<_> = before.persists.iter().map(put).collect();
    outbox.reverse();
    let json = serde_json::to_string(&Saved { outbox }).unwrap();

    let mut after = Session::with_storage(serde_json::from_str(&json).unwrap());
    after.connect();
    after.enter_with(vec![room_state("r", 1)], Vec::new());
    let sent: Vec<_> = after.take_posts().into_iter().map(|(send, _)| send.content).collect();
    assert_eq!(sent, ["a", "b", "c"]);
}

#[test]
fn mistakes_are_told_at_once_and_not_sent() {
    let mut session = Session::live(1);
    let empty = session.post("r", "");
    assert_eq!(session.error(empty), ErrorCode::BadRequest);
    let long = session.post("r", &"x".repeat(17_000));
    assert_eq!(session.error(long), ErrorCode::TooLarge);
    assert!(session.take_sent(CommandKind::SendMessage).is_empty());
}

#[test]
fn g11_nobody_speaks_in_anothers_name() {
    let mut before = Session::with_storage(Saved::default());
    before.connect();
    before.enter_with(vec![room_state("r", 1)], Vec::new());
    before.post("r", "alice's");
    let StorageChange::Put(mut item) = before.persists[0].change.clone() else { unreachable!() };
    assert_eq!(item.author, Some(user_id(ME)));
    item.author = Some(user_id("mallory"));
    let mut after = Session::with_storage(Saved { outbox: vec![*item] });
    after.connect();
    after.enter_with(vec![room_state("r", 1)], Vec::new());
    assert!(after.take_posts().is_empty());
    assert!(matches!(&after.statuses()[..], [SendStatus::Failed(error)] if error.code == ErrorCode::Forbidden));
}

#[test]
fn a_flood_in_one_room_does_not_starve_another() {
    let mut session = Session::live(1);
    for n in 0..40 {
        session.post("r", &n.to_string());
    }
    session.post("s", "me too");
    for n in 0..3 {
        session.post("a", &n.to_string());
    }
    let flight = session.take_posts();
    for (place, (send, ack)) in flight.iter().take(9).enumerate() {
        session.ack_post(send, *ack, 2 + place as u64);
    }
    assert_eq!(session.take_posts().last().unwrap().0.content, "me too");
}

#[test]
fn g11_a_message_kept_from_before_and_posted_again_is_waited_for_and_sent_once() {
    let kept = SavedItem {
        task: Task::Send(SendMessage { client_id: Some(client_id("c-1")), ..send("r", "hi") }),
        author: None,
        order: 0,
        created_ms: 1,
        failed: None,
    };
    let mut session = Session::with_storage(Saved { outbox: vec![kept] });
    let again = SendMessage { client_id: Some(client_id("c-1")), ..send("r", "hi") };
    let first = session.request(Command::SendMessage(again.clone()));
    let second = session.request(Command::SendMessage(again));
    assert_eq!(session.error(second), ErrorCode::Conflict, "somebody waits for it already");
    session.connect();
    session.enter_with(vec![room_state("r", 0)], Vec::new());
    let posts = session.take_posts();
    let [(post, id)] = &posts[..] else { panic!("it goes out once: {posts:?}") };
    session.ack_post(post, *id, 1);
    assert!(session.resolved[&first].is_ok());
}
