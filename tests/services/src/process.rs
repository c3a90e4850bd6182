//! A server process that ends with its handle.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// How long a start or a stop may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running process; killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it with its output in a log file, and waits until `ready` says so.
    pub(crate) fn start(mut command: Command, log: PathBuf, ready: impl Fn() -> bool) -> Self {
        let file = File::options().create(true).append(true).open(&log).expect("the log can be written");
        let output = file.try_clone().expect("a file can be shared");
        command.stdin(Stdio::null()).stdout(output).stderr(file);
        let child = command.spawn().unwrap_or_else(|error| panic!("unable to start {command:?}; {error}"));
        let mut process = Self { child, log };
        process.wait("ready", |process| {
            let ended = process.child.try_wait().expect("a child can be waited for");
            assert!(ended.is_none(), "{command:?} ended at its start: {ended:?}\n{}", process.log());
            ready()
        });
        process
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        send(self.child.id(), signal);
    }

    /// Sends a signal to the processes that it has started; one that has just ended is passed over.
    pub(crate) fn signal_children(&self, signal: Signal) {
        let children = format!("/proc/{0}/task/{0}/children", self.child.id());
        for child in fs::read_to_string(children).unwrap_or_default().split_whitespace() {
            send(child.parse().expect("the kernel lists numbers"), signal);
        }
    }

    /// Waits until it has ended.
    pub(crate) fn ended(&mut self) {
        self.wait("gone", |process| process.child.try_wait().expect("a child can be waited for").is_some());
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn wait(&mut self, what: &str, mut condition: impl FnMut(&mut Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !condition(self) {
            assert!(Instant::now() < end, "not {what} after {} s\n{}", PATIENCE.as_secs(), self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A command behind words of a wrapper's.
pub(crate) fn wrapped(wrapper: &[&str], program: &Path) -> Command {
    let Some((first, more)) = wrapper.split_first() else { return Command::new(program) };
    let mut command = Command::new(first);
    command.args(more).arg(program);
    command
}

fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // A process that is gone needs no signal.
        let _ = kill_process(pid, signal);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
