//! What is said on one node, on the other.

use super::*;

#[tokio::test]
async fn g6_what_is_said_on_one_node_is_heard_on_the_other_in_order() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    let texts: Vec<String> = (0..20).map(|n| format!("{n}")).collect();
    for text in &texts {
        nodes.a.say(&alice, "r", text).await;
    }
    until("bob has all", || nodes.b.texts(2).len() >= texts.len()).await;
    assert_eq!(nodes.b.texts(2), texts);
    assert!(nodes.a.texts(1).is_empty(), "she has her acknowledgements");
}

#[tokio::test]
async fn g6_a_bus_that_takes_nothing_keeps_nobody_here_waiting() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.a.connect(3, "bob").await;
    nodes.exchange.take_down();
    nodes.a.say(&alice, "r", "here").await;
    until("bob's other device has it", || nodes.a.texts(3) == ["here"]).await;
}

#[tokio::test]
async fn g6_without_a_bus_nobody_here_waits_for_what_was_said_elsewhere() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.exchange.take_down();
    until("it is noticed", || nodes.a.service.inner.watch().is_deaf()).await;
    nodes.commit("bob", said("r", "there")).await;
    nodes.a.say(&alice, "r", "here").await;
    let head = nodes.store.heads(&[room("r")]).await.expect("read")[0].rev.value();
    until("both are known", || nodes.a.head("r") == head).await;
    assert_eq!(nodes.a.service.inner.metrics.nodes.hole_waits.get(), 0, "nothing can come that closes it");
}

#[tokio::test]
async fn g7_swapped_frames_are_told_in_order_and_doubled_ones_once() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.a.way(Way::Holds);
    for text in ["one", "two", "three"] {
        nodes.a.say(&alice, "r", text).await;
    }
    until("they are held", || nodes.a.wire.held.lock().expect("no panic").len() >= 3).await;
    nodes.a.way(Way::Doubles);
    for (topic, payload) in nodes.a.held().into_iter().rev() {
        nodes.a.wire.publish(&topic, payload);
    }
    nodes.a.say(&alice, "r", "four").await;
    until("bob has all", || nodes.b.texts(2).len() >= 4).await;
    assert_eq!(nodes.b.texts(2), ["one", "two", "three", "four"]);
}

#[tokio::test]
async fn g7_a_lost_frame_is_read_from_the_database_and_what_follows_comes_behind() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.a.say(&alice, "r", "first").await;
    until("bob has it", || nodes.b.texts(2) == ["first"]).await;
    nodes.a.way(Way::Loses);
    nodes.a.say(&alice, "r", "lost").await;
    until("it is told", || nodes.a.head("r") == 4).await;
    nodes.a.way(Way::Open);
    nodes.a.say(&alice, "r", "next").await;
    until("bob is told that he lacks something", || !nodes.b.told(2, "heads").is_empty()).await;
    let roster = nodes.b.service.inner.roster();
    let TailAnswer::Delta(delta) = roster.rooms[&room("r")].tail.since(&room("r"), Rev::new(3)) else {
        panic!("the tail answers without the database")
    };
    let texts: Vec<_> = delta.messages.iter().map(|message| message.content.as_str()).collect();
    assert_eq!(texts, ["lost", "next"]);
}

#[tokio::test]
async fn g8_a_lost_last_frame_is_found_in_the_database() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.a.way(Way::Loses);
    nodes.a.say(&alice, "r", "last").await;
    nodes.b.put_forward(5_000);
    until("bob is told", || nodes.b.told(2, "heads").iter().any(|json| json["rooms"]["r"] == 3)).await;
}

#[tokio::test]
async fn g8_without_the_bus_the_database_is_asked_and_clients_are_told() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.exchange.take_down();
    nodes.a.say(&alice, "r", "by way of the database").await;
    until("bob is told", || nodes.b.told(2, "heads").iter().any(|json| json["rooms"]["r"] == 3)).await;
    until("what is lacking is said", || nodes.b.told(2, "degraded").len() == 1).await;
    assert!(nodes.b.service.is_degraded());
    let unknown = |json: &Value| json["userId"] == "alice" && json["status"] == "unknown";
    until("alice is unknown", || nodes.b.told(2, "presence-changed").iter().any(unknown)).await;
    assert!(nodes.b.told(2, "user-offline").is_empty(), "never offline");
    nodes.exchange.bring_up();
    until("all is well", || {
        nodes.b.told(2, "degraded").last().is_some_and(|json| json["features"] == serde_json::json!([]))
    })
    .await;
    until("alice is there again", || nodes.b.told(2, "user-online").iter().any(|json| json["userId"] == "alice")).await;
}

#[tokio::test]
async fn g8_what_a_node_did_last_before_it_died_is_found_when_its_lease_is_over() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    nodes.a.connect(3, "carol").await;
    let add = AddMembers { room_id: room("r"), user_ids: vec![user("carol").id] };
    nodes.commit("alice", Act::AddMembers(add)).await;
    nodes.b.stop.cancel();
    for _ in 0..12 {
        nodes.a.put_forward(1_400);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    until("carol is welcomed", || nodes.a.told(3, "added-to-room").len() == 1).await;
}

#[tokio::test]
async fn a_frame_of_another_version_is_counted_and_dropped() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    let frame = Frame::Typing { user: user("alice").id, name: Some("ALICE".to_owned()) };
    let mut payload = frame.encode(&nodes.a.service.inner.epoch).to_vec();
    payload[0] += 1;
    nodes.a.wire.publish(&Topic::Room(room("r")), payload.into());
    let heard = &nodes.b.service.metrics().nodes.heard;
    let label = crate::metrics::KindLabel { kind: "(another version)" };
    until("it is counted", || heard.get_or_create(&label).get() == 1).await;
    assert!(nodes.b.told(2, "user-typing").is_empty());
}
