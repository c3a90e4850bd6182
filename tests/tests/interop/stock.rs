//! The clients that are programs of their own: socket.io-client and python-socketio, over each transport.

use std::{env, path::Path, process::Stdio, time::Duration};

use roomcast_tests::{Server, token::SECRET};
use tokio::{process::Command, time::timeout};

const DEADLINE: Duration = Duration::from_secs(120);

#[tokio::test]
async fn socket_io_client_over_websocket() {
    run(node(), "run.mjs", "websocket").await;
}

#[tokio::test]
async fn socket_io_client_over_polling() {
    run(node(), "run.mjs", "polling").await;
}

#[tokio::test]
async fn socket_io_client_that_upgrades() {
    run(node(), "run.mjs", "upgrade").await;
}

#[tokio::test]
async fn python_socketio_over_websocket() {
    run(python(), "run.py", "websocket").await;
}

#[tokio::test]
async fn python_socketio_over_polling() {
    run(python(), "run.py", "polling").await;
}

#[tokio::test]
async fn python_socketio_that_upgrades() {
    run(python(), "run.py", "upgrade").await;
}

async fn run(program: String, script: &str, transport: &str) {
    // A client that polls and is gone without a word is known to be gone by its silence.
    let pings = Server::builder().set("ROOMCAST_PING_INTERVAL_MS", "3000").set("ROOMCAST_PING_TIMEOUT_MS", "5000");
    let server = pings.start().await;
    let mut command = Command::new(&program);
    command
        .arg(script)
        .args(["--url", &server.url(), "--secret", SECRET, "--transport", transport])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("interop"))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let ran = timeout(DEADLINE, command.output()).await;
    let output =
        ran.expect("the client ends in time").unwrap_or_else(|error| panic!("unable to run {program}: {error}"));
    assert!(
        output.status.success(),
        "{script} over {transport}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

fn node() -> String {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/node_modules");
    assert!(modules.exists(), "the stock clients are not installed; run: cargo xtask test");
    "node".to_owned()
}

/// The interpreter with python-socketio that `cargo xtask test` has set up.
fn python() -> String {
    env::var("ROOMCAST_PYTHON").unwrap_or_else(|_| {
        let test = env::current_exe().expect("a test knows where it lies");
        let target = test.ancestors().nth(3).expect("tests lie in target/…/deps");
        target.join("interop-venv/bin/python").to_string_lossy().into_owned()
    })
}
