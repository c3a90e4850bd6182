//! Who comes in (G-15).

use std::time::Duration;

use roomcast_tests::{RawClient, Server, Token, token};
use serde_json::{Value, json};

use crate::support::{create, keys};

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn authenticates_valid_token() {
    let server = Server::start().await;
    let client = RawClient::connect(&server.url(), &token("alice", HOUR)).await.expect("a good token is taken");
    let state = client.initial_state().await;
    assert_eq!(state["user"], json!({ "id": "alice", "name": "alice" }));
    assert_eq!(keys(&state), ["deltas", "epoch", "limits", "presence", "rooms", "serverTime", "user"]);
    assert!(!client.sid().is_empty());
}

#[tokio::test]
async fn the_user_is_made_and_renamed_by_the_claims() {
    let server = Server::start().await;
    let first = Token::of("alice").claim("name", json!("Alice")).claim("avatarUrl", json!("https://a.example/a.png"));
    let client = server.client_with(json!({ "token": first.sign() })).await;
    let user = client.initial_state().await["user"].clone();
    assert_eq!(user, json!({ "id": "alice", "name": "Alice", "avatarUrl": "https://a.example/a.png" }));

    let later = Token::of("alice").claim("name", json!("Alice B."));
    let client = server.client_with(json!({ "token": later.sign() })).await;
    assert_eq!(client.initial_state().await["user"]["name"], "Alice B.");
}

#[tokio::test]
async fn a_token_without_a_name_is_enough() {
    let server = Server::start().await;
    let auth = json!({ "token": Token::of("alice").claim("name", Value::Null).sign() });
    assert_eq!(server.client_with(auth).await.initial_state().await["user"]["id"], "alice");
}

#[tokio::test]
async fn rejects_invalid_token() {
    let server = Server::start().await;
    let good = token("alice", HOUR);
    let (head, _) = good.rsplit_once('.').expect("a token has three parts");
    let bad = [
        ("no auth", Value::Null),
        ("no token", json!({})),
        ("an empty token", json!({ "token": "" })),
        ("a number", json!({ "token": 7 })),
        ("null", json!({ "token": null })),
        ("a list", json!({ "token": [good] })),
        ("no token at all", json!({ "token": "not a token" })),
        ("an expired token", json!({ "token": Token::of("alice").expired_for(HOUR).sign() })),
        ("no exp", json!({ "token": Token::of("alice").claim("exp", Value::Null).sign() })),
        ("a token of the future", json!({ "token": Token::of("alice").claim("nbf", json!(u32::MAX)).sign() })),
        ("no sub", json!({ "token": Token::of("alice").claim("sub", Value::Null).sign() })),
        ("an empty sub", json!({ "token": Token::of("").sign() })),
        ("a sub of control characters", json!({ "token": Token::of("a\u{0}b").sign() })),
        ("a sub that is too long", json!({ "token": Token::of(&"a".repeat(129)).sign() })),
        (
            "another's secret",
            json!({ "token": Token::of("alice").secret("another-secret-0123456789abcdefghij").sign() }),
        ),
        ("alg none", json!({ "token": Token::of("alice").unsigned() })),
        ("no signature", json!({ "token": head })),
        ("an empty signature", json!({ "token": format!("{head}.") })),
        ("half a signature", json!({ "token": good[..good.len() - 4] })),
        ("something after it", json!({ "token": format!("{good}.x") })),
    ];
    for (what, auth) in bad {
        let refused = RawClient::connect_with(&server.url(), auth).await.expect_err(what);
        assert_eq!(refused.0, "Authentication failed", "{what}");
    }
}

#[tokio::test]
async fn a_refused_client_gets_nothing() {
    let server = Server::start().await;
    let alice = server.client("alice").await;
    create(&alice, "general", "public").await;
    let expired = Token::of("bob").expired_for(HOUR).sign();
    RawClient::connect(&server.url(), &expired).await.expect_err("an expired token is refused");
    let users = alice.ok("get-room-users", json!({ "roomId": "general", "all": true })).await;
    assert_eq!(users["users"].as_array().expect("users").len(), 1);
}

#[tokio::test]
async fn no_token_is_logged() {
    let server = Server::builder().set("RUST_LOG", "info,roomcast_server=trace").start().await;
    let good = token("alice", HOUR);
    let bad = Token::of("bob").expired_for(HOUR).sign();
    let alice = RawClient::connect(&server.url(), &good).await.expect("a good token is taken");
    RawClient::connect(&server.url(), &bad).await.expect_err("an expired token is refused");
    create(&alice, "general", "public").await;
    let log = server.log();
    assert!(!log.contains(&good) && !log.contains(&bad), "a token is in the log");
}
