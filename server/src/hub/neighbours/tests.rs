use roomcast_protocol::model::Availability;

use super::*;

fn node(name: &str) -> NodeId {
    NodeId::new(name.to_owned())
}

fn user(name: &str) -> UserId {
    UserId::parse(name).expect("a good id")
}

fn room(name: &str) -> RoomId {
    RoomId::parse(name).expect("a good id")
}

fn seen(of: &str, rooms: &[&str]) -> Seen {
    Seen {
        name: "N".to_owned(),
        availability: Availability::Online,
        text: None,
        stamp: Stamp { count: 0, node: node(of) },
        rooms: rooms.iter().map(|name| (room(name), (Role::Member, Rev::new(1)))).collect(),
        connections: 1,
        entered: BTreeSet::new(),
        haunts: BTreeMap::new(),
    }
}

fn in_room(it: &Neighbours, name: &str) -> Vec<String> {
    it.in_room(&room(name)).map(|user| user.as_str().to_owned()).collect()
}

#[test]
fn g13_what_a_node_says_in_order_needs_no_account() {
    let mut it = Neighbours::default();
    assert!(it.alive(&node("b"), 0, 0));
    it.say(&node("b"), 1, vec![(user("u"), Some(seen("b", &["r"])))], 1);
    it.say(&node("b"), 2, vec![(user("v"), Some(seen("b", &["r", "s"])))], 1);
    assert!(it.to_ask(1).is_empty());
    assert_eq!(in_room(&it, "r"), ["u", "v"]);
    it.say(&node("b"), 3, vec![(user("v"), None)], 2);
    assert_eq!((in_room(&it, "r"), in_room(&it, "s").len()), (vec!["u".to_owned()], 0));
    assert!(it.of(&user("v")).next().is_none());
}

#[test]
fn g13_a_hole_is_asked_for_once_a_second_and_mended_by_an_account() {
    let mut it = Neighbours::default();
    it.alive(&node("b"), 0, 0);
    it.say(&node("b"), 2, vec![(user("v"), None)], 10);
    assert_eq!(it.to_ask(10), [node("b")]);
    assert!(it.to_ask(900).is_empty());
    // An account of before says that they are there; what was heard is newer.
    let users = vec![(user("u"), seen("b", &["r"])), (user("v"), seen("b", &["r"]))];
    it.account(&node("b"), Account { number: 1, part: 0, parts: 1, users }, 20);
    assert_eq!(in_room(&it, "r"), ["u"]);
    assert!(it.to_ask(2_000).is_empty());
}

#[test]
fn g13_who_goes_from_one_node_goes_from_the_rooms_that_only_it_named_when_they_go_from_the_other() {
    let mut it = Neighbours::default();
    it.say(&node("b"), 1, vec![(user("u"), Some(seen("b", &[])))], 0);
    it.say(&node("c"), 1, vec![(user("u"), Some(seen("c", &["r"])))], 0);
    it.say(&node("c"), 2, vec![(user("u"), None)], 0);
    assert_eq!(in_room(&it, "r"), ["u"], "they are still on the other");
    it.bury(&node("b"));
    assert!(in_room(&it, "r").is_empty() && it.users().is_empty());
}

#[test]
fn g13_what_a_node_said_before_a_hole_is_not_handed_on_to_another_when_they_go() {
    let mut it = Neighbours::default();
    it.say(&node("b"), 1, vec![(user("u"), Some(seen("b", &[])))], 0);
    it.say(&node("c"), 1, vec![(user("u"), Some(seen("c", &["r"])))], 0);
    // What it said second was that they left the room.
    it.say(&node("c"), 3, vec![(user("u"), None)], 0);
    assert!(in_room(&it, "r").is_empty() && it.users() == [user("u")]);

    it.say(&node("d"), 1, vec![(user("u"), Some(seen("d", &["r"])))], 0);
    it.account(&node("d"), Account { number: 3, part: 0, parts: 1, users: Vec::new() }, 20);
    assert!(in_room(&it, "r").is_empty() && it.users() == [user("u")]);

    // But they are to be seen going there, until it is known that they left.
    let haunts = |it: &Neighbours| it.haunts(&user("u")).cloned().collect::<Vec<_>>();
    it.say(&node("b"), 2, vec![(user("u"), Some(seen("b", &["s"])))], 30);
    assert_eq!(haunts(&it), [room("r")]);
    it.leave(&user("u"), &room("r"), Rev::new(1));
    assert_eq!(haunts(&it), [room("r")], "that was before");
    it.leave(&user("u"), &room("r"), Rev::new(2));
    assert!(haunts(&it).is_empty());
}

