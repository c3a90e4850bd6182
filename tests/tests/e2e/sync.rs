//! Catching up by `rev` (G-10).

use serde_json::{Value, json};

use crate::support::{create, people, post, public_room, text};

#[tokio::test]
async fn g10_each_room_is_answered_by_what_the_client_has() {
    let (server, [alice]) = people(["alice"]).await;
    let bob = server.client("bob").await;
    let epoch = bob.initial_state().await["epoch"].clone();
    public_room(&alice, "general", &[&bob]).await;
    create(&alice, "closed", "private").await;
    let first = post(&alice, "general", "one").await;
    let second = post(&alice, "general", "two").await;
    let (old, new) = (first["rev"].clone(), second["rev"].clone());

    let sync = async |epoch: &Value, room: &str, rev: &Value| {
        let ack = bob.ok("sync", json!({ "epoch": epoch, "rooms": { room: rev } })).await;
        let rooms = ack["rooms"].as_array().expect("rooms").clone();
        assert_eq!(rooms.len(), 1, "one delta for each room asked for: {ack}");
        assert_eq!(rooms[0]["roomId"], room);
        rooms[0].clone()
    };

    let delta = sync(&epoch, "general", &new).await;
    assert_eq!(delta, json!({ "roomId": "general", "kind": "upToDate", "rev": new }));

    let delta = sync(&epoch, "general", &old).await;
    assert_eq!((&delta["kind"], &delta["rev"]), (&json!("delta"), &new));
    assert_eq!(delta["messages"], json!([second]));

    let ahead = json!(new.as_u64().expect("rev") + 100);
    let foreign = json!("0190aaaa-0000-7000-8000-000000000000");
    for (epoch, rev) in [(&epoch, &ahead), (&foreign, &new)] {
        let delta = sync(epoch, "general", rev).await;
        assert_eq!((&delta["kind"], &delta["rev"]), (&json!("reset"), &new), "{delta}");
        assert_eq!(delta["messages"], json!([first, second]));
        assert_eq!(delta["room"]["id"], "general");
    }

    for room in ["closed", "nowhere"] {
        assert_eq!(sync(&epoch, room, &json!(1)).await["kind"], "gone", "{room}");
    }
}

#[tokio::test]
async fn g10_a_delta_holds_every_kind_of_change() {
    let (server, [alice, carol]) = people(["alice", "carol"]).await;
    let bob = server.client("bob").await;
    let epoch = bob.initial_state().await["epoch"].clone();
    public_room(&alice, "general", &[&bob]).await;
    let edited = post(&alice, "general", "helo").await;
    let deleted = post(&alice, "general", "oops").await;
    let since = deleted["rev"].clone();

    alice.ok("edit-message", json!({ "messageId": edited["id"], "content": "hello" })).await;
    alice.ok("delete-message", json!({ "messageId": deleted["id"] })).await;
    carol.ok("join-room", json!({ "roomId": "general" })).await;
    carol.ok("leave-room", json!({ "roomId": "general" })).await;
    let posted = post(&alice, "general", "new").await;

    let ack = bob.ok("sync", json!({ "epoch": epoch, "rooms": { "general": since } })).await;
    let delta = &ack["rooms"][0];
    assert_eq!((&delta["kind"], &delta["rev"]), (&json!("delta"), &posted["rev"]), "{delta}");
    let contents: Vec<&Value> =
        delta["messages"].as_array().expect("messages").iter().map(|message| &message["content"]).collect();
    assert_eq!(contents, ["hello", "", "new"]);
    let member = &delta["members"][0];
    assert_eq!(member["userId"], "carol");
    assert!(member["leftAt"].is_u64(), "{member}");
}

#[tokio::test]
async fn g10_far_behind_is_a_reset() {
    let (server, [alice]) = people(["alice"]).await;
    let bob = server.client("bob").await;
    let epoch = bob.initial_state().await["epoch"].clone();
    public_room(&alice, "general", &[&bob]).await;
    let since = post(&alice, "general", "first").await["rev"].clone();
    for hundred in 0..11 {
        let sends = (0..100).map(|n| text("general", &(hundred * 100 + n).to_string()));
        for id in alice.pipeline("send-message", sends).await {
            assert_eq!(alice.ack(id).await["success"], true);
        }
    }
    let ack = bob.ok("sync", json!({ "epoch": epoch, "rooms": { "general": since } })).await;
    let delta = &ack["rooms"][0];
    assert_eq!((&delta["kind"], &delta["hasMore"]), (&json!("reset"), &json!(true)));
    let messages = delta["messages"].as_array().expect("messages");
    assert_eq!(messages.last().expect("the newest page")["content"], "1099");
}
