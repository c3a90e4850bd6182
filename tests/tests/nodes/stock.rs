//! Every fixed event between stock clients on different nodes, straight to the nodes and through nginx.

use std::{path::Path, process::Stdio, time::Duration};

use roomcast_tests::token::SECRET;
use tokio::{process::Command, time::timeout};

use crate::stage::Stage;

const DEADLINE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn straight_to_two_nodes_over_websocket() {
    straight("websocket").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn straight_to_two_nodes_over_polling() {
    straight("polling").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_nginx_over_polling() {
    through_nginx("polling").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_nginx_with_an_upgrade() {
    through_nginx("upgrade").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_nginx_over_websocket() {
    through_nginx("websocket").await;
}

async fn straight(transport: &str) {
    let stage = Stage::shared().await;
    let urls = [stage.nodes[0].url(), stage.nodes[1].url()];
    let name = format!("straight-{transport}");
    run(&["--url", &urls[0], "--other-url", &urls[1], "--transport", transport, "--name", &name]).await;
}

/// The keys lead to two nodes. A WebSocket goes where there are fewest, which is not where the other one is.
async fn through_nginx(transport: &str) {
    let stage = Stage::shared().await;
    let (url, alice, bob) = (stage.nginx.url(), stage.affinity(0).await, stage.affinity(1).await);
    let name = format!("nginx-{transport}");
    let args =
        ["--url", &url, "--transport", transport, "--name", &name, "--affinity", &alice, "--other-affinity", &bob];
    run(&args).await;
}

async fn run(args: &[&str]) {
    let interop = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
    assert!(interop.join("node_modules").exists(), "the stock clients are not installed; run: cargo xtask test");
    let mut command = Command::new("node");
    command.arg("run.mjs").args(["--secret", SECRET]).args(args);
    command.current_dir(interop).stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(DEADLINE, command.output()).await.expect("the client ends in time").expect("node runs");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{args:?}: {}\n{}{}", output.status, text[0], text[1]);
}
