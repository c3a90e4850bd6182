//! Roomcast's chores. `cargo xtask demo` and `cargo xtask test` are the two commands of the README; both bring
//! what they need with them, as far as the machine lets them.

mod bench;
mod ci;
mod codegen;
mod demo;
mod faults;
mod install;
mod process;
mod sim;
mod test;
mod wasm;
mod web_chat;

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
    /// Start a server with a bot in #general and the web chat, and say where it is.
    Demo(demo::Demo),
    /// Check format and lints, then run every test.
    Test(test::Test),
    /// Everything that must hold before a merge: `test`, and the dependencies' licences and advisories.
    Ci,
    /// Write the protocol's types for the npm package.
    Codegen,
    /// Build the core for the browser and the npm package around it, and print what a page loads.
    Wasm,
    /// Make the screenshots of the README.
    Screenshots,
    /// Run the simulator: real clients and the real server core on virtual time, with faults.
    Sim(sim::Sim),
    /// Break a real installation again and again: nodes, Postgres, Redis and every link; and check what clients saw.
    Faults(faults::Faults),
    /// Print figures: the codec, latencies under load, what an update costs a browser.
    Bench,
}

fn main() -> ExitCode {
    let done = match Args::parse().chore {
        Chore::Demo(demo) => demo.run().map(|()| ExitCode::SUCCESS),
        Chore::Test(test) => test.run(),
        Chore::Sim(sim) => sim.run(),
        Chore::Faults(faults) => faults.run(),
        Chore::Bench => bench::run_all().map(|()| ExitCode::SUCCESS),
        Chore::Codegen => codegen::write().map(|()| ExitCode::SUCCESS),
        Chore::Wasm => wasm::run_all().map(|()| ExitCode::SUCCESS),
        Chore::Screenshots => web_chat::screenshots().map(|()| ExitCode::SUCCESS),
        Chore::Ci => ci::run_all(),
    };
    done.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}
