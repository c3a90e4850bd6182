//! Threads: replies hang below a message of the room, which counts them.

use roomcast_tests::SOON;
use serde_json::{Value, json};

use crate::support::{create, history, people, post, public_room};

fn reply(root: &Value, content: &str) -> Value {
    json!({ "roomId": "general", "content": content, "type": "text", "threadId": root["id"] })
}

#[tokio::test]
async fn a_reply_is_one_change_and_counts_at_its_first_message() {
    let (server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let root = post(&alice, "general", "root").await;
    let first = bob.ok("send-message", reply(&root, "one")).await["message"].clone();
    assert_eq!(first["rev"].as_u64(), root["rev"].as_u64().map(|rev| rev + 1));
    assert_eq!(alice.next_event("new-message", SOON).await["message"], first);
    let second = bob.ok("send-message", reply(&root, "two")).await["message"].clone();

    let stored = history(&alice, "general").await;
    assert_eq!(stored[0]["thread"], json!({ "count": 2, "lastAt": second["createdAt"] }));
    assert_eq!(stored[0]["rev"], second["rev"], "what a row shows is covered by its rev");
    let epoch = server.client("bob").await.initial_state().await["epoch"].clone();
    let query = json!({ "epoch": epoch, "rooms": { "general": first["rev"] } });
    let delta = alice.ok("sync", query).await["rooms"][0].clone();
    assert_eq!(delta["messages"], json!([stored[0], second]));

    // A deleted reply keeps its place and its count.
    bob.ok("delete-message", json!({ "messageId": second["id"] })).await;
    assert_eq!(history(&alice, "general").await[0]["thread"]["count"], 2);
}

#[tokio::test]
async fn a_thread_is_read_by_itself_in_pages() {
    let (_server, [alice]) = people(["alice"]).await;
    create(&alice, "general", "public").await;
    let root = post(&alice, "general", "root").await;
    for n in 0..5 {
        post(&alice, "general", "between").await;
        alice.ok("send-message", reply(&root, &n.to_string())).await;
    }
    let page = |extra: Value| {
        let mut query = json!({ "roomId": "general", "threadId": root["id"], "limit": 3 });
        query.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
        query
    };
    let contents = |page: &Value| {
        let messages = page["messages"].as_array().expect("messages").clone();
        messages.into_iter().map(|message| message["content"].clone()).collect::<Vec<_>>()
    };
    let newest = alice.ok("get-messages", page(json!({}))).await;
    assert_eq!((contents(&newest), &newest["hasMore"]), (vec![json!("2"), json!("3"), json!("4")], &json!(true)));
    let older = alice.ok("get-messages", page(json!({ "before": newest["messages"][0]["seq"] }))).await;
    assert_eq!((contents(&older), &older["hasMore"]), (vec![json!("root"), json!("0"), json!("1")], &json!(false)));
}

#[tokio::test]
async fn what_is_answered_must_be_there() {
    let (_server, [alice]) = people(["alice"]).await;
    create(&alice, "general", "public").await;
    create(&alice, "other", "public").await;
    let root = post(&alice, "general", "root").await;
    let nested = alice.ok("send-message", reply(&root, "reply")).await["message"].clone();
    let elsewhere = post(&alice, "other", "elsewhere").await;
    let ack = alice.call("send-message", reply(&nested, "too deep")).await;
    assert_eq!((&ack["error"]["code"], &ack["error"]["details"]["field"]), (&json!("bad_request"), &json!("threadId")));
    for field in ["threadId", "replyTo"] {
        for id in [elsewhere["id"].clone(), json!("nothing")] {
            let mut send = json!({ "roomId": "general", "content": "x", "type": "text" });
            send[field] = id;
            let ack = alice.call("send-message", send).await;
            assert_eq!(
                (&ack["error"]["code"], &ack["error"]["details"]["field"]),
                (&json!("not_found"), &json!(field))
            );
        }
    }
}
