use roomcast_client::protocol::{Rev, Timestamp, model::MessageType};

use super::{Row, Scroll, Step, window};
use crate::world::{NOON_MS, World, user_id};

fn texts(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.line.to_string().trim_end().to_owned()).collect()
}

/// What stands below the beginning and the day, without the rules' length.
fn shown(world: &World) -> Vec<String> {
    texts(&world.app.rows()).into_iter().filter(|row| !row.starts_with("··") && !row.starts_with("── Today")).collect()
}

#[test]
fn messages_are_grouped_by_author_and_time() {
    let mut world = World::live();
    world.hear("bob", 1, "hello");
    world.hear("bob", 2, "how are you?");
    world.wait(2);
    world.hear("bob", 3, "well?");
    world.hear("carol", 4, "fine");
    world.wait(10);
    world.hear("carol", 5, "later");
    assert_eq!(
        shown(&world),
        [
            "12:00 Bob",
            "      hello",
            "      how are you?",
            "12:02 well?",
            "12:02 Carol",
            "      fine",
            "12:12 Carol",
            "      later",
        ]
    );
}

#[test]
fn each_day_begins_with_a_line() {
    let mut world = World::live();
    world.hear("bob", 1, "good night");
    world.wait(24 * 60);
    world.hear("bob", 2, "good morning");
    let rows = texts(&world.app.rows());
    let days: Vec<_> = rows.iter().filter(|row| row.starts_with("── ")).collect();
    assert_eq!(days.len(), 2);
    assert!(days[0].starts_with("── Yesterday ─") && days[1].starts_with("── Today ─"), "{days:?}");
}

#[test]
fn a_message_is_pending_until_the_server_has_it_and_read_once_somebody_read_it() {
    let mut world = World::live();
    world.send("hello");
    assert_eq!(shown(&world), ["12:00 Alice", "      hello …"]);
    world.lose();
    assert_eq!(shown(&world), ["12:00 Alice", "      hello …"], "what is lost on the wire still waits");

    let mut world = World::live();
    world.send("hello");
    world.settle(1);
    assert_eq!(shown(&world), ["12:00 Alice", "      hello ✓"]);
    world.read("bob", 1);
    assert_eq!(shown(&world), ["12:00 Alice", "      hello ✓✓1"]);
}

#[test]
fn a_failed_message_says_why_and_what_to_do() {
    let mut world = World::live();
    world.send("hello");
    // The commands before it asked for nothing: the send is the connection's first.
    world.refuse(0, "forbidden", "unable to send; only moderators may");
    let rows = shown(&world);
    assert_eq!(rows[1], "      hello ✗");
    assert_eq!(rows[2], "      not sent: unable to send; only moderators may");
    assert!(rows.last().unwrap().contains("Ctrl+X discards it"), "{rows:?}");
}

#[test]
fn changes_show() {
    let mut world = World::live();
    world.hear("bob", 1, "helo");
    let mut edited = world.message("bob", 1, "hello");
    (edited.rev, edited.edited_at) = (Rev::new(2), Some(Timestamp::new(NOON_MS)));
    world.change(edited);
    assert_eq!(shown(&world)[1], "      hello (edited)");
    let mut deleted = world.message("bob", 1, "");
    (deleted.rev, deleted.deleted_at) = (Rev::new(3), Some(Timestamp::new(NOON_MS)));
    world.change(deleted);
    assert_eq!(shown(&world)[1], "      message deleted");
}

#[test]
fn replies_reactions_and_the_servers_words_show() {
    let mut world = World::live();
    world.hear("bob", 1, "who comes?");
    let mut reply = world.message("carol", 2, "me");
    reply.reply_to = Some(world.message("bob", 1, "").id);
    world.post(reply);
    let mut system = world.message("roomcast", 3, "Dan joined");
    system.kind = MessageType::System;
    world.post(system);
    assert_eq!(shown(&world)[2..], ["12:00 Carol", "      ↪ Bob: who comes?", "      me", "      Dan joined"]);
}

#[test]
fn who_is_no_member_keeps_their_name() {
    let mut world = World::live();
    world.hear("zoe", 1, "goodbye");
    assert_eq!(shown(&world)[0], "12:00 Zoe");
}

#[test]
fn names_and_words_of_others_cannot_command_the_terminal() {
    let mut world = World::live();
    world.hear("bob", 1, "\u{1b}[31mred\u{7} \u{202e}gpj.exe");
    let all = shown(&world).join("\n");
    assert!(!all.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{all:?}");
}

#[test]
fn what_is_new_is_divided_from_what_was_read() {
    let mut world = World::live();
    world.hear("bob", 1, "old");
    world.update(crate::app::AppEvent::Terminal(ratatui::crossterm::event::Event::FocusLost));
    world.hear("bob", 2, "new");
    world.hear("bob", 3, "newer");
    let rows = shown(&world);
    assert!(rows[2].starts_with("── new ─"), "{rows:?}");
    assert_eq!(rows[3..], ["12:00 Bob", "      new", "      newer"]);
    assert_eq!(rows.iter().filter(|row| row.starts_with("── new")).count(), 1);
}

#[test]
fn a_mention_is_set_apart() {
    let mut world = World::live();
    let mut message = world.message("bob", 1, "@Alice look");
    message.mentions = vec![user_id("alice")];
    world.post(message);
    world.hear("bob", 2, "never mind");
    let rows = world.app.rows();
    let style = |row: &Row| row.line.spans.last().unwrap().style;
    assert_ne!(style(&rows[rows.len() - 2]), style(&rows[rows.len() - 1]));
}

#[test]
fn no_row_is_wider_than_the_screen() {
    for columns in [10, 22, 40, 62, 200] {
        let mut world = World::live();
        world.update(crate::app::AppEvent::Terminal(ratatui::crossterm::event::Event::Resize(columns, 24)));
        world.hear("bob", 1, "日本語 and a-very-long-word-that-does-not-fit-anywhere-at-all 👩‍🚀👩‍🚀👩‍🚀👩‍🚀👩‍🚀");
        world.send("of one's own, with a mark behind it, and long enough to be broken more than once");
        let width = usize::from(world.app.areas().timeline.width);
        for row in world.app.rows() {
            assert!(row.line.width() <= width, "{columns}: {}", row.line);
        }
    }
}

#[test]
fn what_is_read_does_not_move_when_something_comes() {
    let mut world = World::live();
    for seq in 1..=50 {
        world.hear(if seq % 2 == 0 { "bob" } else { "carol" }, seq, &format!("message {seq}"));
    }
    let sight = |world: &World, scroll| {
        let rows = world.app.rows();
        texts(&rows[window(&rows, 10, scroll)])
    };
    let rows = world.app.rows();
    let scroll = Scroll::Newest.step(&rows, 10, Step::Up(20));
    assert_ne!(scroll, Scroll::Newest);
    let before = sight(&world, scroll);
    world.hear("bob", 51, "something");
    world.send("something else");
    assert_eq!(sight(&world, scroll), before);

    let rows = world.app.rows();
    let top = scroll.step(&rows, 10, Step::Up(10_000));
    assert_eq!(window(&rows, 10, top).start, 0);
    assert_eq!(top.step(&rows, 10, Step::Down(10_000)), Scroll::Newest);
    assert_eq!(Scroll::Newest.step(&rows, 1_000, Step::Up(5)), Scroll::Newest, "all is in sight");
}
