//! `cargo xtask codegen`: the protocol as TypeScript, for the npm package.

use std::process::Command;

use crate::process::{cargo, run};

/// Writes the types anew.
pub(crate) fn write() -> anyhow::Result<()> {
    run(check().env("ROOMCAST_WRITE_TYPES", "1"))
}

/// The test that fails where the committed types are not the protocol's.
///
/// A run of its own: the feature that makes types would otherwise be turned on for the whole workspace.
pub(crate) fn check() -> Command {
    cargo(["test", "--package", "roomcast-protocol", "--features", "ts", "--test", "typescript"])
}
