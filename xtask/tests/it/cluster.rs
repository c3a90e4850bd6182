//! `cargo xtask demo --cluster` without a terminal.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::built;

/// A start on a loaded machine, or the way back of a killed node.
const PATIENCE: Duration = Duration::from_secs(90);
/// What a node may take to drain, and then the rest.
const STOP: Duration = Duration::from_secs(60);
const PARTS: [&str; 7] = ["bot", "nginx", "node-1", "node-2", "node-3", "postgres", "redis"];

/// What was said last of a part.
#[derive(Debug, Clone, Default, PartialEq)]
struct Part {
    state: String,
    pid: Option<i32>,
    people: String,
}

/// A running demo; killed when this is dropped, and the kernel ends the rest.
struct Demo {
    child: Child,
    lines: Receiver<String>,
    parts: BTreeMap<String, Part>,
    url: Option<String>,
    all: Vec<String>,
}

impl Demo {
    fn start() -> Self {
        let built = built();
        for program in ["roomcast", "bot"] {
            assert!(built.join(program).exists(), "build it first: cargo build -p roomcast-server -p bot");
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["demo", "--cluster", "--port", "18000", "--built"]).arg(built);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let output = BufReader::new(child.stdout.take().expect("it has an output"));
        let (sender, lines) = channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines, parts: BTreeMap::new(), url: None, all: Vec::new() }
    }

    /// Reads on until this holds of what was said last.
    fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.take(line),
                Err(RecvTimeoutError::Timeout) => panic!("not seen: {what}, in\n{}", self.all.join("\n")),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended before {what}:\n{}", self.all.join("\n")),
            }
        }
    }

    /// `node-1: ready, process 17: Bot, alice`, or `open: http://…`.
    fn take(&mut self, line: String) {
        if let Some(url) = line.strip_prefix("open: ") {
            self.url = Some(url.to_owned());
        } else if let Some((name, rest)) = line.split_once(": ").filter(|(name, _)| PARTS.contains(name)) {
            let (state, rest) = rest.split_once(", process ").unwrap_or((rest, ""));
            let (pid, people) = rest.split_once(": ").unwrap_or((rest, ""));
            let part = Part { state: state.to_owned(), pid: pid.parse().ok(), people: people.to_owned() };
            self.parts.insert(name.to_owned(), part);
        }
        self.all.push(line);
    }

    /// Where the bot is.
    fn host(&self) -> Option<(String, i32)> {
        let (name, part) = self.parts.iter().find(|(_, part)| part.people == "Bot")?;
        Some((name.clone(), part.pid?))
    }

    /// Who answers at its address.
    fn get(&self, path: &str) -> String {
        let address = self.url.as_ref().and_then(|url| url.strip_prefix("http://")).expect("it said where it is");
        let mut stream = TcpStream::connect(address).expect("nginx is there");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("that can be set");
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").expect("nginx listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("nginx answers");
        answer
    }

    fn stop(&mut self) -> ExitStatus {
        signal(self.child.id().try_into().expect("process ids are small"), Signal::INT);
        let deadline = Instant::now() + STOP;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status;
            }
            assert!(Instant::now() < deadline, "it did not stop");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).expect("a process id"), signal).expect("it runs");
}

fn runs(pid: i32) -> bool {
    test_kill_process(Pid::from_raw(pid).expect("a process id")).is_ok()
}

#[test]
fn a_killed_node_of_the_demo_comes_back_and_nothing_is_left_in_the_end() {
    let mut demo = Demo::start();
    demo.until("everything runs, and the bot is on a node", |demo| {
        let ready = |part: &Part| part.state == "ready" || part.state == "running";
        demo.url.is_some() && demo.host().is_some() && PARTS.iter().all(|name| demo.parts.get(*name).is_some_and(ready))
    });
    assert!(demo.get("/dev/token?user=alice").starts_with("HTTP/1.1 200"), "the nodes are behind its address");

    let (killed, pid) = demo.host().expect("it was there");
    signal(pid, Signal::KILL);
    demo.until("it is down", |demo| demo.parts[&killed].state == "down");
    demo.until("the bot is elsewhere", |demo| demo.host().is_some_and(|(host, _)| host != killed));
    demo.until("it is back", |demo| demo.parts[&killed].state == "ready");
    assert_ne!(demo.parts[&killed].pid, Some(pid));

    let pids: Vec<(String, i32)> =
        demo.parts.iter().filter_map(|(name, part)| Some((name.clone(), part.pid?))).collect();
    assert_eq!(pids.len(), PARTS.len(), "{pids:?}");
    for (name, pid) in &pids {
        assert!(runs(*pid), "{name} is process {pid}");
    }
    assert!(demo.stop().success());
    let left: Vec<_> = pids.into_iter().filter(|(_, pid)| runs(*pid)).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}
