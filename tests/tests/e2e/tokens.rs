//! Tokens that run out while connected (G-16).

use std::time::{Duration, Instant};

use roomcast_tests::{RawClient, SOON, Server, Token, token};
use serde_json::json;

use crate::support::{assert_works, people, typed_refusal};

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn a_fresh_token_is_swapped_in_place() {
    let (_server, [alice]) = people(["alice"]).await;
    let fresh = Token::of("alice").ttl(2 * HOUR);
    let ack = alice.ok("refresh-token", json!({ "token": fresh.sign() })).await;
    let expires_at = ack["expiresAt"].as_u64().expect("expiresAt is a number");
    let wanted = (roomcast_tests::token::now_s() + 7_200) * 1_000;
    assert!(expires_at.abs_diff(wanted) < 60_000, "{expires_at} is not in two hours");
    assert_works(&alice).await;
}

#[tokio::test]
async fn a_bad_token_is_not_swapped_in() {
    let (_server, [alice]) = people(["alice"]).await;
    let bad = [
        ("another's", token("bob", HOUR)),
        ("expired", Token::of("alice").expired_for(HOUR).sign()),
        ("forged", Token::of("alice").secret("another-secret-0123456789abcdefghij").sign()),
        ("unsigned", Token::of("alice").unsigned()),
        ("nonsense", "nonsense".to_owned()),
    ];
    for (what, bad) in bad {
        let ack = alice.call("refresh-token", json!({ "token": bad })).await;
        let code = typed_refusal(&ack).unwrap_or_else(|why| panic!("{what}: {why}"));
        let known = ["unauthenticated", "token_expired", "forbidden", "bad_request"];
        assert!(known.contains(&code.as_str()), "{what}: {ack}");
    }
    assert_works(&alice).await;
}

#[tokio::test]
async fn an_expiring_token_is_announced() {
    let server = Server::start().await;
    let short = token("alice", Duration::from_secs(50));
    let alice = RawClient::connect(&server.url(), &short).await.expect("a good token is taken");
    let event = alice.next_event("token-expiring", SOON).await;
    let expires_at = event["expiresAt"].as_u64().expect("expiresAt is a number");
    assert!(expires_at > roomcast_tests::token::now_s() * 1_000);
}

#[tokio::test]
async fn without_a_fresh_token_the_connection_ends() {
    let server = Server::builder().set("ROOMCAST_TOKEN_GRACE_MS", "500").start().await;
    let began = Instant::now();
    let life = Duration::from_secs(4);
    let kept = RawClient::connect(&server.url(), &token("bob", life)).await.expect("a good token is taken");
    let alice = RawClient::connect(&server.url(), &token("alice", life)).await.expect("a good token is taken");
    kept.ok("refresh-token", json!({ "token": token("bob", HOUR) })).await;
    alice.closed(life + Duration::from_secs(40)).await;
    assert!(began.elapsed() > life - Duration::from_secs(1), "it ended after {:?}", began.elapsed());
    assert_works(&kept).await;
}
