//! What a node says about itself while something that it stands on is away.

use roomcast_tests::{SOON, Server, eventually, http};
use serde_json::{Value, json};

use crate::stage::Stage;

async fn ready(node: &Server) -> (u16, Value) {
    let (status, body) = http::get(node.address(), "/readyz").await.expect("it answers");
    (status, serde_json::from_str(&body).expect("JSON"))
}

async fn becomes(nodes: &[Server], status: u16, degraded: Value) {
    for node in nodes {
        let as_wanted = async || {
            let (is, body) = ready(node).await;
            is == status && body["degraded"] == degraded
        };
        let became = eventually(SOON, as_wanted).await;
        assert!(became, "it is not {status} {degraded} but {:?}", ready(node).await);
    }
}

async fn gauge(node: &Server) -> bool {
    let (_, page) = http::get(node.admin(), "/metrics").await.expect("it answers");
    page.contains(r#"roomcast_degraded{what="redis"} 1"#)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g6_without_redis_nodes_are_ready_and_degraded_and_without_the_database_they_are_not() {
    let mut stage = Stage::set().await;
    becomes(&stage.nodes, 200, json!([])).await;
    assert!(!gauge(&stage.nodes[0]).await);

    stage.redis.kill();
    becomes(&stage.nodes, 200, json!(["redis"])).await;
    assert!(gauge(&stage.nodes[0]).await);
    stage.redis.restart();
    becomes(&stage.nodes, 200, json!([])).await;

    stage.redis.freeze();
    becomes(&stage.nodes, 200, json!(["redis"])).await;
    stage.redis.thaw();
    becomes(&stage.nodes, 200, json!([])).await;

    stage.postgres.freeze();
    becomes(&stage.nodes, 503, json!([])).await;
    for node in &stage.nodes {
        assert!(matches!(http::get(node.address(), "/livez").await, Ok((200, _))));
    }
    stage.postgres.thaw();
    becomes(&stage.nodes, 200, json!([])).await;
}
