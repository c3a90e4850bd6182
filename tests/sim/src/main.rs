//! `sim`: runs seeds of the simulator.

use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use clap::Parser;
use roomcast_sim::{Summary, Traced, run};

/// Real client cores and the real server core, on virtual time.
#[derive(Debug, Parser)]
struct Arguments {
    /// Replay one seed.
    #[arg(long)]
    seed: Option<u64>,
    /// Print all that happened in it.
    #[arg(long)]
    trace: bool,
    /// Run so many seeds.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// Begin with this one.
    #[arg(long, default_value_t = 0)]
    start: u64,
    /// On so many threads.
    #[arg(long, default_value_t = 2)]
    threads: u64,
    /// With so many server nodes, instead of as many as each seed draws.
    #[arg(long)]
    nodes: Option<usize>,
    /// Go on after a seed failed.
    #[arg(long)]
    keep_going: bool,
}

/// A long run says how far it is after so many seeds.
const PROGRESS: u64 = 50_000;

/// Lines printed before the end of a failed seed.
const EXCERPT: usize = 60;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.seed {
        Some(seed) => replay(seed, arguments.trace, arguments.nodes),
        None => many(&arguments),
    }
}

fn replay(seed: u64, all: bool, nodes: Option<usize>) -> ExitCode {
    let run = run(seed, Traced::Yes, nodes);
    let from = if all { 0 } else { excerpt(&run.lines) };
    for line in run.lines.iter().skip(from).take(if all { usize::MAX } else { EXCERPT + 1 }) {
        println!("{line}");
    }
    println!("seed {seed}: history {:016x}, {} violations", run.hash, run.violations.len());
    for violation in &run.violations {
        println!("  {:.3} s  {}: {}", violation.at as f64 / 1_000.0, violation.rule, violation.what);
    }
    if run.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn excerpt(lines: &[String]) -> usize {
    let place = lines.iter().position(|line| line.contains("VIOLATION")).unwrap_or(lines.len());
    place.saturating_sub(EXCERPT)
}

fn many(arguments: &Arguments) -> ExitCode {
    let started = Instant::now();
    let next = Arc::new(AtomicU64::new(arguments.start));
    let end = arguments.start + arguments.seeds;
    let total = Arc::new(Mutex::new(Summary::default()));
    let threads: Vec<_> = (0..arguments.threads.max(1))
        .map(|_| {
            let (next, total) = (next.clone(), total.clone());
            let (start, keep_going, nodes) = (arguments.start, arguments.keep_going, arguments.nodes);
            std::thread::spawn(move || {
                let mut own = Summary::default();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        break;
                    }
                    let result = run(seed, Traced::No, nodes);
                    own.add(&result);
                    if (seed + 1 - start).is_multiple_of(PROGRESS) && seed + 1 < end {
                        eprintln!("{} seeds after {:.0} s", seed + 1 - start, started.elapsed().as_secs_f64());
                    }
                    // A long run is worth looking into before its end.
                    if let Some(violation) = result.violations.first() {
                        eprintln!("seed {seed}: {}: {}", violation.rule, violation.what);
                    }
                    if !result.violations.is_empty() && !keep_going {
                        next.store(end, Ordering::Relaxed);
                    }
                }
                total.lock().expect("no thread panics").merge(own);
            })
        })
        .collect();
    for thread in threads {
        if thread.join().is_err() {
            println!("a thread panicked");
            return ExitCode::FAILURE;
        }
    }
    let mut summary = std::mem::take(&mut *total.lock().expect("no thread panics"));
    let seconds = started.elapsed().as_secs_f64();
    println!("{summary}");
    println!("{:<24}{seconds:>12.1}", "seconds");
    println!("{:<24}{:>12.1}", "seeds/s", summary.seeds as f64 / seconds);
    summary.failed.sort();
    let mut rules: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (seed, rule, _) in &summary.failed {
        rules.entry(rule).or_default().push(*seed);
    }
    for (rule, seeds) in rules {
        println!("broken: {rule}: {} seeds, such as {:?}", seeds.len(), &seeds[..seeds.len().min(8)]);
    }
    if let Some((seed, rule, what)) = summary.failed.first() {
        println!("the first: seed {seed}: {rule}: {what}\nreplay with --seed {seed}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
