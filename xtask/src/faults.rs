//! `cargo xtask faults`: breaks a real installation again and again, and sees whether it keeps its promises.

use std::process::{Command, ExitCode};

use anyhow::Context as _;
use clap::Args;

use crate::process::{cargo, command, run, say, target_dir};

/// Minutes of a run inside the tests.
const MINUTES: f64 = 3.0;
/// Clients of a run inside the tests: two cores have other things to do, too.
const CLIENTS: usize = 40;

/// How long, with how many.
#[derive(Args)]
pub(crate) struct Faults {
    /// Break things for so many minutes; from ten on, each fault lasts as long as the promises speak of.
    #[arg(long, default_value_t = MINUTES)]
    minutes: f64,
    /// With so many clients.
    #[arg(long, default_value_t = 60)]
    clients: usize,
    /// Draw people and faults from this seed; without it, from the time.
    #[arg(long)]
    seed: Option<u64>,
    /// Only these faults, separated by commas, such as `node-killed,redis-frozen`.
    #[arg(long)]
    faults: Option<String>,
    /// With at most so many people in a room.
    #[arg(long)]
    largest_room: Option<usize>,
    /// Between two actions of a client, about, in milliseconds.
    #[arg(long)]
    pause_ms: Option<u64>,
    /// Build with optimisations.
    #[arg(long)]
    release: bool,
    /// How Redis is set up: `single`, `cluster` or `sentinel`.
    #[arg(long, default_value = "single")]
    redis: String,
}

impl Faults {
    /// Builds and runs it; a broken promise is a failure.
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        let mut program = program(self.release)?;
        program.args(["--minutes", &self.minutes.to_string(), "--clients", &self.clients.to_string()]);
        for (name, value) in [("--largest-room", self.largest_room.map(|n| n as u64)), ("--pause-ms", self.pause_ms)] {
            if let Some(value) = value {
                program.args([name, &value.to_string()]);
            }
        }
        program.args(["--redis", &self.redis]);
        if let Some(seed) = self.seed {
            program.args(["--seed", &seed.to_string()]);
        }
        if let Some(faults) = &self.faults {
            program.args(["--faults", faults]);
        }
        Ok(if ended_well(&mut program)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// The run inside the tests, of what they have built; whether every promise was kept.
pub(crate) fn run_within_tests() -> anyhow::Result<bool> {
    let mut program = built("debug")?;
    ended_well(program.args(["--minutes", &MINUTES.to_string(), "--clients", &CLIENTS.to_string()]))
}

fn program(release: bool) -> anyhow::Result<Command> {
    for (package, bin) in [("roomcast-server", "roomcast"), ("roomcast-faults", "faults")] {
        run(cargo(["build", "--package", package, "--bin", bin]).args(release.then_some("--release")))?;
    }
    built(if release { "release" } else { "debug" })
}

fn built(profile: &str) -> anyhow::Result<Command> {
    let built = target_dir()?.join(profile);
    let mut program = command(built.join("faults"), []);
    program.env("ROOMCAST_BIN", built.join("roomcast"));
    Ok(program)
}

fn ended_well(program: &mut Command) -> anyhow::Result<bool> {
    say(program);
    Ok(program.status().context("unable to run the faults")?.success())
}
