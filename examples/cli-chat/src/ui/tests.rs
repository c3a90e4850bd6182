use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{Event, KeyCode, KeyModifiers},
};

use super::draw;
use crate::{app::AppEvent, world::World};

fn screen(world: &mut World, columns: u16, lines: u16) -> Vec<String> {
    world.update(AppEvent::Terminal(Event::Resize(columns, lines)));
    let mut terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
    terminal.draw(|frame| draw(frame, &world.app)).unwrap();
    let cells = terminal.backend().buffer().content().chunks(usize::from(columns));
    cells.map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>().trim_end().to_owned()).collect()
}

fn conversation() -> World {
    let mut world = World::live();
    world.hear("bob", 1, "Hello Alice");
    world.send("Hello Bob");
    world.settle(2);
    world.read("bob", 2);
    world.typing("bob");
    world
}

#[test]
fn a_usual_screen_has_rooms_people_and_the_conversation() {
    let shown = screen(&mut conversation(), 80, 14).join("\n");
    let wanted = " #general  3 of 3 here                                              ● connected
 ROOMS           │
 #general        │
 #random         │
                 │
                 │·· The beginning of #general ································
                 │── Today ────────────────────────────────────────────────────
 PEOPLE 3        │12:00 Bob
 ● Alice (you)   │      Hello Alice
 ● Bob           │12:00 Alice
 ◐ Carol         │      Hello Bob ✓✓1
                 │ Bob is typing…
                 │›
 Alice at 127.0.0.1:3000                           F1 help  Tab rooms  Esc quit";
    assert_eq!(strip(&shown), strip(wanted));
}

/// Without what is only length.
fn strip(screen: &str) -> Vec<String> {
    screen.lines().map(|line| line.trim_end_matches(['─', '·', ' ']).to_owned()).collect()
}

#[test]
fn a_wide_screen_gives_people_a_column() {
    let shown = screen(&mut conversation(), 110, 14);
    assert!(shown[1].contains("│ PEOPLE 3"), "{shown:#?}");
    assert!(shown[3].ends_with("│ ● Bob"), "{shown:#?}");
}

#[test]
fn a_small_screen_keeps_what_is_said() {
    let shown = screen(&mut conversation(), 40, 12);
    assert_eq!(
        shown[4..],
        [
            "── Today ───────────────────────────────",
            "12:00 Bob",
            "      Hello Alice",
            "12:00 Alice",
            "      Hello Bob ✓✓1",
            " Bob is typing…",
            "›",
            " Alice at 127.0.0.1:3000",
        ]
    );
}

#[test]
fn a_lost_connection_is_said_and_nobody_is_claimed_to_be_here() {
    let mut world = conversation();
    world.lose();
    world.send("Are you with us?");
    let shown = screen(&mut world, 80, 14).join("\n");
    for wanted in ["not connected, again in", "3 members", "1 message waits; it broke", "Are you with us? …", "? Bob"]
    {
        assert!(shown.contains(wanted), "{wanted} is missing:\n{shown}");
    }
    assert!(!shown.contains("here") && !shown.contains("typing"), "{shown}");
}

#[test]
fn a_server_that_is_slow_to_answer_is_said_before_its_silence_proves_it_dead() {
    let mut world = conversation();
    world.send("Hm?");
    assert!(screen(&mut world, 80, 14)[13].contains("F1 help"));
    world.wait(1);
    assert!(screen(&mut world, 80, 14)[13].contains("1 message waits; the server is slow"));
}

#[test]
fn before_there_is_a_server_words_wait() {
    let mut world = World::offline();
    world.send("Early");
    let shown = screen(&mut world, 80, 14).join("\n");
    assert!(shown.contains("waiting to enter #general") && shown.contains("Early …"), "{shown}");
}

#[test]
fn unread_and_mentions_are_counted_at_the_room() {
    let mut world = conversation();
    world.key(KeyCode::Tab, KeyModifiers::NONE);
    world.hear("bob", 3, "one");
    assert!(screen(&mut world, 80, 14).iter().any(|line| line.starts_with(" #general       1│")));
    let mut message = world.message("bob", 4, "@alice");
    message.mentions = vec![crate::world::user_id("alice")];
    world.post(message);
    let shown = screen(&mut world, 80, 14);
    assert!(shown.iter().any(|line| line.starts_with(" #general      @1│")), "{shown:#?}");
}

#[test]
fn help_fits_and_no_size_breaks_it() {
    let mut world = conversation();
    world.key(KeyCode::F(1), KeyModifiers::NONE);
    let help = screen(&mut world, 80, 24).join("\n");
    for command in ["PageUp", "/join ROOM", "/quit", "any key closes"] {
        assert!(help.contains(command), "{command} is missing:\n{help}");
    }
    for (columns, lines) in [(1, 1), (2, 3), (10, 4), (40, 12), (59, 9), (95, 5), (200, 60)] {
        world.key(KeyCode::F(1), KeyModifiers::NONE);
        screen(&mut world, columns, lines);
        world.key(KeyCode::Esc, KeyModifiers::NONE);
        screen(&mut world, columns, lines);
    }
}
