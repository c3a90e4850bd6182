//! How far everybody has read (G-12), on the other node.

use super::*;

#[tokio::test]
async fn g12_a_cursor_reaches_the_other_node_even_where_its_frame_is_lost_or_the_bus_away() {
    let nodes = Nodes::new().await;
    let (alice, bob) = nodes.alice_and_bob().await;
    for text in ["one", "two", "three", "four"] {
        nodes.a.say(&alice, "r", text).await;
    }
    until("bob has all", || nodes.b.texts(2).len() == 4).await;
    let read = |seq: u64| Act::Read(MarkRead::UpTo(ReadUpTo { room_id: room("r"), up_to_seq: Seq::new(seq) }));
    let at = |seq: u64| {
        nodes.a.told(1, "messages-read").iter().any(|json| json["readSeq"] == seq && json["userId"] == "bob")
    };
    nodes.b.act(&bob, read(1)).await;
    until("alice sees it", || at(1)).await;
    nodes.b.way(Way::Loses);
    let told = |cursor: u64| {
        nodes.b.service.inner.watch().recent.again(0).0.iter().any(|(_, spoken)| spoken.cursor == Some(cursor))
    };
    nodes.b.act(&bob, read(2)).await;
    until("it is told", || told(2)).await;
    nodes.b.way(Way::Open);
    nodes.b.put_forward(1_000);
    until("alice sees the lost one", || at(2)).await;
    nodes.exchange.take_down();
    nodes.b.act(&bob, read(3)).await;
    until("it is told to nobody", || told(3)).await;
    assert!(!at(3));
    nodes.exchange.bring_up();
    until("alice sees what was kept", || at(3)).await;
}

#[tokio::test]
async fn g12_a_resume_tells_cursors_that_moved_before_the_room_began_here() {
    let nodes = Nodes::new().await;
    for text in ["one", "two"] {
        nodes.commit("alice", said("r", text)).await;
    }
    let read = ReadUpTo { room_id: room("r"), up_to_seq: Seq::new(2) };
    nodes.commit("bob", Act::Read(MarkRead::UpTo(read))).await;
    let alice = nodes.a.connect(1, "alice").await;
    until("the room is heard", || nodes.a.service.inner.roster().rooms[&room("r")].is_heard()).await;
    nodes.a.say(&alice, "r", "three").await;
    until("it is told", || nodes.a.head("r") == 5).await;

    let resume =
        Resume { epoch: nodes.a.service.inner.epoch.clone(), rooms: BTreeMap::from([(room("r"), Rev::new(5))]) };
    for conn in [3, 4] {
        let again = nodes.a.arrive(conn, "alice").await;
        nodes.a.service.begin_session(&again, Some(&resume)).await.expect("begun");
        let told = nodes.a.told(conn, "initial-state");
        let receipts = serde_json::json!([{ "userId": "bob", "readSeq": 2 }]);
        assert_eq!(told[0]["deltas"][0]["receipts"], receipts, "{told:?}");
    }
    let roster = nodes.a.service.inner.roster();
    assert!(roster.rooms[&room("r")].tail.cursors().is_ok(), "they are read once");
}
