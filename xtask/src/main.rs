//! Roomcast's chores. `cargo xtask demo` and `cargo xtask test` are the two commands of the README; both bring
//! what they need with them, as far as the machine lets them.

mod bench;
mod ci;
mod demo;
mod install;
mod process;
mod sim;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Roomcast's chores")]
struct Args {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Start a server with a bot in #general, and say how to open the terminal client.
    Demo(demo::Demo),
    /// Check format and lints, then run every test.
    Test(test::Test),
    /// Everything that must hold before a merge: `test`, and the dependencies' licences and advisories.
    Ci,
    /// Run the simulator: real clients and the real server core on virtual time, with faults.
    Sim(sim::Sim),
    /// Print figures: the codec, and latencies under load.
    Bench,
}

fn main() -> ExitCode {
    let done = match Args::parse().chore {
        Chore::Demo(demo) => demo.run().map(|()| ExitCode::SUCCESS),
        Chore::Test(test) => test.run(),
        Chore::Sim(sim) => sim.run(),
        Chore::Bench => bench::run_all().map(|()| ExitCode::SUCCESS),
        Chore::Ci => ci::run_all(),
    };
    done.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}
