//! Revocation across nodes (G-16).

use roomcast_protocol::handshake::Refusal;

use super::*;
use crate::service::ConnectError;

/// After all tokens of these tests were issued.
const LATER: Timestamp = Timestamp::new(2_000);

#[tokio::test]
async fn g16_a_revocation_reaches_the_other_node_without_the_bus() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    nodes.exchange.take_down();
    nodes.a.service.revoke(&user("bob").id, LATER).await.expect("revoked");
    until("bob is told", || !nodes.b.told(2, "token-revoked").is_empty()).await;
    assert!(nodes.b.closed(2));
    assert!(nodes.a.told(1, "token-revoked").is_empty() && !nodes.a.closed(1), "it is not hers");
}

#[tokio::test]
async fn g16_a_hint_on_the_bus_is_quicker_than_the_next_look() {
    let nodes = Nodes::new().await;
    let (_alice, _bob) = nodes.alice_and_bob().await;
    // Nobody looks for a long time.
    nodes.b.service.inner.revocations().look_at = u64::MAX;
    nodes.a.service.revoke(&user("bob").id, LATER).await.expect("revoked");
    until("bob is told", || !nodes.b.told(2, "token-revoked").is_empty()).await;
}

#[tokio::test]
async fn g16_who_is_on_the_way_in_while_they_are_revoked_is_told_once_in() {
    let nodes = Nodes::new().await;
    let session = nodes.a.arrive(1, "alice").await;
    nodes.a.service.revoke(&user("alice").id, LATER).await.expect("revoked");
    assert!(nodes.a.told(1, "token-revoked").is_empty(), "the initial state comes first");
    nodes.a.service.begin_session(&session, None).await.expect("begun");
    until("she is told", || !nodes.a.told(1, "token-revoked").is_empty()).await;
    assert!(nodes.a.closed(1));
}

#[tokio::test]
async fn g16_who_was_revoked_before_is_refused_and_leaves_nothing_behind() {
    let nodes = Nodes::new().await;
    nodes.store.revoke(&user("alice").id, LATER).await.expect("revoked");
    let refused = nodes.a.service.connect(ConnId(1), identity("alice")).await.expect_err("refused");
    assert!(matches!(refused, ConnectError::Refused(Refusal::AccessRevoked)), "{refused}");
    assert!(nodes.a.service.who().is_empty());
    let fresh = Identity { issued_at: LATER, ..identity("alice") };
    nodes.a.service.connect(ConnId(2), fresh).await.expect("a token of later counts");
}
