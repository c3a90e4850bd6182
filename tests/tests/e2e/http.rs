//! What operators ask.

use roomcast_tests::{Server, http};

use crate::support::{people, post, public_room};

#[tokio::test]
async fn health_is_answered() {
    let server = Server::start().await;
    for path in ["/livez", "/readyz"] {
        let (status, _) = http::get(server.address(), path).await.expect("the server answers");
        assert_eq!(status, 200, "{path}");
    }
    let (status, _) = http::get(server.address(), "/nothing-here").await.expect("the server answers");
    assert_eq!(status, 404);
}

#[tokio::test]
async fn metrics_are_shown_on_the_admin_address_only() {
    let (server, [alice]) = people(["alice"]).await;
    public_room(&alice, "general", &[]).await;
    post(&alice, "general", "hello").await;
    let (status, body) = http::get(server.admin(), "/metrics").await.expect("the server answers");
    assert_eq!(status, 200);
    assert!(body.lines().any(|line| line.starts_with("roomcast_")), "{body}");
    let (status, _) = http::get(server.address(), "/metrics").await.expect("the server answers");
    assert_eq!(status, 404);
}
