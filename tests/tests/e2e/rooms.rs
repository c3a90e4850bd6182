//! Rooms: made, listed, entered, left.

use roomcast_tests::{SOON, Server};
use serde_json::json;

use crate::support::{create, keys, people, post, public_room, text};

#[tokio::test]
async fn joins_room() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    create(&alice, "general", "public").await;
    post(&alice, "general", "hello").await;

    let room = bob.ok("join-room", json!({ "roomId": "general" })).await["room"].clone();
    assert_eq!(room["id"], "general");
    assert_eq!(room["role"], "member");
    assert_eq!(room["memberCount"], 2);
    assert_eq!(room["lastMessage"]["content"], "hello");
    assert_eq!(room["authors"], json!([{ "id": "alice", "name": "alice" }]));
    let state = [
        "authors",
        "createdAt",
        "id",
        "lastMessage",
        "memberCount",
        "mentions",
        "name",
        "policy",
        "readSeq",
        "receipts",
        "rev",
        "role",
        "seq",
        "typing",
        "unread",
        "users",
        "visibility",
    ];
    assert_eq!(keys(&room), state);

    let joined = alice.next_event("user-joined", SOON).await;
    assert_eq!(joined, json!({ "roomId": "general", "user": { "id": "bob", "name": "bob" }, "rev": room["rev"] }));
}

#[tokio::test]
async fn opening_a_room_that_one_is_in_is_silent() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    public_room(&alice, "general", &[&bob]).await;
    alice.next_event("user-joined", SOON).await;
    let first = bob.ok("join-room", json!({ "roomId": "general" })).await["room"].clone();
    let again = bob.ok("join-room", json!({ "roomId": "general" })).await["room"].clone();
    assert_eq!(first["rev"], again["rev"], "opening a room changed it");
    post(&bob, "general", "fence").await;
    alice.next_event("new-message", SOON).await;
    assert_eq!(alice.take_events("user-joined"), Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn a_room_that_is_not_there_is_not_found() {
    let (_server, [alice]) = people(["alice"]).await;
    for name in ["join-room", "leave-room", "get-room-users", "get-messages", "get-receipts"] {
        assert_eq!(alice.refused(name, json!({ "roomId": "nowhere" })).await, "not_found", "{name}");
    }
}

#[tokio::test]
async fn a_room_is_made_once() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    let room = create(&alice, "general", "public").await;
    assert_eq!((&room["role"], &room["memberCount"]), (&json!("owner"), &json!(1)));
    let again = json!({ "roomId": "general", "name": "Mine", "visibility": "public" });
    assert_eq!(bob.refused("create-room", again).await, "conflict");
}

#[tokio::test]
async fn the_server_names_a_room_that_has_no_id() {
    let (_server, [alice]) = people(["alice"]).await;
    let payload = json!({ "name": "Lunch", "visibility": "private", "topic": "where to" });
    let room = alice.ok("create-room", payload).await["room"].clone();
    assert!(room["id"].as_str().is_some_and(|id| !id.is_empty()));
    assert_eq!((&room["name"], &room["topic"]), (&json!("Lunch"), &json!("where to")));
}

#[tokio::test]
async fn rooms_are_listed_by_who_may_see_them() {
    let (_server, [alice, bob]) = people(["alice", "bob"]).await;
    create(&alice, "open", "public").await;
    create(&alice, "closed", "private").await;
    let ids = async |client: &roomcast_tests::RawClient, scope: &str| {
        let ack = client.ok("list-rooms", json!({ "scope": scope })).await;
        let rooms = ack["rooms"].as_array().expect("rooms").clone();
        let mut ids: Vec<String> = rooms.iter().map(|room| room["id"].as_str().expect("id").to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&alice, "mine").await, ["closed", "open"]);
    assert_eq!(ids(&bob, "mine").await, [""; 0]);
    assert_eq!(ids(&bob, "public").await, ["open"]);
}

