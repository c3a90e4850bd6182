//! Running other programs: said before they run, an error when they fail, and gone when we are.

use std::{
    env,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};

/// The repository's root, where every command runs.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

/// The cargo that runs us.
pub(crate) fn cargo<const N: usize>(args: [&str; N]) -> Command {
    command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), args)
}

/// A command in the repository's root.
pub(crate) fn command<const N: usize>(program: impl AsRef<std::ffi::OsStr>, args: [&str; N]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// Runs to the end; a failure is an error.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    say(command);
    let status = command.status().with_context(|| format!("unable to run {}", shown(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", shown(command));
    }
    Ok(())
}

/// Whether the command runs and succeeds; its output is nobody's business.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// What the command prints; a failure is an error.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("unable to run {}", shown(command)))?;
    if !output.status.success() {
        bail!("{} failed ({})", shown(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("unable to read the output of {}", shown(command)))
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> anyhow::Result<PathBuf> {
    let output = cargo(["metadata", "--format-version", "1", "--no-deps"])
        .stderr(Stdio::inherit())
        .output()
        .context("unable to run cargo metadata")?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("unable to read the output of cargo metadata")?;
    let dir = metadata["target_directory"].as_str().context("cargo metadata names no target directory")?;
    Ok(PathBuf::from(dir))
}

/// Prints what is about to run.
pub(crate) fn say(command: &Command) {
    println!("$ {}", shown(command));
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// A program that runs beside us. It is asked to stop when this is dropped, and the kernel stops it should we be
/// killed before that.
pub(crate) struct Background {
    child: Child,
    patience: Duration,
}

impl Background {
    /// Starts a program that needs at most `patience` to stop.
    pub(crate) fn start(
        program: &Path,
        args: &[&str],
        patience: Duration,
        env: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let mut command = bound_to_us(program);
        command.args(args).envs(env.iter().copied()).current_dir(root());
        Self::launch(command, patience)
    }

    /// The same for a command that is [`bound_to_us`]. The kernel takes the thread that calls this for us.
    pub(crate) fn launch(mut command: Command, patience: Duration) -> anyhow::Result<Self> {
        // Ctrl-C is for us alone: we stop what we have started, each in its turn.
        command.stdin(Stdio::null()).process_group(0);
        let child = command.spawn().with_context(|| format!("unable to start {}", shown(&command)))?;
        Ok(Self { child, patience })
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<std::process::ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Asks it to stop, and does not wait.
    pub(crate) fn ask_to_stop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let (Ok(None), Some(pid)) = (self.child.try_wait(), pid) {
            // It may have ended between the two calls, which is what we want.
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let deadline = Instant::now() + self.patience;
        self.ask_to_stop();
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that ends with us.
pub(crate) fn bound_to_us(program: &Path) -> Command {
    let Some((first, more)) = wrapper().split_first() else { return Command::new(program) };
    let mut command = Command::new(first);
    command.args(more).arg(program);
    command
}

/// What binds a program to us: `setpriv` sets the signal that the kernel sends a child when its parent dies, then
/// becomes the program. Where there is none (macOS), the program runs without.
pub(crate) fn wrapper() -> &'static [&'static str] {
    const SETPRIV: [&str; 4] = ["setpriv", "--pdeathsig", "TERM", "--"];
    static THERE: OnceLock<bool> = OnceLock::new();
    if *THERE.get_or_init(|| succeeds(&mut command("setpriv", ["--pdeathsig", "TERM", "true"]))) {
        &SETPRIV
    } else {
        &[]
    }
}
