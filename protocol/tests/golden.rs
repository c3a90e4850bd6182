//! The golden examples: every command, reply and event is read and written as it stands there, field for field.

use std::{collections::BTreeMap, fs, path::Path};

use roomcast_protocol::{Command, CommandKind, ErrorBody, Event, EventKind, Limits, Reply, ack, validate};
use serde_json::Value;

fn golden<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    let text = fs::read_to_string(&path).expect("the golden files are there");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn examples(file: &str, names: &[&'static str]) -> Vec<(&'static str, Value)> {
    let mut all: BTreeMap<String, Vec<Value>> = golden(file);
    let found: Vec<_> = names
        .iter()
        .flat_map(|name| {
            let examples = all.remove(*name).unwrap_or_default();
            assert!(!examples.is_empty(), "{name} has no example in {file}");
            examples.into_iter().map(|example| (*name, example))
        })
        .collect();
    assert!(all.is_empty(), "{file} has examples of what does not exist: {:?}", all.keys());
    found
}

fn commands() -> Vec<&'static str> {
    CommandKind::ALL.iter().map(|kind| kind.name()).collect()
}

#[test]
fn every_command_is_read_and_written_as_it_stands() {
    for (name, example) in examples("commands.json", &commands()) {
        let kind = CommandKind::parse(name).expect("a command");
        let command = Command::decode(kind, &example.to_string()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(serde_json::to_value(&command).expect("written"), example, "{name}");
        validate::command(&command, &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn every_reply_is_read_and_written_as_it_stands() {
    for (name, example) in examples("replies.json", &commands()) {
        let kind = CommandKind::parse(name).expect("a command");
        let reply = Reply::decode(kind, &example.to_string()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(serde_json::to_value(&reply).expect("written"), example, "{name}");
        let ack = ack::encode(&Ok(reply.clone()));
        assert_eq!(ack::decode(kind, ack.get()), Ok(reply), "{name}");
    }
}

#[test]
fn every_event_is_read_and_written_as_it_stands() {
    let names: Vec<&'static str> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
    for (name, example) in examples("events.json", &names) {
        let kind = EventKind::parse(name).expect("an event");
        let event = Event::decode(kind, &example.to_string()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(serde_json::to_value(&event).expect("written"), example, "{name}");
    }
}

#[test]
fn every_refusal_is_read_and_written_as_it_stands() {
    for example in golden::<Vec<Value>>("refusals.json") {
        let error: ErrorBody = ack::decode(CommandKind::SendMessage, &example.to_string()).expect_err("a refusal");
        assert_eq!(ack::encode(&Err(error)).get().parse::<Value>().expect("written"), example);
    }
}
