//! Who belongs to a room, on the other node.

use super::*;

#[tokio::test]
async fn who_is_removed_on_another_node_hears_nothing_more() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    let remove = RemoveMember { room_id: room("r"), user_id: user("bob").id };
    nodes.a.act(&alice, Act::RemoveMember(remove)).await;
    nodes.a.say(&alice, "r", "about him").await;
    until("bob is told", || !nodes.b.told(2, "removed-from-room").is_empty()).await;
    tokio::task::yield_now().await;
    assert!(nodes.b.texts(2).is_empty());
    assert!(!nodes.b.service.inner.roster().rooms.contains_key(&room("r")));
}

#[tokio::test]
async fn a_removal_that_was_lost_is_applied_before_what_follows_it() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.b.connect(3, "carol").await;
    let add = AddMembers { room_id: room("r"), user_ids: vec![user("carol").id] };
    nodes.a.act(&alice, Act::AddMembers(add)).await;
    until("carol is in", || !nodes.b.told(3, "added-to-room").is_empty()).await;
    nodes.a.way(Way::Loses);
    nodes.a.act(&alice, Act::RemoveMember(RemoveMember { room_id: room("r"), user_id: user("bob").id })).await;
    until("it is told", || nodes.a.head("r") == 4).await;
    nodes.a.way(Way::Open);
    nodes.a.say(&alice, "r", "about him").await;
    until("carol is told that she lacks something", || !nodes.b.told(3, "heads").is_empty()).await;
    until("bob is out", || !nodes.b.told(2, "removed-from-room").is_empty()).await;
    assert!(nodes.b.texts(2).is_empty());
    assert!(
        nodes.b.told(2, "heads").iter().all(|json| json["rooms"]["r"].as_u64() < Some(4)),
        "it is not his any more"
    );
}

#[tokio::test]
async fn who_is_added_on_another_node_is_welcomed_even_where_the_hint_is_lost() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.b.connect(3, "carol").await;
    nodes.a.way(Way::Loses);
    let add = AddMembers { room_id: room("r"), user_ids: vec![user("carol").id] };
    nodes.a.act(&alice, Act::AddMembers(add)).await;
    until("it is told", || nodes.a.head("r") == 3).await;
    nodes.a.way(Way::Open);
    nodes.a.put_forward(5_000);
    until("carol is welcomed", || nodes.b.told(3, "added-to-room").len() == 1).await;
    until("the room is whole", || nodes.b.head("r") == 3).await;
    nodes.a.say(&alice, "r", "welcome").await;
    until("she hears the room", || nodes.b.texts(3) == ["welcome"]).await;
    assert_eq!(nodes.b.told(3, "added-to-room").len(), 1, "once");
}

#[tokio::test]
async fn a_node_that_lacks_a_room_of_its_user_is_told_as_soon_as_it_shows() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    let carol = nodes.b.connect(3, "carol").await;
    until("the first node knows her", || {
        nodes.a.service.inner.roster().neighbours.of(&user("carol").id).next().is_some()
    })
    .await;
    nodes.a.way(Way::Loses);
    let add = AddMembers { room_id: room("r"), user_ids: vec![user("carol").id] };
    nodes.a.act(&alice, Act::AddMembers(add)).await;
    until("it is told", || nodes.a.head("r") == 3).await;
    nodes.a.way(Way::Open);
    assert!(nodes.b.told(3, "added-to-room").is_empty());
    let busy = UpdatePresence { status: Availability::Busy, text: None };
    nodes.b.service.update_presence(&carol, busy).expect("taken");
    until("carol is welcomed", || nodes.b.told(3, "added-to-room").len() == 1).await;
}

#[tokio::test]
async fn who_is_added_while_the_bus_is_away_hears_of_it_within_seconds() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    nodes.b.connect(3, "carol").await;
    nodes.exchange.take_down();
    let add = AddMembers { room_id: room("r"), user_ids: vec![user("carol").id] };
    nodes.a.act(&alice, Act::AddMembers(add)).await;
    nodes.b.put_forward(5_000);
    until("carol is welcomed", || nodes.b.told(3, "added-to-room").len() == 1).await;
}

#[tokio::test]
async fn g8_who_is_given_a_role_in_a_room_that_this_node_does_not_know_them_in_is_told_of_it() {
    let nodes = Nodes::new().await;
    let (alice, _bob) = nodes.alice_and_bob().await;
    // By another device, on a node that was not heard.
    nodes.commit("alice", Act::CreateRoom(new_room("s", &[]))).await;
    let set = SetRole { room_id: room("s"), user_id: alice.user.id.clone(), role: Role::Member };
    nodes.a.service.write(alice.author(), Act::SetRole(set)).await.expect("set");
    until("she is told of the room", || !nodes.a.told(1, "added-to-room").is_empty()).await;
    assert_eq!(nodes.a.told(1, "added-to-room")[0]["room"]["role"], "member");
}

#[tokio::test]
async fn g10_who_is_put_out_while_a_resume_is_read_is_told_nothing_that_came_after() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    nodes.commit("alice", said("r", "for all")).await;
    let (inner, bob) = (&nodes.b.service.inner, user("bob").id);
    let heads = nodes.store.memberships(&bob).await.expect("read");
    let remove = RemoveMember { room_id: room("r"), user_id: bob.clone() };
    nodes.commit("alice", Act::RemoveMember(remove)).await;
    nodes.commit("alice", said("r", "about him")).await;
    let has = BTreeMap::from([(room("r"), Rev::new(2))]);
    let deltas = inner.deltas(&bob, &inner.epoch, &has, &heads).await.expect("read");
    let deltas = inner.told_deltas(&bob, deltas);
    assert_eq!((deltas[0].kind, deltas[0].messages.len()), (DeltaKind::Gone, 0));
    until("this node knows", || !nodes.b.told(2, "removed-from-room").is_empty()).await;
}
