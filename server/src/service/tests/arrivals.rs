//! Those who come are told together (G-13).

use roomcast_protocol::{command::UpdatePresence, model::Availability};

use super::*;

/// Alice is here, bob and carol are members as well.
async fn a_room_of_three() -> World {
    let world = World::new().await;
    world.create("r").await;
    for (conn, name) in [(2, "bob"), (3, "carol")] {
        world.connect(conn, name).await;
        world.service.disconnect(ConnId(conn), Departure::Asked);
    }
    world
        .commit(Act::AddMembers(AddMembers { room_id: room("r"), user_ids: vec![user("bob").id, user("carol").id] }))
        .await;
    world.connect(1, "alice").await;
    world.service.tick();
    world.forget();
    world
}

impl World {
    fn forget(&self) {
        self.heard.0.lock().expect("no panic").clear();
    }

    /// What the room was told of whom, in order.
    fn told(&self) -> Vec<(&'static str, String)> {
        let heard = self.heard.0.lock().expect("no panic");
        let presence = heard.iter().filter(|(_, name, _)| name.starts_with("user-o") || *name == "presence-changed");
        presence.map(|(_, name, json)| (*name, json["userId"].as_str().unwrap_or_default().to_owned())).collect()
    }
}

fn told(all: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    all.iter().map(|(name, user)| (*name, (*user).to_owned())).collect()
}

#[tokio::test]
async fn g13_who_comes_is_told_with_the_next_tick_and_once() {
    let world = a_room_of_three().await;
    world.connect(4, "bob").await;
    world.connect(5, "carol").await;
    assert_eq!(world.told(), [], "a write each would be most of what they cost");
    world.service.tick();
    assert_eq!(world.told(), told(&[("user-online", "bob"), ("user-online", "carol")]));
    world.service.tick();
    assert_eq!(world.told().len(), 2);
}

#[tokio::test]
async fn g13_what_becomes_of_who_came_is_told_at_once_and_behind_their_coming() {
    let world = a_room_of_three().await;
    let bob = world.connect(4, "bob").await;
    world.connect(5, "carol").await;
    world.service.update_presence(&bob, UpdatePresence { status: Availability::Busy, text: None }).expect("taken");
    assert_eq!(world.told(), told(&[("user-online", "bob"), ("presence-changed", "bob")]));
    world.service.disconnect(ConnId(5), Departure::Asked);
    assert_eq!(world.told()[2..], told(&[("user-online", "carol"), ("user-offline", "carol")]));
    world.service.tick();
    assert_eq!(world.told().len(), 4, "nothing of it is told again");
}

#[tokio::test]
async fn g13_who_left_the_room_before_they_were_told_of_is_not_told_there() {
    let world = a_room_of_three().await;
    let bob = world.connect(4, "bob").await;
    world.service.write(bob.author(), Act::Leave(room("r"))).await.expect("left");
    for _ in 0..500 {
        if !world.service.inner.roster().is_member(&user("bob").id, &room("r")) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    world.service.tick();
    assert_eq!(world.told(), [], "nobody there would be told when he goes");
}

#[tokio::test]
async fn g13_while_many_come_their_coming_is_gathered_for_longer() {
    let world = a_room_of_three().await;
    let inner = &world.service.inner;
    world.connect(4, "bob").await;
    let mut inside = Vec::new();
    while !inner.gate.is_crowded() {
        inside.push(inner.gate.pass(&*inner.env).await.expect("there is a place"));
    }
    world.service.tick();
    assert_eq!(world.told(), []);
    drop(inside.pop());
    world.service.tick();
    assert_eq!(world.told(), told(&[("user-online", "bob")]));
}
