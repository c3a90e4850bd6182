//! Beside `serde_json`: on every golden example, and on what is left of them when signs are changed.

use std::{collections::BTreeMap, fmt::Debug, fs, path::Path};

use proptest::prelude::*;
use serde::Serialize;
use serde_json::value::RawValue;

use super::*;
use crate::{Command, CommandKind, Event, EventKind, Json, Reply};

type Decoded = (Box<dyn Debug>, String, String);

/// A payload by its file, its name and its text.
#[derive(Debug, Clone)]
struct Example {
    file: &'static str,
    name: String,
    text: String,
}

fn examples() -> Vec<Example> {
    ["commands.json", "replies.json", "events.json"].into_iter().flat_map(in_file).collect()
}

fn in_file(file: &'static str) -> Vec<Example> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(file);
    let text = fs::read_to_string(path).expect("the golden files are there");
    let all: BTreeMap<String, Vec<Box<RawValue>>> = serde_json::from_str(&text).expect("they are JSON");
    let named = |(name, texts): (String, Vec<Box<RawValue>>)| {
        texts.into_iter().map(move |text| Example { file, name: name.clone(), text: text.get().to_owned() })
    };
    all.into_iter().flat_map(named).collect()
}

fn both(value: impl Serialize + ToJson + Debug + 'static) -> Decoded {
    let theirs = serde_json::to_string(&value).expect("it was read");
    let ours = to_string(&value).expect("it has no floats");
    (Box::new(value), theirs, ours)
}

fn by_serde_json(file: &str, name: &str, text: &str) -> Option<Decoded> {
    match file {
        "events.json" => Event::decode(EventKind::parse(name)?, text).ok().map(both),
        "commands.json" => Command::decode(CommandKind::parse(name)?, text).ok().map(both),
        _ => Reply::decode(CommandKind::parse(name)?, text).ok().map(both),
    }
}

fn by_us(file: &str, name: &str, text: &str) -> Option<Decoded> {
    match file {
        "events.json" => Event::decode_small(EventKind::parse(name)?, text).ok().map(both),
        "commands.json" => Command::decode_small(CommandKind::parse(name)?, text).ok().map(both),
        _ => Reply::decode_small(CommandKind::parse(name)?, text).ok().map(both),
    }
}

fn assert_alike(file: &str, name: &str, text: &str) -> bool {
    match (by_serde_json(file, name, text), by_us(file, name, text)) {
        (Some((their_value, their_text, _)), Some((our_value, _, our_text))) => {
            assert_eq!(format!("{their_value:?}"), format!("{our_value:?}"), "{file} {name} {text}");
            assert_eq!(their_text, our_text, "{file} {name}");
            true
        }
        (None, None) => false,
        // What a server refuses in a command and in its attachments, a client passes over: foreign names.
        (None, Some(_)) if holds_a_foreign_name(file, name, text) => false,
        (theirs, ours) => {
            panic!("{file} {name}: serde_json {}, ours {}: {text}", theirs.is_some(), ours.is_some())
        }
    }
}

fn holds_a_foreign_name(file: &str, name: &str, text: &str) -> bool {
    let kind = CommandKind::parse(name);
    let error = match file {
        "events.json" => Event::decode(EventKind::parse(name).expect("examples are named after events"), text).err(),
        "commands.json" => Command::decode(kind.expect("examples are named after commands"), text).err(),
        _ => Reply::decode(kind.expect("examples are named after commands"), text).err(),
    };
    error.is_some_and(|error| error.to_string().contains("unknown field"))
}

#[test]
fn every_golden_example_is_read_and_written_alike() {
    for Example { file, name, text } in examples() {
        assert!(assert_alike(file, &name, &text), "{name} was not read");
    }
}

proptest! {
    #[test]
    fn what_is_broken_is_refused_alike(
        example in prop::sample::select(examples()),
        place: prop::sample::Index,
        length in 0..3_usize,
        sign in prop::sample::select(vec!["", "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "7", "-", "x", " ", "\n", "null", "true", "é"]),
    ) {
        let mut signs: Vec<char> = example.text.chars().collect();
        let begin = place.index(signs.len());
        let end = (begin + length).min(signs.len());
        signs.splice(begin..end, sign.chars());
        let text: String = signs.into_iter().collect();
        assert_alike(example.file, &example.name, &text);
    }

    #[test]
    fn strings_are_written_and_read_alike(text: String) {
        let theirs = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(&to_string(&text).unwrap(), &theirs);
        prop_assert_eq!(from_str::<String>(&theirs).unwrap(), text);
    }

    #[test]
    fn what_is_between_quotes_is_read_alike(inside in r#"([a-z"é]|\\[bfnrtu"\\/x]|\\u[0-9a-fD-]{4}|\\ud83d\\ude00){0,8}"#) {
        let text = format!("\"{inside}\"");
        prop_assert_eq!(from_str::<String>(&text).ok(), serde_json::from_str::<String>(&text).ok());
    }

    #[test]
    fn integers_are_read_alike(text in "-?[0-9]{1,21}") {
        prop_assert_eq!(from_str::<u64>(&text).ok(), serde_json::from_str::<u64>(&text).ok());
        prop_assert_eq!(from_str::<u16>(&text).ok(), serde_json::from_str::<u16>(&text).ok());
    }

    #[test]
    fn what_passes_through_unread_is_checked_alike(text in r#"[\[\]{},:" 0-9eE.+tfn-]{0,12}"#) {
        let theirs: Option<Json> = serde_json::from_str(&text).ok();
        let ours: Option<Json> = from_str(&text).ok();
        prop_assert_eq!(ours.as_ref().map(Json::as_str), theirs.as_ref().map(Json::as_str));
    }
}

#[test]
fn depth_is_bounded() {
    for (levels, good) in [(100, true), (100_000, false)] {
        let text = "[".repeat(levels) + &"]".repeat(levels);
        assert_eq!(from_str::<Json>(&text).is_ok(), good, "{levels}");
    }
}