#[tokio::test]
async fn a_long_list_of_rooms_comes_in_pages() {
    let (_server, [alice]) = people(["alice"]).await;
    for n in 0..7 {
        create(&alice, &format!("room-{n}"), "public").await;
    }
    for scope in ["mine", "public"] {
        let mut seen = Vec::new();
        let mut payload = json!({ "scope": scope, "limit": 3 });
        loop {
            let page = alice.ok("list-rooms", payload.clone()).await;
            let rooms = page["rooms"].as_array().expect("rooms");
            assert!(rooms.len() <= 3);
            seen.extend(rooms.iter().map(|room| room["id"].as_str().expect("id").to_owned()));
            let Some(next) = page.get("next") else { break };
            payload["cursor"] = next.clone();
        }
        seen.sort();
        let wanted: Vec<String> = (0..7).map(|n| format!("room-{n}")).collect();
        assert_eq!(seen, wanted, "{scope}");
    }
}

#[tokio::test]
async fn leaving_ends_membership() {
    let (server, [alice, bob]) = people(["alice", "bob"]).await;
    let phone = server.client("bob").await;
    public_room(&alice, "general", &[&bob]).await;
    let ack = bob.ok("leave-room", json!({ "roomId": "general" })).await;
    let left = alice.next_event("user-left", SOON).await;
    assert_eq!(left, json!({ "roomId": "general", "userId": "bob", "rev": ack["rev"] }));
    let removed = phone.next_event("removed-from-room", SOON).await;
    assert_eq!(removed, json!({ "roomId": "general", "reason": "left" }));

    assert_eq!(bob.refused("send-message", text("general", "still here")).await, "not_member");
    assert_eq!(bob.refused("get-messages", json!({ "roomId": "general" })).await, "not_found");
    post(&alice, "general", "bob must not hear this").await;
    let room = bob.ok("join-room", json!({ "roomId": "general" })).await["room"].clone();
    assert_eq!(room["memberCount"], 2);
    assert_eq!(bob.take_events("new-message"), Vec::<serde_json::Value>::new());
    assert_eq!(phone.take_events("new-message"), Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn users_are_those_online_or_all() {
    let (_server, [alice, bob, carol]) = people(["alice", "bob", "carol"]).await;
    public_room(&alice, "general", &[&bob, &carol]).await;
    carol.disconnect().await;
    alice.next_event("user-offline", SOON).await;
    let names = |ack: &serde_json::Value| {
        let users = ack["users"].as_array().expect("users");
        let mut names: Vec<String> = users.iter().map(|user| user["userId"].as_str().expect("id").to_owned()).collect();
        names.sort();
        names
    };
    let online = bob.ok("get-room-users", json!({ "roomId": "general" })).await;
    assert_eq!(names(&online), ["alice", "bob"]);
    let user = online["users"].as_array().expect("users").iter().find(|user| user["userId"] == "alice");
    let wanted = json!({ "userId": "alice", "username": "alice", "role": "owner", "status": "online" });
    assert_eq!(user, Some(&wanted));

    let mut everybody = Vec::new();
    let mut payload = json!({ "roomId": "general", "all": true, "limit": 2 });
    loop {
        let page = bob.ok("get-room-users", payload.clone()).await;
        everybody.extend(names(&page));
        let Some(next) = page.get("next") else { break };
        payload["cursor"] = next.clone();
    }
    everybody.sort();
    assert_eq!(everybody, ["alice", "bob", "carol"]);
}

#[tokio::test]
async fn who_comes_for_the_first_time_is_brought_into_the_welcome_rooms() {
    let server = Server::builder().set("ROOMCAST_WELCOME_ROOMS", "hall,nowhere").start().await;
    let host = server.client("host").await;
    host.ok("create-room", json!({ "roomId": "hall", "name": "Hall", "visibility": "public" })).await;
    let rooms = async |name: &str| -> Vec<String> {
        let state = server.client(name).await.initial_state().await;
        state["rooms"].as_array().unwrap().iter().map(|room| room["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(rooms("guest").await, ["hall"]);
    let guest = server.client("guest").await;
    guest.ok("leave-room", json!({ "roomId": "hall" })).await;
    assert!(rooms("guest").await.is_empty(), "whoever leaves stays out");
}
