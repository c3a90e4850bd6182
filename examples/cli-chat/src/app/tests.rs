use ratatui::crossterm::event::{Event, KeyCode, KeyModifiers};
use roomcast_client::protocol::Seq;

use super::{Action, AppEvent};
use crate::{
    timeline::Scroll,
    world::{World, room_id, user_id},
};

const CTRL: KeyModifiers = KeyModifiers::CONTROL;
const NONE: KeyModifiers = KeyModifiers::NONE;

#[test]
fn a_line_is_sent_with_those_who_are_called() {
    let mut world = World::live();
    let actions = world.write("hi @bob\n");
    let send = Action::Send { room: room_id("general"), text: "hi @bob".to_owned(), mentions: vec![user_id("bob")] };
    assert!(actions.contains(&send), "{actions:?}");
    assert!(world.app.input.is_empty());
}

#[test]
fn the_others_hear_of_typing_but_not_of_commands() {
    let mut world = World::live();
    assert_eq!(world.write("h"), [Action::Typing(room_id("general"))]);
    assert_eq!(world.key(KeyCode::Backspace, NONE), [Action::StopTyping(room_id("general"))]);
    assert_eq!(world.write("/w"), [Action::StopTyping(room_id("general"))]);
}

#[test]
fn a_wrong_command_stays_to_be_mended() {
    let mut world = World::live();
    world.write("/jion x\n");
    assert_eq!(world.app.input.text(), "/jion x");
    assert!(world.app.told.is_some());
}

#[test]
fn new_lines_come_by_alt_enter_and_ctrl_j() {
    let mut world = World::live();
    world.write("a");
    world.key(KeyCode::Enter, KeyModifiers::ALT);
    world.write("b");
    world.key(KeyCode::Char('j'), CTRL);
    assert_eq!(world.app.input.text(), "a\nb\n");
}

#[test]
fn each_room_keeps_its_draft() {
    let mut world = World::live();
    world.write("for general");
    world.key(KeyCode::Tab, NONE);
    assert_eq!((world.app.open.as_str(), world.app.input.text()), ("random", ""));
    world.key(KeyCode::BackTab, KeyModifiers::SHIFT);
    assert_eq!((world.app.open.as_str(), world.app.input.text()), ("general", "for general"));
}

#[test]
fn only_what_is_seen_is_marked_as_read() {
    let mut world = World::live();
    world.hear("bob", 1, "one");
    assert_eq!(world.app.room().unwrap().unread, 0, "in focus and at the newest");

    world.update(AppEvent::Terminal(Event::FocusLost));
    world.hear("bob", 2, "two");
    assert_eq!(world.app.room().unwrap().unread, 1, "out of focus");
    let actions = world.update(AppEvent::Terminal(Event::FocusGained));
    assert!(actions.contains(&Action::Read(room_id("general"), Seq::new(2))), "{actions:?}");

    for seq in 3..60 {
        world.hear("bob", seq, "more");
    }
    world.key(KeyCode::PageUp, NONE);
    assert_ne!(world.app.scroll, Scroll::Newest);
    world.hear("bob", 60, "unseen");
    assert_eq!(world.app.room().unwrap().unread, 1, "scrolled back");
    world.key(KeyCode::End, NONE);
    assert_eq!(world.app.room().unwrap().unread, 0);
}

#[test]
fn the_last_message_of_ones_own_is_edited_and_deleted() {
    let mut world = World::live();
    world.write("/delete\n");
    assert!(world.app.told.take().is_some(), "there is none");
    world.hear("alice", 1, "helo");
    world.hear("bob", 2, "hm");
    let id = world.message("alice", 1, "").id;
    assert!(world.write("/edit hello\n").contains(&Action::Edit(room_id("general"), id.clone(), "hello".to_owned())));
    assert!(world.write("/delete\n").contains(&Action::Delete(room_id("general"), id)));
}

#[test]
fn failed_messages_are_retried_all_and_discarded_one_by_one() {
    let mut world = World::live();
    world.send("one");
    world.send("two");
    world.refuse(0, "forbidden", "no");
    world.refuse(1, "forbidden", "no");
    let retried = world.key(KeyCode::Char('r'), CTRL);
    assert_eq!(retried.iter().filter(|action| matches!(action, Action::Retry(_))).count(), 2);
    let discarded = world.key(KeyCode::Char('x'), CTRL);
    assert_eq!(discarded.iter().filter(|action| matches!(action, Action::Discard(_))).count(), 1);
}

#[test]
fn leaving_says_first_what_would_be_lost() {
    let mut world = World::offline();
    world.send("waiting");
    world.key(KeyCode::Esc, NONE);
    assert!(!world.app.done && world.app.told.is_some());
    world.key(KeyCode::Esc, NONE);
    assert!(world.app.done);

    let mut world = World::live();
    world.key(KeyCode::Char('c'), CTRL);
    assert!(world.app.done, "nothing would be lost");
}

#[test]
fn a_key_closes_a_panel_and_does_nothing_else() {
    let mut world = World::live();
    world.key(KeyCode::F(1), NONE);
    assert!(world.app.panel.is_some());
    world.write("x");
    assert!(world.app.panel.is_none() && world.app.input.is_empty());
}

#[test]
fn a_room_that_cannot_be_entered_says_so() {
    let mut world = World::live();
    let actions = world.write("/join secret\n");
    assert!(actions.contains(&Action::Join(room_id("secret"))));
    assert!(world.app.rooms().contains(&room_id("secret")));
    world.update(AppEvent::NotJoined(room_id("secret"), "there is no such room".to_owned()));
    assert!(world.app.joining.is_empty() && world.app.told.is_some());
}
