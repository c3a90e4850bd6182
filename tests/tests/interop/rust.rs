//! rust_socketio, as many Rust programs use it: over WebSocket, with its own ack ids and its own parser.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::FutureExt as _;
use roomcast_tests::{SOON, Server, Token};
use rust_socketio::{
    Event, Payload, TransportType,
    asynchronous::{Client, ClientBuilder},
};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

struct Peer {
    client: Client,
    events: mpsc::Receiver<(String, Value)>,
}

impl Peer {
    async fn connect(server: &Server, user: &str) -> Self {
        Self::connect_with(server, json!({ "token": Token::of(user).sign() })).await
    }

    async fn connect_with(server: &Server, auth: Value) -> Self {
        let (sender, events) = mpsc::channel(1_000);
        let hear = move |event: Event, payload: Payload, _: Client| {
            let sender = sender.clone();
            async move {
                let _ = sender.send((event.to_string(), only(payload))).await;
            }
            .boxed()
        };
        let client = ClientBuilder::new(server.url())
            .transport_type(TransportType::Websocket)
            .reconnect(false)
            .auth(auth)
            .on_any(hear.clone())
            .on(Event::Error, move |payload, client| hear(Event::Error, payload, client))
            .connect();
        Self { client: client.await.expect("the transport opens"), events }
    }

    /// The next event of this name; others before it are dropped.
    async fn event(&mut self, name: &str) -> Value {
        let wanted = async {
            loop {
                let (heard, payload) = self.events.recv().await.expect("the client lives");
                if heard == name {
                    return payload;
                }
            }
        };
        tokio::time::timeout(SOON, wanted).await.unwrap_or_else(|_| panic!("no {name}"))
    }

    async fn ask(&self, name: &str, payload: Value) -> Value {
        let (sender, answer) = oneshot::channel();
        let sender = Arc::new(Mutex::new(Some(sender)));
        let take = move |payload: Payload, _: Client| {
            let sender = sender.lock().expect("nobody panics here").take().expect("an event is answered once");
            let _ = sender.send(only(payload));
            async {}.boxed()
        };
        self.client.emit_with_ack(name, payload, SOON, take).await.expect("the event is sent");
        tokio::time::timeout(SOON, answer).await.expect("an ack comes").expect("the client lives")
    }
}

/// The one argument of an event or ack. Acks come as a list of arguments within the list.
fn only(payload: Payload) -> Value {
    match payload {
        Payload::Text(mut args) if args.len() == 1 => match args.remove(0) {
            Value::Array(mut inner) if inner.len() == 1 => inner.remove(0),
            other => other,
        },
        other => json!(format!("{other:?}")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rust_socketio_every_fixed_event() {
    // This client closes its socket without waiting for its goodbye to go out, so now and then the server sees a lost
    // transport: with little grace, others hear of either.
    let server = Server::builder().set("ROOMCAST_PRESENCE_GRACE_MS", "500").start().await;
    let mut alice = Peer::connect(&server, "alice").await;
    let mut bob = Peer::connect(&server, "bob").await;
    assert_eq!(alice.event("initial-state").await["user"], json!({ "id": "alice", "name": "alice" }));
    bob.event("initial-state").await;

    let made = alice.ask("create-room", json!({ "roomId": "rust", "name": "Rust", "visibility": "public" })).await;
    assert_eq!(made["success"], true, "{made}");
    let room = bob.ask("join-room", json!({ "roomId": "rust" })).await["room"].clone();
    let joined = json!({ "roomId": "rust", "user": { "id": "bob", "name": "bob" }, "rev": room["rev"] });
    assert_eq!(alice.event("user-joined").await, joined);
    let users = bob.ask("get-room-users", json!({ "roomId": "rust" })).await;
    assert_eq!(users["users"].as_array().map(Vec::len), Some(2), "{users}");

    let sent = alice.ask("send-message", json!({ "roomId": "rust", "content": "hello", "type": "text" })).await;
    let author = json!({ "id": "alice", "name": "alice" });
    let wanted = json!({ "message": sent["message"], "user": author, "rev": sent["rev"] });
    assert_eq!(bob.event("new-message").await, wanted);

    alice.client.emit("typing-start", json!("rust")).await.expect("the event is sent");
    let typing = json!({ "roomId": "rust", "userId": "alice", "username": "alice" });
    assert_eq!(bob.event("user-typing").await, typing);
    alice.client.emit("typing-stop", json!("rust")).await.expect("the event is sent");
    assert_eq!(bob.event("user-stopped-typing").await, json!({ "roomId": "rust", "userId": "alice" }));

    let ids = json!([[sent["message"]["id"]]]);
    assert_eq!(bob.ask("mark-read", ids[0].clone()).await["success"], true);
    let read = json!({ "userId": "bob", "messageIds": ids[0], "roomId": "rust", "readSeq": 1 });
    assert_eq!(alice.event("messages-read").await, read);

    let id = sent["message"]["id"].clone();
    let edit = alice.ask("edit-message", json!({ "messageId": id, "content": "hello again" })).await;
    assert_eq!(bob.event("message-edited").await, json!({ "message": edit["message"], "rev": edit["rev"] }));
    let delete = alice.ask("delete-message", json!({ "messageId": id })).await;
    assert_eq!(bob.event("message-deleted").await, json!({ "message": delete["message"], "rev": delete["rev"] }));

    assert_eq!(bob.ask("update-presence", json!({ "status": "busy" })).await["success"], true);
    assert_eq!(alice.event("presence-changed").await, json!({ "userId": "bob", "status": "busy" }));

    let left = bob.ask("leave-room", json!({ "roomId": "rust" })).await;
    let wanted = json!({ "roomId": "rust", "userId": "bob", "rev": left["rev"] });
    assert_eq!(alice.event("user-left").await, wanted);
    let refused = bob.ask("send-message", json!({ "roomId": "rust", "content": "x", "type": "text" })).await;
    assert_eq!(refused["error"]["code"], "not_member");

    let back = bob.ask("join-room", json!({ "roomId": "rust" })).await;
    assert_eq!(back["success"], true);
    bob.client.disconnect().await.expect("the client disconnects");
    assert_eq!(alice.event("user-offline").await["userId"], "bob");
    let _bob = Peer::connect(&server, "bob").await;
    assert_eq!(alice.event("user-online").await, json!({ "userId": "bob" }));
}

/// This client reports a refused connect as an error event with a text, after `connect` has said yes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rust_socketio_hears_why_it_was_refused() {
    let server = Server::start().await;
    let mut mallory = Peer::connect_with(&server, json!({ "token": "nonsense" })).await;
    let error = tokio::time::timeout(Duration::from_secs(10), mallory.event("error")).await.expect("an error comes");
    assert!(error.to_string().contains("Authentication failed"), "{error}");
}
