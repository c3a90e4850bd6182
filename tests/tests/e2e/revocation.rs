//! Revoked tokens (G-16).

use std::{process::Command, time::Duration};

use roomcast_tests::{RawClient, SOON, Server, Token, http, server::binary, token::now_s};
use serde_json::{Value, json};

/// A token of that age.
fn issued(user: &str, ago_s: u64) -> String {
    Token::of(user).claim("iat", json!(now_s() - ago_s)).sign()
}

async fn ask(server: &Server, body: &str) -> (u16, Value) {
    let (status, body) = http::post(server.admin(), "/revocations", body).await.expect("it answers");
    (status, serde_json::from_str(&body).unwrap_or_else(|_| panic!("no JSON: {body}")))
}

#[tokio::test]
async fn g16_revoked_tokens_are_refused_and_their_connections_ended() {
    let server = Server::start().await;
    let old = issued("alice", 100);
    let connect = async |token: &str| RawClient::connect(&server.url(), token).await;
    let (here, other) = (connect(&old).await.expect("taken"), server.client("bob").await);
    let fresh = connect(&issued("alice", 10)).await.expect("taken");
    let undated = server.client("alice").await;

    let from = now_s() - 50;
    let (status, answer) = ask(&server, &json!({ "sub": "alice", "notBefore": from }).to_string()).await;
    assert_eq!((status, answer), (200, json!({ "sub": "alice", "notBefore": from })));
    for revoked in [&here, &undated] {
        assert_eq!(revoked.next_event("token-revoked", SOON).await, json!({}));
        revoked.closed(SOON).await;
    }
    for token in [&old, &Token::of("alice").sign()] {
        assert_eq!(connect(token).await.expect_err("revoked").0, "Access revoked");
    }
    assert_eq!(fresh.refused("refresh-token", json!({ "token": old })).await, "revoked");
    fresh.ok("refresh-token", json!({ "token": issued("alice", 5) })).await;
    other.ok("list-rooms", json!({ "scope": "mine" })).await;

    // Backwards is no way, and without a moment it is all that was issued until now.
    let (_, answer) = ask(&server, &json!({ "sub": "alice", "notBefore": 1 }).to_string()).await;
    assert_eq!(answer["notBefore"], from);
    let (_, answer) = ask(&server, r#"{"sub":"alice"}"#).await;
    assert!(answer["notBefore"].as_u64().expect("seconds") > from + 50, "{answer}");
    fresh.next_event("token-revoked", SOON).await;
    fresh.closed(SOON).await;
    assert!(other.is_open());
}

#[tokio::test]
async fn what_cannot_be_revoked_is_told_why() {
    let server = Server::start().await;
    let ahead = now_s() * 1_000;
    for body in [
        "",
        "null",
        "{}",
        r#"{"sub":7}"#,
        r#"{"sub":""}"#,
        r#"{"sub":"a","notBefore":-1}"#,
        r#"{"sub":"a","notBefore":"now"}"#,
        r#"{"sub":"a","until":1}"#,
        &json!({ "sub": "a", "notBefore": ahead }).to_string(),
    ] {
        let (status, answer) = ask(&server, body).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!("bad_request")), "{body}: {answer}");
        assert!(
            answer["error"]["message"].as_str().is_some_and(|message| message.starts_with("unable to")),
            "{answer}"
        );
    }
    let plain = http::post_as(server.admin(), "/revocations", "text/plain", r#"{"sub":"alice"}"#).await;
    assert_eq!(plain.expect("it answers").0, 415, "a page can send this from anywhere");
    let (status, _) = http::post(server.address(), "/revocations", r#"{"sub":"alice"}"#).await.expect("it answers");
    assert_eq!(status, 404, "it is not for clients");
    server.client("alice").await;
}

#[tokio::test]
async fn g16_the_command_line_revokes_while_no_server_runs() {
    let mut server = Server::start().await;
    let old = issued("alice", 100);
    RawClient::connect(&server.url(), &old).await.expect("taken");
    let database = server.database();
    let revoke = |user: &str, more: &[&str]| {
        let mut command = Command::new(binary());
        command.args(["revoke", "--user", user, "--database-url", &database]).args(more);
        let output = command.output().expect("it can be started");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (done, why) = revoke("alice", &[]);
    assert!(!done && why.contains("POST /revocations"), "a server has the file: {why}");
    server.kill9();
    assert!(!revoke("", &[]).0);
    assert!(!revoke("alice", &["--not-before", "99999999999999"]).0);
    assert_eq!(revoke("alice", &[]), (true, String::new()));
    server.restart().await;
    let refused = RawClient::connect(&server.url(), &old).await.expect_err("revoked");
    assert_eq!(refused.0, "Access revoked");
    let later = Token::of("alice").claim("iat", json!(now_s() + 60)).ttl(Duration::from_secs(3_600)).sign();
    RawClient::connect(&server.url(), &later).await.expect("a token of later counts");
}
