//! Who is there (G-13), and types (G-14), on the other node.

use super::*;

/// What the second node says of his going is lost.
async fn bob_goes_unheard(nodes: &Nodes) {
    nodes.b.way(Way::Loses);
    nodes.b.service.disconnect(ConnId(2), Departure::Asked);
    until("it is said, and lost", || nodes.b.wire.lost.load(Ordering::Relaxed) > 0).await;
    assert!(nodes.a.told(1, "user-offline").is_empty(), "nobody was told");
    nodes.b.way(Way::Open);
}

#[tokio::test]
async fn g13_a_user_on_two_nodes_is_gone_when_both_have_lost_them() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    nodes.a.connect(3, "bob").await;
    until("the second node knows", || nodes.b.service.inner.roster().neighbours.of(&user("bob").id).next().is_some())
        .await;
    nodes.b.service.disconnect(ConnId(2), Departure::Asked);
    until("the first node knows", || nodes.a.service.inner.roster().neighbours.of(&user("bob").id).next().is_none())
        .await;
    assert!(nodes.a.told(1, "user-offline").is_empty(), "he is still on the first");
    nodes.a.service.disconnect(ConnId(3), Departure::Asked);
    until("he is gone", || nodes.a.told(1, "user-offline").len() == 1).await;
}

#[tokio::test]
async fn g13_how_a_user_chose_to_be_seen_holds_on_all_nodes() {
    let nodes = Nodes::new().await;
    let (_alice, bob) = nodes.alice_and_bob().await;
    nodes.a.connect(3, "bob").await;
    let hide = UpdatePresence { status: Availability::Invisible, text: None };
    nodes.b.service.update_presence(&bob, hide).expect("taken");
    until("alice sees him go", || nodes.a.told(1, "user-offline").len() == 1).await;
    nodes.b.service.disconnect(ConnId(2), Departure::Asked);
    until("only the first node has him", || {
        nodes.a.service.inner.roster().neighbours.of(&user("bob").id).next().is_none()
    })
    .await;
    let seen = nodes.a.service.inner.roster().look(&user("bob").id).status;
    assert_eq!(seen, Status::Offline, "his choice outlives the connection that made it");
}

#[tokio::test]
async fn g13_the_users_of_a_dead_node_are_gone_after_its_lease() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    nodes.b.stop.cancel();
    for _ in 0..10 {
        nodes.a.pass(1_400);
    }
    assert!(nodes.a.told(1, "user-offline").is_empty(), "its lease is not over");
    for _ in 0..2 {
        nodes.a.pass(1_400);
    }
    until("bob is gone", || nodes.a.told(1, "user-offline").len() == 1).await;
}

#[tokio::test]
async fn g13_whose_node_may_be_dead_is_seen_as_another_one_says() {
    let nodes = Nodes::new().await;
    let (_alice, bob) = nodes.alice_and_bob().await;
    let busy = UpdatePresence { status: Availability::Busy, text: None };
    nodes.b.service.update_presence(&bob, busy).expect("taken");
    let seen = |status: &str| nodes.a.told(1, "presence-changed").last().is_some_and(|json| json["status"] == status);
    until("alice sees it", || seen("busy")).await;
    // It dies, and nobody tells the next one what he chose.
    nodes.b.way(Way::Loses);
    nodes.b.stop.cancel();
    nodes.a.way(Way::Loses);
    let c = Node::start("c", &nodes.exchange, &nodes.store).await;
    c.connect(3, "bob").await;
    for _ in 0..6 {
        nodes.a.pass(1_400);
        c.pass(1_400);
    }
    until("alice sees what his node says", || seen("online")).await;
}

#[tokio::test]
async fn g13_who_comes_back_to_a_node_that_never_heard_the_dead_one_is_seen_as_before() {
    let nodes = Nodes::new().await;
    let (_alice, bob) = nodes.alice_and_bob().await;
    let busy = UpdatePresence { status: Availability::Busy, text: Some("in a meeting".to_owned()) };
    nodes.b.service.update_presence(&bob, busy).expect("taken");
    until("alice sees it", || !nodes.a.told(1, "presence-changed").is_empty()).await;
    nodes.b.way(Way::Loses);
    nodes.b.stop.cancel();
    let c = Node::start("c", &nodes.exchange, &nodes.store).await;
    c.connect(3, "bob").await;
    let look = || c.service.inner.roster().look(&user("bob").id);
    until("it is told", || look().status == Status::Busy).await;
    assert_eq!(look().text.as_deref(), Some("in a meeting"));
    nodes.a.service.inner.roster().neighbours.bury(&NodeId::new("b".to_owned()));
    until("it has said so", || nodes.a.service.inner.roster().look(&user("bob").id).status == Status::Busy).await;
    assert_eq!(nodes.a.told(1, "presence-changed").len(), 1, "alice has seen no flap");
}

