//! `cargo xtask sim`: the simulator, optimised and checked; with `--mutants`, whether it would notice.

use std::{
    num::NonZero,
    process::{Command, ExitCode},
    thread,
};

use anyhow::Context as _;
use clap::Args;

use crate::process::{cargo, command, run, say, target_dir};

/// Seeds of a run inside the tests.
pub(crate) const SEEDS: u64 = 20_000;

/// Which seeds.
#[derive(Args)]
pub(crate) struct Sim {
    /// Run so many seeds; of each planted bug, most that it may take to be found.
    #[arg(long)]
    seeds: Option<u64>,
    /// Begin with this one.
    #[arg(long, default_value_t = 0)]
    start: u64,
    /// Replay one seed.
    #[arg(long)]
    seed: Option<u64>,
    /// Print all that happened in it.
    #[arg(long, requires = "seed")]
    trace: bool,
    /// On so many threads; on as many as there are cores.
    #[arg(long)]
    threads: Option<usize>,
    /// Go on after a seed failed.
    #[arg(long)]
    keep_going: bool,
    /// Plant bugs, one at a time, and see that each is found.
    #[arg(long, conflicts_with = "seed")]
    mutants: bool,
}

impl Sim {
    /// Builds and runs it; a broken promise, or a bug that is not found, is a failure.
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        let mut program = if self.mutants { mutants()? } else { simulator()? };
        let mut option = |name: &str, value: Option<u64>| {
            if let Some(value) = value {
                program.args([format!("--{name}"), value.to_string()]);
            }
        };
        option("seed", self.seed);
        option("seeds", self.seeds.or_else(|| (!self.mutants).then_some(SEEDS)));
        option("start", Some(self.start));
        option("threads", Some(self.threads.unwrap_or_else(cores) as u64));
        for (flag, given) in [("--trace", self.trace), ("--keep-going", self.keep_going)] {
            if given {
                program.arg(flag);
            }
        }
        Ok(if ended_well(&mut program)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// The run inside the tests; whether every seed kept every promise.
pub(crate) fn run_within_tests() -> anyhow::Result<bool> {
    let mut program = simulator()?;
    program.args(["--seeds", &SEEDS.to_string(), "--threads", &cores().to_string()]);
    ended_well(&mut program)
}

fn simulator() -> anyhow::Result<Command> {
    run(&mut cargo(["build", "--profile", "sim", "--package", "roomcast-sim", "--bin", "sim"]))?;
    Ok(command(target_dir()?.join("sim/sim"), []))
}

/// Only this build has planted bugs: see `docs/adr/0005-planted-bugs.md`.
fn mutants() -> anyhow::Result<Command> {
    let mut build = cargo(["build", "--profile", "sim", "--package", "roomcast-sim", "--bin", "mutants"]);
    run(build.args(["--features", "mutants"]))?;
    Ok(command(target_dir()?.join("sim/mutants"), []))
}

fn ended_well(program: &mut Command) -> anyhow::Result<bool> {
    say(program);
    Ok(program.status().context("unable to run the simulator")?.success())
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The client's core runs in a page, in a terminal and in the simulator: it knows no runtime, no page and no system.
    #[test]
    fn the_core_knows_no_runtime() {
        for package in ["roomcast-client-core", "roomcast-protocol"] {
            let tree = cargo(["tree", "--package", package, "--edges", "normal", "--prefix", "none", "--locked"])
                .output()
                .expect("cargo tree runs");
            let tree = String::from_utf8_lossy(&tree.stdout);
            assert!(tree.starts_with(package) && tree.contains("serde "), "cargo tree says something else: {tree}");
            let foreign = ["tokio", "wasm-bindgen", "js-sys", "web-sys", "mio", "getrandom", "async-std"];
            let found: Vec<&str> =
                tree.lines().filter(|line| foreign.contains(&line.split(' ').next().unwrap_or_default())).collect();
            assert!(found.is_empty(), "{package}: {found:?}");
        }
    }

    /// Features are united over what is built together: none of it may ask for planted bugs.
    #[test]
    fn no_build_of_the_workspace_has_planted_bugs() {
        let tree = cargo(["tree", "--workspace", "--edges", "features", "--prefix", "none", "--locked", "--offline"])
            .output()
            .expect("cargo tree runs");
        let tree = String::from_utf8_lossy(&tree.stdout);
        assert!(tree.contains("roomcast-server feature \"default\""), "cargo tree says something else: {tree}");
        let planted: Vec<&str> = tree.lines().filter(|line| line.contains("feature \"mutants\"")).collect();
        assert!(planted.is_empty(), "{planted:?}");
    }
}
