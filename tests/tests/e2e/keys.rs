//! Public keys of a provider (G-15).

use roomcast_tests::{
    Provider, RawClient, Server, SigningKey,
    token::{SECRET, Token, now_s},
};
use serde_json::{Value, json};

use crate::support::assert_works;

fn claims(user: &str) -> Value {
    json!({ "sub": user, "exp": now_s() + 3_600 })
}

#[tokio::test]
async fn g15_a_provider_s_keys_let_people_in_and_are_followed_when_they_change() {
    let (old, new) = (SigningKey::new("old"), SigningKey::new("new"));
    let provider = Provider::start(&[&old]).await;
    let server = Server::builder().set("ROOMCAST_JWT_KEYS", &provider.url()).start().await;
    let alice = RawClient::connect(&server.url(), &old.sign(&claims("alice"))).await.expect("a known key");
    assert_eq!(provider.asked(), 1, "it is not asked for each token");

    // The provider changes its key and tells nobody: the first token with it is the news.
    provider.publish(&[&new]);
    let bob = RawClient::connect(&server.url(), &new.sign(&claims("bob"))).await.expect("a new key");
    alice.ok("refresh-token", json!({ "token": new.sign(&claims("alice")) })).await;
    assert_eq!(provider.asked(), 2);
    for client in [&alice, &bob] {
        assert_works(client).await;
    }
    assert!(RawClient::connect(&server.url(), &old.sign(&claims("carol"))).await.is_err(), "withdrawn");
    // Names that nobody published do not make the server ask each time.
    for stranger in ["one", "two", "three"] {
        let token = SigningKey::new(stranger).sign(&claims("mallory"));
        assert!(RawClient::connect(&server.url(), &token).await.is_err(), "{stranger} was taken");
    }
    let forged = SigningKey::new("new").sign(&claims("alice"));
    assert!(RawClient::connect(&server.url(), &forged).await.is_err(), "a name is no key");
    assert_eq!(provider.asked(), 2);
    // The secret goes on beside it: services of one's own sign with that.
    let own = Token::of("dora").secret(SECRET).sign();
    assert!(RawClient::connect(&server.url(), &own).await.is_ok());
}
