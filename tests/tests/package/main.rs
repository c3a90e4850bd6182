//! The npm package, as it was built: its own tests, and the tarball with what users run.

use std::{path::Path, process::Stdio, time::Duration};

use roomcast_tests::{Server, token::SECRET};
use serde_json::json;
use tokio::{process::Command, time::timeout};

/// A machine with two cores that does other things as well.
const DEADLINE: Duration = Duration::from_secs(500);

#[tokio::test]
async fn the_tests_of_the_package_pass() {
    let npm = Path::new(env!("CARGO_MANIFEST_DIR")).join("../npm");
    let mut vitest = node(&npm, "node_modules/vitest/vitest.mjs");
    passes(vitest.args(["run", "--no-color"]).env("ROOMCAST_BIN", roomcast_tests::server::binary())).await;
}

#[tokio::test]
async fn the_tarball_works_with_what_users_run() {
    let server = Server::start().await;
    let room = json!({ "roomId": "general", "name": "General", "visibility": "public" });
    server.client("host").await.ok("create-room", room).await;
    let packaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging");
    let mut run = node(&packaging, "run.mjs");
    passes(run.args(["--url", &server.url(), "--secret", SECRET])).await;
}

fn node(folder: &Path, script: &str) -> Command {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../npm/dist/index.js");
    let ready = folder.join("node_modules").exists() && dist.exists();
    assert!(ready, "the package is not built; run: cargo xtask test");
    let mut command = Command::new("node");
    command.arg(script).current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn passes(command: &mut Command) {
    let ran = timeout(DEADLINE, command.output()).await;
    let output = ran.expect("it ends in time").expect("node runs");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{}\n{}{}", output.status, text[0], text[1]);
}