#[tokio::test]
async fn g13_a_node_that_starts_knows_who_is_there_although_their_greeting_was_lost() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    for node in [&nodes.a, &nodes.b] {
        // It does not speak by itself, and has greeted already.
        node.hush().await;
        let inner = &node.service.inner;
        inner.roster().neighbours.alive(&NodeId::new("c".to_owned()), 0, inner.env.mono_ms());
    }
    let c = Node::start("c", &nodes.exchange, &nodes.store).await;
    let online = |name: &str| c.service.inner.roster().look(&user(name).id).status == Status::Online;
    until("it knows both", || online("alice") && online("bob")).await;
}

#[tokio::test]
async fn g13_who_is_here_and_not_known_to_be_in_a_room_is_introduced_to_it_and_seen_going() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    nodes.commit("alice", Act::CreateRoom(new_room("s", &["carol"]))).await;
    nodes.a.connect(3, "carol").await;
    let state = nodes.a.told(3, "initial-state");
    assert_eq!(state[0]["rooms"][0]["users"].as_array().map(Vec::len), Some(1), "carol alone: {state:?}");
    until("alice is introduced", || nodes.a.told(3, "user-online").iter().any(|json| json["userId"] == "alice")).await;
    nodes.a.service.disconnect(ConnId(1), Departure::Asked);
    until("she is seen going", || !nodes.a.told(3, "user-offline").is_empty()).await;
}

#[tokio::test]
async fn g13_who_joined_since_a_room_was_read_is_told_of_by_a_node_that_is_not_sure_of_others() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    let inner = &nodes.a.service.inner;
    nodes.a.service.write(alice.author(), Act::CreateRoom(new_room("s", &[]))).await.expect("created");
    // A node that it has yet to hear out.
    inner.roster().neighbours.alive(&NodeId::new("c".to_owned()), 1, inner.env.mono_ms());
    let mut early = inner.entering(&alice.user.id, &[room("s")]).await.expect("read");
    let add = AddMembers { room_id: room("s"), user_ids: vec![user("bob").id] };
    nodes.a.service.write(alice.author(), Act::AddMembers(add)).await.expect("added");
    let joined = || nodes.a.told(1, "user-joined").iter().any(|json| json["roomId"] == "s");
    until("alice is told that he joined, ahead of the room", joined).await;
    let state = early.pop().expect("a member").state(&inner.roster());
    let there: Vec<&str> = state.users.iter().map(|user| user.user_id.as_str()).collect();
    assert_eq!(there, ["alice", "bob"]);
}

#[tokio::test]
async fn g13_what_was_lost_of_presence_is_asked_for() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    bob_goes_unheard(&nodes).await;
    nodes.b.put_forward(4_000);
    until("bob is gone", || nodes.a.told(1, "user-offline").len() == 1).await;
}

#[tokio::test]
async fn g14_typing_is_seen_on_the_other_node_and_ends_there_by_itself() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    drop(nodes.a.service.typing(&alice, room("r"), true));
    until("bob sees it", || nodes.b.told(2, "user-typing").iter().any(|json| json["username"] == "ALICE")).await;
    nodes.a.stop.cancel();
    nodes.b.put_forward(3_000);
    until("it is over", || nodes.b.told(2, "user-stopped-typing").len() == 1).await;
}

#[tokio::test]
async fn g13_whom_only_a_dead_node_names_after_a_hole_is_seen_going_where_they_were() {
    let nodes = Nodes::new().await;
    let (_alice, bob) = nodes.alice_and_bob().await;
    let (b, c) = (NodeId::new("b".to_owned()), NodeId::new("c".to_owned()));
    let inner = &nodes.a.service.inner;
    // It saw him before he was in the room, and is heard no more.
    let mut said = nodes.b.service.inner.roster().said_of(&bob.user.id).expect("he is there");
    said.rooms.clear();
    inner.roster().neighbours.say(&c, 1, vec![(bob.user.id.clone(), Some(said))], inner.env.mono_ms());
    bob_goes_unheard(&nodes).await;
    nodes.b.put_forward(4_000);
    until("an account says that he is gone", || !inner.roster().neighbours.users_of(&b).contains(&bob.user.id)).await;
    assert!(nodes.a.told(1, "user-offline").is_empty(), "another node may have him");
    for _ in 0..12 {
        nodes.a.pass(1_400);
    }
    until("alice sees him go", || nodes.a.told(1, "user-offline").len() == 1).await;
}
