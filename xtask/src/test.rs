//! `cargo xtask test`: the gate, then every test of the workspace, then the simulator, then one line that sums them
//! up.

use std::{
    io::{BufRead as _, BufReader},
    process::{ExitCode, Stdio},
};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::{
    install,
    process::{cargo, run, say, target_dir},
    sim,
};

/// What to check.
#[derive(Args, Default)]
pub(crate) struct Test {
    /// Only the tests: neither format nor lints.
    #[arg(long)]
    quick: bool,
    /// What follows goes to `cargo test`, such as `-p roomcast-protocol` or a part of a test's name; the simulator's
    /// seeds are left out then.
    #[arg(last = true)]
    cargo_test: Vec<String>,
}

impl Test {
    /// The sum is the last line, also where a test failed.
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        let python = install::for_tests()?;
        if !self.quick {
            run(&mut cargo(["fmt", "--all", "--", "--check"]))?;
            run(&mut cargo(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
        }
        run(&mut cargo(["build", "--package", "roomcast-server", "--bin", "roomcast"]))?;

        let mut tests = cargo(["test", "--no-fail-fast"]);
        if !self.cargo_test.iter().any(|arg| arg == "-p" || arg.starts_with("--package")) {
            tests.arg("--workspace");
        }
        tests.args(&self.cargo_test);
        tests.env("ROOMCAST_BIN", target_dir()?.join("debug/roomcast")).env("ROOMCAST_PYTHON", python);
        say(&tests);
        let mut child = tests.stdout(Stdio::piped()).spawn().context("unable to run cargo test")?;
        let output = child.stdout.take().context("cargo test has no output")?;
        let mut total = Total::default();
        for line in BufReader::new(output).lines() {
            let line = line.context("unable to read the output of cargo test")?;
            total.count(&line);
            println!("{line}");
        }
        let status = child.wait().context("unable to wait for cargo test")?;
        if !status.success() && total.failed == 0 {
            bail!("unable to run every test; cargo test ended with {status}");
        }
        if self.cargo_test.is_empty() {
            // All its seeds count as one test.
            let kept = sim::run_within_tests()?;
            *if kept { &mut total.passed } else { &mut total.failed } += 1;
        }
        println!("\n{} passed, {} failed", total.passed, total.failed);
        Ok(if status.success() && total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// The sum of the `test result:` lines.
#[derive(Default, Debug, PartialEq, Eq)]
struct Total {
    passed: u64,
    failed: u64,
}

impl Total {
    /// Takes `test result: ok. 12 passed; 0 failed; 1 ignored; …` into account, and no other line.
    fn count(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        for part in result.split([';', '.']) {
            match part.trim().split_once(' ') {
                Some((n, "passed")) => self.passed += n.parse().unwrap_or(0),
                Some((n, "failed")) => self.failed += n.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_summed_up() {
        let mut total = Total::default();
        total.count("running 3 tests");
        total.count("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s");
        total.count("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.5s");
        total.count("test results_are_summed_up ... ok");
        assert_eq!(total, Total { passed: 15, failed: 2 });
    }
}
