//! `cargo xtask bench`: figures, on optimised builds.

use crate::{
    process::{cargo, run, target_dir},
    web_chat,
};

/// The codec beside socketioxide's, what an event costs the core and a page, and what people feel on one node under
/// load, and what several nodes bring and cost.
pub(crate) fn run_all() -> anyhow::Result<()> {
    run(&mut cargo(["build", "--release", "-p", "roomcast-server"]))?;
    let server = target_dir()?.join("release/roomcast");
    for bench in ["codec", "core", "load", "nodes"] {
        run(cargo(["bench", "-p", "roomcast-tests", "--bench", bench]).env("ROOMCAST_BIN", &server))?;
    }
    web_chat::bench(&server)
}
