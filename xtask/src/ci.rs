//! `cargo xtask ci`: everything that must hold before a merge.

use std::process::ExitCode;

use crate::{
    process::{cargo, run, succeeds},
    test::Test,
};

/// Dependencies first, as that takes a second; then format, lints and tests.
///
/// `cargo deny` is used where it is installed. Building it takes longer than all the rest, so a machine without it
/// is told what was left out.
pub(crate) fn run_all() -> anyhow::Result<ExitCode> {
    if succeeds(&mut cargo(["deny", "--version"])) {
        run(&mut cargo(["deny", "check"]))?;
    } else {
        println!("left out: licences and advisories of the dependencies (cargo install --locked cargo-deny)");
    }
    Test::default().run()
}
