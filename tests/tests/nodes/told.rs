//! What happens on one node is told on the others.

use roomcast_tests::SOON;
use serde_json::json;

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g7_a_message_reaches_the_members_on_other_nodes() {
    let stage = Stage::shared().await;
    let alice = stage.nodes[0].client("told-alice").await;
    let bob = stage.nodes[1].client("told-bob").await;
    let room = json!({ "roomId": "told", "name": "Told", "visibility": "public" });
    alice.ok("create-room", room).await;
    bob.ok("join-room", json!({ "roomId": "told" })).await;
    alice.event_where("user-joined", SOON, |event| event["user"]["id"] == "told-bob").await;
    for (from, to, text) in [(&alice, &bob, "over there"), (&bob, &alice, "and back")] {
        let sent = from.ok("send-message", json!({ "roomId": "told", "content": text, "type": "text" })).await;
        let heard = to.next_event("new-message", SOON).await;
        assert_eq!(heard["message"], sent["message"]);
    }
}

/// A room without members on a node costs that node nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_listens_to_the_rooms_of_its_own_people_alone() {
    let stage = Stage::shared().await;
    let alice = stage.nodes[0].client("alone-alice").await;
    let bob = stage.nodes[1].client("alone-bob").await;
    let room = json!({ "roomId": "alone", "name": "Alone", "visibility": "public" });
    alice.ok("create-room", room).await;
    let listeners = || stage.redis.cli(&["PUBSUB", "NUMSUB", "roomcast:room:alone"]);
    let becomes = async |count: &str| {
        let reached = async || listeners().ends_with(count);
        assert!(roomcast_tests::eventually(SOON, reached).await, "{} in place of {count}", listeners());
    };
    becomes("\n1").await;
    bob.ok("join-room", json!({ "roomId": "alone" })).await;
    becomes("\n2").await;
    bob.ok("leave-room", json!({ "roomId": "alone" })).await;
    becomes("\n1").await;
}