#[test]
fn g13_a_word_that_has_yet_to_name_a_room_takes_nobody_out_of_it() {
    let mut it = Neighbours::default();
    it.say(&node("b"), 1, vec![(user("u"), Some(seen("b", &["r"])))], 0);
    it.enter(&user("u"), &room("s"), Role::Member, Rev::new(4));
    it.say(&node("b"), 2, vec![(user("u"), Some(seen("b", &["r"])))], 0);
    assert_eq!(in_room(&it, "s"), ["u"], "it has yet to hear");
    it.leave(&user("u"), &room("s"), Rev::new(3));
    assert_eq!(in_room(&it, "s"), ["u"], "that was before");
    it.leave(&user("u"), &room("s"), Rev::new(5));
    assert!(in_room(&it, "s").is_empty());
    it.enter(&user("u"), &room("s"), Role::Member, Rev::new(6));
    it.say(&node("b"), 3, vec![(user("u"), Some(seen("b", &["s"])))], 0);
    it.say(&node("b"), 4, vec![(user("u"), Some(seen("b", &[])))], 0);
    assert!(in_room(&it, "s").is_empty(), "what it has named it takes back");
    it.enter(&user("u"), &room("s"), Role::Member, Rev::new(8));
    it.close(&room("s"));
    assert!(in_room(&it, "s").is_empty());
}

#[test]
fn g13_a_node_that_is_not_heard_whole_does_not_say_who_is_in_a_room_that_began_before() {
    let mut it = Neighbours::default();
    it.say(&node("b"), 1, vec![(user("u"), Some(seen("b", &["r"])))], 1_000);
    it.tick(2_000);
    assert!(it.doubts(&room("r"), 1_500) && !it.doubts(&room("r"), 900) && !it.doubts(&room("s"), 1_500));
    it.heard(&node("b"), 2_000);
    assert!(it.doubts(&room("r"), 1_500), "that does not tell how much it said");
    it.alive(&node("b"), 1, 2_000);
    assert!(!it.doubts(&room("r"), 1_500));
    it.alive(&node("b"), 2, 2_500);
    assert!(it.doubts(&room("r"), 1_500), "something is on its way, or lost");
    it.say(&node("b"), 2, vec![(user("u"), Some(seen("b", &["r"])))], 3_000);
    assert!(!it.doubts(&room("r"), 1_500));
}

#[test]
fn g13_swapped_frames_leave_the_newest() {
    let mut it = Neighbours::default();
    it.alive(&node("b"), 0, 0);
    it.say(&node("b"), 2, vec![(user("u"), None)], 1);
    it.say(&node("b"), 1, vec![(user("u"), Some(seen("b", &["r"])))], 2);
    assert!(in_room(&it, "r").is_empty());
    assert!(it.to_ask(5_000).is_empty());
}

#[test]
fn g13_what_comes_after_an_account_that_knew_it_brings_nobody_back() {
    let mut it = Neighbours::default();
    it.alive(&node("b"), 0, 0);
    it.say(&node("b"), 2, vec![(user("u"), None)], 1);
    it.account(&node("b"), Account { number: 2, part: 0, parts: 1, users: Vec::new() }, 2);
    it.say(&node("b"), 1, vec![(user("u"), Some(seen("b", &["r"])))], 3);
    assert!(it.users().is_empty());
}

#[test]
fn g13_an_account_in_parts_forgets_whom_it_does_not_name() {
    let mut it = Neighbours::default();
    it.alive(&node("b"), 7, 0);
    it.say(&node("b"), 6, vec![(user("old"), Some(seen("b", &["r"])))], 0);
    assert_eq!(it.to_ask(0), [node("b")]);
    let part = |part, name: &str| Account { number: 7, part, parts: 2, users: vec![(user(name), seen("b", &["r"]))] };
    it.account(&node("b"), part(1, "v"), 1);
    assert_eq!(in_room(&it, "r"), ["old", "v"]);
    it.account(&node("b"), part(0, "u"), 1);
    assert_eq!(in_room(&it, "r"), ["u", "v"]);
    assert!(it.to_ask(9_000).is_empty());
}

#[test]
fn g13_a_node_that_is_silent_for_its_lease_is_dead_and_a_lost_bus_makes_it_unknown() {
    let mut it = Neighbours::default();
    it.alive(&node("b"), 0, 0);
    it.say(&node("b"), 1, vec![(user("u"), Some(seen("b", &["r"])))], 0);
    it.alive(&node("b"), 1, 5_000);
    assert!(it.dead(19_999).is_empty());
    it.lose();
    assert_eq!(it.of(&user("u")).map(|(_, holds)| holds).collect::<Vec<_>>(), [false]);
    it.renew(30_000);
    assert!(it.dead(44_999).is_empty());
    // The same number again: nothing has changed meanwhile.
    it.alive(&node("b"), 1, 31_000);
    assert_eq!(it.of(&user("u")).map(|(_, holds)| holds).collect::<Vec<_>>(), [true]);
    assert_eq!(it.dead(46_000), [node("b")]);
    it.bury(&node("b"));
    assert!(it.users().is_empty() && in_room(&it, "r").is_empty());
}
