//! What several tests begin with.

use roomcast_protocol::ErrorCode;
use roomcast_tests::{RawClient, SOON, Server, http};
use serde_json::{Value, json};

/// A public room of the first client, joined by the others.
pub(crate) async fn public_room(owner: &RawClient, room: &str, others: &[&RawClient]) {
    create(owner, room, "public").await;
    for other in others {
        other.ok("join-room", json!({ "roomId": room })).await;
    }
}

/// A room of this client.
pub(crate) async fn create(owner: &RawClient, room: &str, visibility: &str) -> Value {
    let payload = json!({ "roomId": room, "name": room, "visibility": visibility });
    owner.ok("create-room", payload).await["room"].clone()
}

/// A text message's payload.
pub(crate) fn text(room: &str, content: &str) -> Value {
    json!({ "roomId": room, "content": content, "type": "text" })
}

/// Posts a text; gives the message.
pub(crate) async fn post(client: &RawClient, room: &str, content: &str) -> Value {
    client.ok("send-message", text(room, content)).await["message"].clone()
}

/// Everything that was said in the room before is at `reader` once this returns: a message of `writer`'s, sent now,
/// has arrived there.
pub(crate) async fn fence(writer: &RawClient, reader: &RawClient, room: &str) {
    let id = post(writer, room, "fence").await["id"].clone();
    reader.event_where("new-message", SOON, |event| event["message"]["id"] == id).await;
}

/// Everybody in the room, as one of them reads its whole history: the contents by `seq`.
pub(crate) async fn history(client: &RawClient, room: &str) -> Vec<Value> {
    let mut messages = Vec::new();
    let mut after = 0;
    loop {
        let page = client.ok("get-messages", json!({ "roomId": room, "after": after, "limit": 100 })).await;
        messages.extend(page["messages"].as_array().expect("messages").iter().cloned());
        after = messages.last().map_or(after, |message| message["seq"].as_u64().expect("seq"));
        if page["hasMore"] == false {
            return messages;
        }
    }
}

/// A refusal with everything that one must have; gives its code.
pub(crate) fn typed_refusal(ack: &Value) -> Result<ErrorCode, String> {
    let error = &ack["error"];
    let code: ErrorCode = serde_json::from_value(error["code"].clone()).map_err(|why| format!("{why}: {ack}"))?;
    let typed = ack["success"] == false
        && error["message"].as_str().is_some_and(|message| !message.is_empty())
        && error["retryable"].is_boolean()
        && error["requestId"].as_str().is_some_and(|id| !id.is_empty());
    if typed { Ok(code) } else { Err(format!("not a typed refusal: {ack}")) }
}

/// The connection still takes and answers commands.
pub(crate) async fn assert_works(client: &RawClient) {
    client.ok("list-rooms", json!({ "scope": "mine" })).await;
}

/// A server and its connected clients, one a name.
pub(crate) async fn people<const N: usize>(names: [&str; N]) -> (Server, [RawClient; N]) {
    let server = Server::start().await;
    let mut clients = Vec::new();
    for name in names {
        let client = server.client(name).await;
        client.initial_state().await;
        clients.push(client);
    }
    let clients = clients.try_into().expect("one client a name");
    (server, clients)
}

/// The names of an object's fields, sorted.
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    let object = value.as_object().unwrap_or_else(|| panic!("not an object: {value}"));
    let mut keys: Vec<&str> = object.keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// How many connections the server says that it has.
pub(crate) async fn connections(server: &Server) -> Option<u64> {
    let (_, page) = http::get(server.admin(), "/metrics").await.ok()?;
    http::metric(&page, "roomcast_connections")
}
