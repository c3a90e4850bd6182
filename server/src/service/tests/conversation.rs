//! What a connection is answered, and until when.

use std::sync::atomic::{AtomicUsize, Ordering};

use roomcast_protocol::{Rev, ack::Ack};
use tokio::sync::mpsc;

use super::*;
use crate::service::{Answers, Arrival, Conversation, RawPacket, states::Entering};

/// More than are taken in the ten milliseconds in which the end of a token is noticed.
const COMMANDS: usize = 300_000;

/// Counts.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Answers for Count {
    type To = ();

    fn answer(&self, (): (), _: &Ack) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed);
        true
    }
}

#[tokio::test]
async fn g16_a_client_that_never_pauses_does_not_outlive_its_token() {
    let world = World::new().await;
    let mut session = world.connect(1, "alice").await;
    session.expires_at = Timestamp::new(1_000);
    let answered = Count::default();
    let mut conversation = Conversation::new(world.service.clone(), session, answered.clone());
    let (commands, mut arrivals) = mpsc::channel(1_000);
    let heard = world.heard.clone();
    let is_closed = move || heard.1.lock().expect("no panic").contains(&CloseReason::TokenExpired);
    let talk = async move {
        for _ in 0..COMMANDS {
            let packet = RawPacket { text: r#"["mark-read",{"messageIds":[]}]"#.to_owned(), binary: false };
            commands.send(Arrival { packet, to: (), at_ms: 0 }).await.expect("taken");
            if is_closed() {
                return;
            }
        }
    };
    tokio::join!(conversation.run(&mut arrivals), talk);
    let answered = answered.0.load(Ordering::Relaxed);
    assert!(answered < COMMANDS, "the connection lived as long as its client talked");
}

/// A room as a member of it was about to be told of it.
async fn entering(world: &World, name: &str) -> Entering {
    let mut rooms = world.service.inner.entering(&user(name).id, &[room("r")]).await.expect("read");
    rooms.pop().expect("a member")
}

#[tokio::test]
async fn g13_who_enters_a_room_is_told_who_is_there_as_of_the_answer() {
    let world = World::new().await;
    world.create("r").await;
    let alice = world.connect(1, "alice").await;
    let bob = user("bob").id;
    let known = Author { user: user("bob"), admin: false, conn: None };
    world.service.write(known, Act::SeeUser).await.expect("known");
    let add = AddMembers { room_id: room("r"), user_ids: vec![bob.clone()] };
    world.service.write(alice.author(), Act::AddMembers(add)).await.expect("added");
    world.connect(2, "bob").await;

    let early = entering(&world, "alice").await;
    world.service.disconnect(ConnId(2), Departure::Asked);
    assert!(world.heard("user-offline", "bob", "r"), "alice was told before the answer");
    let state = world.service.entered(&alice.user.id, early).expect("a member").room;
    let there: Vec<&str> = state.users.iter().map(|user| user.user_id.as_str()).collect();
    assert_eq!(there, ["alice"]);

    world.connect(3, "bob").await;
    let early = entering(&world, "bob").await;
    let remove = RemoveMember { room_id: room("r"), user_id: bob.clone() };
    world.service.write(alice.author(), Act::RemoveMember(remove)).await.expect("removed");
    while !world.heard("user-left", "bob", "r") {
        tokio::task::yield_now().await;
    }
    let late = world.service.entered(&bob, early);
    assert!(late.is_err(), "he was told that he is out, and this would bring the room back");
}

#[tokio::test]
async fn g13_who_catches_up_is_told_who_is_there_as_of_the_answer() {
    let world = World::new().await;
    world.create("r").await;
    let alice = world.connect(1, "alice").await;
    let known = Author { user: user("bob"), admin: false, conn: None };
    world.service.write(known, Act::SeeUser).await.expect("known");
    let add = AddMembers { room_id: room("r"), user_ids: vec![user("bob").id] };
    world.service.write(alice.author(), Act::AddMembers(add)).await.expect("added");
    world.connect(2, "bob").await;

    let inner = &world.service.inner;
    let heads = world.store.memberships(&alice.user.id).await.expect("read");
    // A place that the room never had: it is told anew.
    let has = [(room("r"), Rev::new(1_000))].into();
    let deltas = inner.deltas(&alice.user.id, &inner.epoch, &has, &heads).await.expect("read");
    world.service.disconnect(ConnId(2), Departure::Asked);
    let told = inner.told_deltas(&alice.user.id, deltas);
    let state = told[0].room.as_ref().expect("a reset");
    let there: Vec<&str> = state.users.iter().map(|user| user.user_id.as_str()).collect();
    assert_eq!(there, ["alice"]);
}
