//! `cargo xtask test`: the gate, then every test of the workspace, then the simulator and the run of faults, then one
//! line that sums them up.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, ExitCode, Stdio},
};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::{
    codegen, faults, install,
    process::{cargo, run, say, target_dir},
    sim, wasm, web_chat,
};

/// What to check.
#[derive(Args, Default)]
pub(crate) struct Test {
    /// Only the tests: neither format nor lints.
    #[arg(long)]
    quick: bool,
    /// What follows goes to `cargo test`, such as `-p roomcast-protocol` or a part of a test's name; the simulator's
    /// seeds and the run of faults are left out then.
    #[arg(last = true)]
    cargo_test: Vec<String>,
}

impl Test {
    /// Whether no package was named.
    fn takes_everything(&self) -> bool {
        !self.cargo_test.iter().any(|arg| arg == "-p" || arg.starts_with("--package"))
    }

    /// The sum is the last line, also where a test failed.
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        let python = install::for_tests()?;
        if !self.quick {
            run(&mut cargo(["fmt", "--all", "--", "--check"]))?;
            run(&mut cargo(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
        }
        if self.takes_everything() {
            // Before the server, which takes the page up.
            web_chat::build()?;
            wasm::weigh()?;
            run(&mut codegen::check())?;
            // Programs and tests at once: one package after the other, with the features that it alone asks for, half of
            // all crates would be compiled several times.
            run(&mut cargo(["build", "--workspace", "--all-targets"]))?;
        } else {
            run(&mut cargo(["build", "--package", "roomcast-server", "--bin", "roomcast"]))?;
        }
        let server = target_dir()?.join("debug/roomcast");

        let mut tests = cargo(["test", "--no-fail-fast"]);
        if self.takes_everything() {
            tests.arg("--workspace");
        }
        tests.args(&self.cargo_test);
        tests.env("ROOMCAST_BIN", &server).env("ROOMCAST_PYTHON", python);
        let mut total = Total::default();
        let mut good = counted(&mut tests, &mut total)?;
        // Whoever asks for certain tests of cargo's does not mean those of the page.
        if self.cargo_test.is_empty() {
            good &= counted(&mut web_chat::tests(&server)?, &mut total)?;
            // All its seeds count as one test.
            let kept = sim::run_within_tests()?;
            *if kept { &mut total.passed } else { &mut total.failed } += 1;
            // And so does the run of faults.
            let kept = faults::run_within_tests()?;
            *if kept { &mut total.passed } else { &mut total.failed } += 1;
        }
        println!("\n{} passed, {} failed", total.passed, total.failed);
        Ok(if good && total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Runs tests, shows what they print and counts them; gives whether all is well.
fn counted(tests: &mut Command, total: &mut Total) -> anyhow::Result<bool> {
    say(tests);
    let failed = total.failed;
    let mut child = tests.stdout(Stdio::piped()).spawn().context("unable to run the tests")?;
    let output = child.stdout.take().context("the tests have no output")?;
    for line in BufReader::new(output).lines() {
        let line = line.context("unable to read the output of the tests")?;
        total.count(&line);
        println!("{line}");
    }
    let status = child.wait().context("unable to wait for the tests")?;
    if !status.success() && total.failed == failed {
        bail!("unable to run every test; they ended with {status}");
    }
    Ok(status.success())
}

/// The sum of what the tests say at their end.
#[derive(Default, Debug, PartialEq, Eq)]
struct Total {
    passed: u64,
    failed: u64,
}

impl Total {
    /// Takes cargo's `test result: ok. 12 passed; 0 failed; 1 ignored; …` into account, and node's `ℹ pass 12` and
    /// `ℹ fail 0`, and no other line.
    fn count(&mut self, line: &str) {
        match line.strip_prefix("ℹ ").and_then(|sum| sum.split_once(' ')) {
            Some(("pass", n)) => self.passed += n.parse().unwrap_or(0),
            Some(("fail", n)) => self.failed += n.parse().unwrap_or(0),
            _ => {}
        }
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
        total.count("ℹ pass 7");
        total.count("ℹ fail 1");
        total.count("ℹ duration_ms 20034");
        assert_eq!(total, Total { passed: 22, failed: 3 });
    }
}
