//! The program that steps through a recording.

use std::process::{Command, Output};

use roomcast_client_core::{
    Client, Config, Input, Network, Now, Saved,
    trace::{Redaction, Tracing},
};

fn recording() -> Vec<String> {
    let config = Config { tracing: Some(Tracing::new(Redaction::Secrets)), ..Config::default() };
    let now = Now { mono_ms: 5, wall_ms: 1_700_000_000_000 };
    let mut core = Client::new(config, 7, now, Saved::default());
    core.handle(now, Input::Connect);
    core.handle(now, Input::Network(Network::Offline));
    std::iter::from_fn(|| core.poll_trace()).collect()
}

fn replay(lines: &[String], flags: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("session.jsonl");
    std::fs::write(&path, lines.join("\n")).expect("written");
    let program = env!("CARGO_BIN_EXE_roomcast-replay");
    let Output { status, stdout, .. } = Command::new(program).args(flags).arg(&path).output().expect("it runs");
    (status.code(), String::from_utf8(stdout).expect("text"))
}

#[test]
fn shows_each_input_with_its_effects() {
    let (code, shown) = replay(&recording(), &[]);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("5 ms  \"connect\"") && shown.contains("-> {\"FetchToken\""), "{shown}");
    assert!(shown.ends_with("effects, no difference\n"), "{shown}");
    assert_eq!(replay(&recording(), &["--quiet"]).1.lines().count(), 1);
}

#[test]
fn names_the_first_difference_with_its_line() {
    let mut lines = recording();
    lines[1] = lines[1].replace("\"Connecting\"", "\"Connected\"");
    let (code, shown) = replay(&lines, &["--quiet"]);
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.starts_with("line 2: effect 2 is another"), "{shown}");
}

#[test]
fn what_is_no_recording_is_said_so() {
    assert_eq!(replay(&["nonsense".to_owned()], &[]).0, Some(2));
    assert_eq!(replay(&recording(), &["--what"]).0, Some(2));
}
