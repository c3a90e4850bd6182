//! `mutants`: plants one bug at a time and runs seeds until a rule is broken. A bug that is never found means that the
//! checker or the workload is too weak.

use std::{panic, process::ExitCode, sync::Mutex, thread, time::Instant};

use clap::Parser;
use roomcast_client_core::planted as client;
use roomcast_server::planted as server;
use roomcast_sim::{Traced, run};

/// Plants bugs and looks whether they are found.
#[derive(Debug, Parser)]
struct Arguments {
    /// Most seeds that a bug may take.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// Begin with this seed.
    #[arg(long, default_value_t = 0)]
    start: u64,
    /// On so many threads.
    #[arg(long, default_value_t = 2)]
    threads: u64,
    /// Only bugs whose name holds this.
    #[arg(long)]
    only: Option<String>,
    /// First run so many seeds without any, which must find nothing.
    #[arg(long, default_value_t = 2_000)]
    none: u64,
}

#[derive(Debug, Clone, Copy)]
enum Mutant {
    None,
    Client(client::Bug),
    Server(server::Bug),
}

impl Mutant {
    fn all() -> impl Iterator<Item = Self> {
        let clients = client::Bug::ALL.iter().map(|bug| Self::Client(*bug));
        clients.chain(server::Bug::ALL.iter().map(|bug| Self::Server(*bug)))
    }

    const fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::None => ("", "(none)"),
            Self::Client(bug) => ("client-core", bug.name()),
            Self::Server(bug) => ("server", bug.name()),
        }
    }

    /// In this thread.
    fn plant(self) {
        client::plant(if let Self::Client(bug) = self { Some(bug) } else { None });
        server::plant(if let Self::Server(bug) = self { Some(bug) } else { None });
    }
}

/// How a bug was found.
struct Found {
    seed: u64,
    rule: &'static str,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let started = Instant::now();
    // A bug may well be found by a panic.
    panic::set_hook(Box::new(|_| {}));
    let wanted = |mutant: &Mutant| arguments.only.as_ref().is_none_or(|part| mutant.name().1.contains(part.as_str()));
    let todo = Mutex::new(Mutant::all().filter(wanted).collect::<Vec<_>>());
    let rows = Mutex::new(Vec::new());
    if arguments.none > 0
        && let Some(found) = search(Mutant::None, arguments.start, arguments.none)
    {
        println!("without a bug, seed {} breaks {}", found.seed, found.rule);
        return ExitCode::FAILURE;
    }
    thread::scope(|scope| {
        for _ in 0..arguments.threads.max(1) {
            scope.spawn(|| {
                loop {
                    let Some(mutant) = todo.lock().expect("no panic").pop() else { return };
                    let found = search(mutant, arguments.start, arguments.seeds);
                    rows.lock().expect("no panic").push((mutant, found));
                }
            });
        }
    });
    let mut rows = rows.into_inner().expect("no panic");
    rows.sort_by_key(|(mutant, _)| mutant.name());
    println!("| crate | planted bug | found by | at seed | seeds needed |\n|---|---|---|---|---|");
    let mut missed = 0;
    for (mutant, found) in &rows {
        let (place, name) = mutant.name();
        match found {
            Some(Found { seed, rule }) => {
                println!("| {place} | {name} | {rule} | {seed} | {} |", seed - arguments.start + 1);
            }
            None => {
                missed += 1;
                println!("| {place} | {name} | **nothing** | | {} |", arguments.seeds);
            }
        }
    }
    println!(
        "\n{} of {} found; {} seeds without a bug kept every promise; {:.0} s",
        rows.len() - missed,
        rows.len(),
        arguments.none,
        started.elapsed().as_secs_f64()
    );
    if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn search(mutant: Mutant, start: u64, seeds: u64) -> Option<Found> {
    mutant.plant();
    (start..start + seeds).find_map(|seed| match panic::catch_unwind(|| run(seed, Traced::No, None)) {
        Ok(run) => run.violations.first().map(|violation| Found { seed, rule: violation.rule }),
        Err(_) => Some(Found { seed, rule: "a panic" }),
    })
}
