//! The files of `examples/deploy` say what the server understands, and agree with each other.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_yaml_ng::Value;

use crate::server;

/// What a node may take to drain, in seconds.
const DRAIN: u64 = 25;
const NODES: [&str; 3] = ["node-1", "node-2", "node-3"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("unable to read {}; {error}", path.display()))
}

fn deployed(name: &str) -> String {
    read(Path::new("examples/deploy").join(name))
}

/// All that begins with `ROOMCAST_`.
fn variables(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.split(|c| !is_part(c)).filter(|word| word.starts_with("ROOMCAST_")).map(str::to_owned).collect()
}

/// What the server says of its own settings.
fn settings() -> BTreeSet<String> {
    let output = Command::new(server()).args(["serve", "--help"]).output().expect("the server runs");
    let help = String::from_utf8(output.stdout).expect("its help is text");
    let named = help.split("[env: ").skip(1).filter_map(|rest| rest.split([']', '=']).next());
    named.filter(|name| name.starts_with("ROOMCAST_")).map(str::to_owned).collect()
}

fn compose() -> Value {
    let mut compose: Value = serde_yaml_ng::from_str(&deployed("compose.yaml")).expect("it is YAML");
    compose.apply_merge().expect("what it merges is there");
    compose
}

fn seconds(text: &str) -> u64 {
    text.strip_suffix('s').and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{text:?} is no time"))
}

fn text<'a>(value: &'a Value, what: &str) -> &'a str {
    value.as_str().unwrap_or_else(|| panic!("{what} is no text"))
}

#[test]
fn every_variable_that_is_shipped_is_a_setting() {
    let known = settings();
    assert!(known.contains("ROOMCAST_LISTEN"), "{known:?}");
    let entries = fs::read_dir(root().join("examples/deploy")).expect("it is there").flatten();
    let files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    for file in files.iter().chain([&root().join("docs/operations.md")]) {
        let unknown: Vec<String> = variables(&read(file)).difference(&known).cloned().collect();
        assert!(unknown.is_empty(), "{} names {unknown:?}", file.display());
    }
}

#[test]
fn every_setting_is_in_the_manual() {
    let manual = variables(&read("docs/operations.md"));
    let missing: Vec<String> = settings().difference(&manual).cloned().collect();
    assert!(missing.is_empty(), "docs/operations.md lacks {missing:?}");
}

#[test]
fn the_balancer_of_the_compose_file_knows_its_nodes() {
    let (compose, nginx) = (compose(), deployed("nginx.conf"));
    let address = |service: &str| {
        text(&compose["services"][service]["networks"]["chat"]["ipv4_address"], "the address").to_owned()
    };
    let listed =
        |line: &str| line.trim().strip_prefix("server ").and_then(|rest| rest.split(' ').next().map(str::to_owned));
    let balanced: BTreeSet<String> = nginx.lines().filter_map(listed).filter(|server| server.contains(':')).collect();
    let nodes: BTreeSet<String> = NODES.iter().map(|node| format!("{}:3000", address(node))).collect();
    assert_eq!(balanced, nodes);
    for node in NODES {
        let node = &compose["services"][node];
        assert_eq!(text(&node["environment"]["ROOMCAST_TRUSTED_PROXIES"], "the balancer"), address("nginx"));
        assert!(seconds(text(&node["stop_grace_period"], "the grace")) >= DRAIN + 5);
    }
}

#[test]
fn the_server_takes_the_settings_of_the_compose_file() {
    let compose = compose();
    let environment = compose["services"]["node-1"]["environment"].as_mapping().expect("it has one");
    let settings: BTreeMap<&str, String> =
        environment.iter().map(|(name, value)| (text(name, "a name"), filled(text(value, "a value")))).collect();
    let output = Command::new(server()).arg("config").env_clear().envs(settings).output().expect("the server runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// `${NAME:?why}` becomes a secret, `${NAME:-}` nothing.
fn filled(value: &str) -> String {
    let Some((before, rest)) = value.split_once("${") else { return value.to_owned() };
    let (variable, after) = rest.split_once('}').expect("it ends");
    let secret = if variable.contains(":?") { "0123456789abcdef0123456789abcdef" } else { "" };
    format!("{before}{secret}{}", filled(after))
}

#[test]
fn systemd_waits_for_a_node_that_drains() {
    let unit = deployed("roomcast.service");
    let line = unit.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")).expect("it is set");
    assert!(seconds(line) >= DRAIN + 5);
}
