//! Steps through a recorded session: each input, what the core did, and the first thing that it does otherwise now.

use std::{
    env,
    fs::File,
    io::{self, BufRead as _, BufReader, Write},
    process::ExitCode,
};

use roomcast_client_core::trace::{Replay, Step};

const USAGE: &str = "\
usage: roomcast-replay [--quiet] FILE

Steps through a recording made by a client: prints each input with its effects, and the first difference between
what was recorded and what this version of the client does. Ends with 0 where there is none, with 1 where there is
one, with 2 where the file cannot be read.

  --quiet   print the difference only";

fn main() -> ExitCode {
    let (flags, files): (Vec<_>, Vec<_>) = env::args().skip(1).partition(|argument| argument.starts_with('-'));
    let quiet = flags == ["--quiet"];
    let ([file], true) = (&files[..], quiet || flags.is_empty()) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(file, quiet, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        // Whoever reads the output may have seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("unable to replay {file}; {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether all effects are the same.
fn run(file: &str, quiet: bool, out: &mut impl Write) -> io::Result<bool> {
    let mut lines = BufReader::new(File::open(file)?).lines().enumerate();
    let (_, header) = lines.next().ok_or_else(|| io::Error::other("it is empty"))?;
    let mut replay = Replay::begin(&header?).map_err(|error| io::Error::other(format!("line 1: {error}")))?;
    let (mut inputs, mut effects) = (0_u64, 0_u64);
    for (place, line) in lines {
        let number = place + 1;
        let step = replay.step(&line?).map_err(|error| io::Error::other(format!("line {number}: {error}")))?;
        let Some(step) = step else {
            writeln!(out, "line {number}: the recording was cut off here")?;
            break;
        };
        if !quiet {
            show(number, &step, out)?;
        }
        if let Some(effect) = step.difference() {
            let nothing = "nothing".to_owned();
            writeln!(out, "line {number}: effect {} is another", effect + 1)?;
            writeln!(out, "  input     {}", step.input)?;
            writeln!(out, "  recorded  {}", step.recorded.get(effect).unwrap_or(&nothing))?;
            writeln!(out, "  replayed  {}", step.replayed.get(effect).unwrap_or(&nothing))?;
            return Ok(false);
        }
        inputs += 1;
        effects += step.replayed.len() as u64;
    }
    writeln!(out, "{inputs} inputs, {effects} effects, no difference")?;
    Ok(true)
}

fn show(number: usize, step: &Step, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{number:>6}  {:>10} ms  {}", step.at.mono_ms, step.input)?;
    for effect in &step.replayed {
        writeln!(out, "{:>24}-> {effect}", "")?;
    }
    Ok(())
}
