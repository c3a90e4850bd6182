//! `faults`: breaks a real installation again and again, and sees whether it keeps its promises.

use std::{env, fs, process::ExitCode, time::Duration};

use clap::Parser;
use roomcast_faults::{
    broker::Kind,
    fault::{Fault, Pace},
    run::{Settings, run},
};

/// Real nodes, real clients, real faults.
#[derive(Debug, Parser)]
struct Arguments {
    /// Break things for so many minutes.
    #[arg(long, default_value_t = 3.0)]
    minutes: f64,
    /// With so many clients.
    #[arg(long, default_value_t = 60)]
    clients: usize,
    /// With at most so many people in a room: each message costs one delivery to each of their devices.
    #[arg(long, default_value_t = 1_000)]
    largest_room: usize,
    /// Draw from this seed; without it, from the time.
    #[arg(long)]
    seed: Option<u64>,
    /// On so many nodes.
    #[arg(long, default_value_t = 3)]
    nodes: usize,
    /// How Redis is set up.
    #[arg(long, default_value = "single")]
    redis: Kind,
    /// Only these faults, separated by commas.
    #[arg(long, value_delimiter = ',')]
    faults: Vec<Fault>,
    /// Faults last as long as the promises speak of, as in any run of ten minutes and more.
    #[arg(long)]
    full: bool,
    /// Between two actions of a client, about, in milliseconds.
    #[arg(long, default_value_t = 1_500)]
    pause_ms: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(roomcast_tests::seed);
    let long = arguments.full || arguments.minutes >= 10.0;
    let settings = Settings {
        time: Duration::from_secs_f64(arguments.minutes * 60.0),
        clients: arguments.clients,
        largest_room: arguments.largest_room,
        seed,
        nodes: arguments.nodes,
        redis: arguments.redis,
        pace: if long { Pace::Full } else { Pace::Brisk },
        faults: arguments.faults,
        pause: Duration::from_millis(arguments.pause_ms),
    };
    let report = run(&settings).await;
    println!("\n{}", report.figures);
    if report.violations.is_empty() {
        println!("seed {seed}: every promise was kept");
        return ExitCode::SUCCESS;
    }
    let logs = env::temp_dir();
    for (n, log) in report.logs.iter().enumerate() {
        let path = logs.join(format!("faults-{seed}-node-{n}.log"));
        match fs::write(&path, log) {
            Ok(()) => println!("the log of node {n}: {}", path.display()),
            Err(error) => println!("unable to keep the log of node {n}; {error}"),
        }
    }
    println!("what happened:");
    report.diary.iter().for_each(|line| println!("{line}"));
    println!("\nseed {seed}: {} violations", report.violations.len());
    for violation in &report.violations {
        let at = violation.at_ms as f64 / 1_000.0;
        println!("{at:>8.1} s  {} ({}): {}", violation.rule, violation.label, violation.what);
    }
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_fault_can_be_named() {
        assert_eq!(Fault::value_variants(), Fault::ALL);
    }
}
