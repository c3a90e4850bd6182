//! Messages: who gets them, in what shape, and how history is read.

use roomcast_tests::SOON;
use serde_json::{Value, json};

use crate::support::{create, fence, history, keys, people, post, public_room, text};

#[tokio::test]
async fn broadcasts_to_room() {
    let (server, [alice, bob, eve]) = people(["alice", "bob", "eve"]).await;
    let phone = server.client("alice").await;
    public_room(&alice, "general", &[&bob]).await;
    create(&eve, "elsewhere", "public").await;
    phone.initial_state().await;

    let ack = alice.ok("send-message", text("general", "hello")).await;
    assert_eq!(keys(&ack), ["message", "rev", "success"]);
    let message = &ack["message"];
    assert_eq!(keys(message), ["content", "createdAt", "id", "rev", "roomId", "seq", "type", "userId", "version"]);
    assert_eq!((&message["seq"], &message["version"]), (&json!(1), &json!(1)));

    let wanted = json!({ "message": message, "user": { "id": "alice", "name": "alice" }, "rev": ack["rev"] });
    assert_eq!(bob.next_event("new-message", SOON).await, wanted);
    assert_eq!(phone.next_event("new-message", SOON).await, wanted, "the sender's other device");

    fence(&bob, &alice, "general").await;
    assert_eq!(alice.take_events("new-message"), Vec::<Value>::new(), "the sending connection has its ack");
    post(&eve, "elsewhere", "fence").await;
    assert_eq!(eve.take_events("new-message"), Vec::<Value>::new(), "somebody outside heard it");
}

#[tokio::test]
async fn what_was_sent_comes_back_as_sent() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let first = post(&alice, "general", "first").await;
    let payload = json!({
        "roomId": "general",
        "content": "<b>Zoë</b> 漢字 👨‍👩‍👧‍👦\n\"quoted\" \\ & \u{2028}",
        "type": "x-poll",
        "clientId": "c-1",
        "replyTo": first["id"],
        "mentions": ["bob"],
        "attachments": [{ "url": "https://files.example/a.png", "name": "a.png", "size": 9_007_199_254_740_991_u64 }],
        "metadata": { "answers": [1, 2.5, null, { "deep": [[]] }] },
    });
    let message = alice.ok("send-message", payload.clone()).await["message"].clone();
    for (field, value) in payload.as_object().expect("it is an object") {
        assert_eq!(&message[field], value, "{field}");
    }
    let heard = bob.event_where("new-message", SOON, |event| event["message"]["type"] == "x-poll").await;
    assert_eq!(heard["message"], message);
    assert_eq!(history(&bob, "general").await, [first, message]);
}

#[tokio::test]
async fn text_is_stored_composed() {
    let (_server, [alice]) = people(["alice"]).await;
    create(&alice, "general", "public").await;
    assert_eq!(post(&alice, "general", "e\u{301}").await["content"], "\u{e9}");
}

#[tokio::test]
async fn revs_and_seqs_are_dense() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[]).await;
    let first = post(&alice, "general", "one").await;
    let joined = bob.ok("join-room", json!({ "roomId": "general" })).await["room"]["rev"].clone();
    let second = post(&bob, "general", "two").await;
    let rev = first["rev"].as_u64().expect("rev");
    assert_eq!((joined.as_u64(), second["rev"].as_u64()), (Some(rev + 1), Some(rev + 2)));
    assert_eq!((first["seq"].as_u64(), second["seq"].as_u64()), (Some(1), Some(2)));
}

#[tokio::test]
async fn history_comes_in_pages() {
    let (_server, [alice]) = people(["alice"]).await;
    create(&alice, "general", "public").await;
    let sends = alice.pipeline("send-message", (1..=25).map(|n| text("general", &n.to_string()))).await;
    for id in sends {
        assert_eq!(alice.ack(id).await["success"], true);
    }
    let page = async |fields: Value| {
        let mut payload = json!({ "roomId": "general" });
        payload.as_object_mut().expect("object").extend(fields.as_object().expect("object").clone());
        let ack = alice.ok("get-messages", payload).await;
        let messages = ack["messages"].as_array().expect("messages");
        let seqs: Vec<u64> = messages.iter().map(|message| message["seq"].as_u64().expect("seq")).collect();
        (seqs, ack["hasMore"].as_bool().expect("hasMore"))
    };
    let range = |from, to| (from..=to).collect::<Vec<u64>>();
    assert_eq!(page(json!({ "limit": 10 })).await, (range(16, 25), true), "the newest page");
    assert_eq!(page(json!({ "before": 16, "limit": 10 })).await, (range(6, 15), true));
    assert_eq!(page(json!({ "before": 6, "limit": 10 })).await, (range(1, 5), false));
    assert_eq!(page(json!({ "after": 20, "limit": 10 })).await, (range(21, 25), false));
    assert_eq!(page(json!({ "after": 0, "limit": 10 })).await, (range(1, 10), true));
    assert_eq!(page(json!({ "after": 25 })).await, (vec![], false));
    let (around, _) = page(json!({ "around": 12, "limit": 5 })).await;
    assert!(around.contains(&12) && around.len() <= 5 && around.is_sorted(), "{around:?}");
    let twelfth = alice.ok("get-messages", json!({ "roomId": "general", "around": 12, "limit": 1 })).await;
    let id = &twelfth["messages"][0]["id"];
    assert_eq!(page(json!({ "around": id, "limit": 5 })).await.0, around, "by its id");
    let nowhere = json!({ "roomId": "general", "around": "nothing" });
    assert_eq!(alice.refused("get-messages", nowhere).await, "not_found");
    let (capped, more) = page(json!({ "limit": 100_000 })).await;
    assert_eq!((capped, more), (range(1, 25), false));
}

#[tokio::test]
async fn a_message_can_be_edited_and_deleted() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    let sent = post(&alice, "general", "helo").await;
    let edit = json!({ "messageId": sent["id"], "content": "hello" });
    assert_eq!(bob.refused("edit-message", edit.clone()).await, "forbidden");
    let ack = alice.ok("edit-message", edit).await;
    assert_eq!((&ack["message"]["content"], &ack["message"]["version"]), (&json!("hello"), &json!(2)));
    assert_eq!(ack["message"]["seq"], sent["seq"]);
    let edited = bob.next_event("message-edited", SOON).await;
    assert_eq!(edited, json!({ "message": ack["message"], "rev": ack["rev"] }));

    let stale = json!({ "messageId": sent["id"], "content": "hallo", "ifVersion": 1 });
    assert_eq!(alice.refused("edit-message", stale).await, "conflict");

    let ack = alice.ok("delete-message", json!({ "messageId": sent["id"] })).await;
    assert_eq!(ack["message"]["content"], "");
    assert!(ack["message"]["deletedAt"].is_u64());
    let deleted = bob.next_event("message-deleted", SOON).await;
    assert_eq!(deleted, json!({ "message": ack["message"], "rev": ack["rev"] }));
    let late = json!({ "messageId": sent["id"], "content": "again" });
    assert_eq!(alice.refused("edit-message", late).await, "gone");
}
