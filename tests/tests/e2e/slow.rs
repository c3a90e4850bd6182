//! One who does not read must not cost the others anything.

use futures_util::{SinkExt as _, StreamExt as _};
use roomcast_tests::{SOON, Server, Token, eventually};
use serde_json::json;
use tokio::net::TcpSocket;
use tokio_tungstenite::{client_async, tungstenite::Message};

use crate::support::{connections, public_room, text};

/// Messages that fill the kernel's buffers of one connection and its queue on the server several times over.
const FLOOD: usize = 1_500;
const CHUNK: usize = 100;

#[tokio::test]
async fn a_reader_that_stops_is_let_go_and_the_others_miss_nothing() {
    let server = Server::start().await;
    let (alice, bob) = (server.client("alice").await, server.client("bob").await);
    public_room(&alice, "r", &[&bob]).await;

    // Eve joins as anybody would, and then reads no more.
    server.client("eve").await.ok("join-room", json!({ "roomId": "r" })).await;
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    let stream = socket.connect(server.address()).await.expect("connected");
    let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket", server.address());
    let (mut eve, _) = client_async(url, stream).await.expect("upgraded");
    let connect = format!("40{}", json!({ "token": Token::of("eve").sign() }));
    eve.send(Message::text(connect)).await.expect("sent");
    while let Some(Ok(frame)) = eve.next().await {
        if frame.to_text().is_ok_and(|text| text.starts_with("42[\"initial-state\"")) {
            break;
        }
    }
    let all_here = || async { connections(&server).await == Some(3) };
    assert!(eventually(SOON, all_here).await, "alice, bob and eve were never there together");

    // The largest text that is taken, by its bytes.
    let words = "🙂".repeat(3_900);
    for chunk in 0..FLOOD / CHUNK {
        let sends = (0..CHUNK).map(|n| {
            let content = format!("{} {words}", chunk * CHUNK + n);
            let alice = &alice;
            async move { alice.ok("send-message", text("r", &content)).await }
        });
        futures_util::future::join_all(sends).await;
    }
    let gone = || async { connections(&server).await == Some(2) };
    assert!(eventually(SOON, gone).await, "eve was kept: {:?} connections", connections(&server).await);
    for n in 0..FLOOD {
        let event = bob.next_event("new-message", SOON).await;
        assert_eq!(event["message"]["seq"], n + 1);
    }
}
