//! What the user types: words, or a command behind a slash.

use roomcast_client::protocol::{RoomId, model::Availability};

/// What an entered line means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    Say(String),
    Run(Slash),
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Slash {
    Join(RoomId),
    Create(RoomId),
    Leave,
    Rooms,
    Who,
    Presence(Availability),
    Edit(String),
    Delete,
    Reconnect,
    Help,
    Quit,
}

/// Every command with what it does, as the help shows it.
pub(crate) const HELP: [(&str, &str); 11] = [
    ("/join ROOM", "enter a room, or go to it"),
    ("/create ROOM", "make a public room"),
    ("/leave", "end your membership of this room"),
    ("/rooms", "the rooms that anybody may join"),
    ("/who", "the members of this room"),
    ("/away /busy /online", "how others see you; /invisible, too"),
    ("/edit TEXT", "change your last message"),
    ("/delete", "delete your last message"),
    ("/reconnect", "connect again now"),
    ("//text", "a message that begins with a slash"),
    ("/quit", "leave"),
];

/// Reads an entered line.
///
/// # Errors
/// What to tell the user where a slash is followed by nothing that is known.
pub(crate) fn parse(line: &str) -> Result<Entry, String> {
    let Some(rest) = line.strip_prefix('/') else { return Ok(Entry::Say(line.to_owned())) };
    if rest.starts_with('/') {
        return Ok(Entry::Say(rest.to_owned()));
    }
    let (name, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let argument = argument.trim();
    let slash = match name {
        "join" | "j" => Slash::Join(room(argument)?),
        "create" => Slash::Create(room(argument)?),
        "leave" | "part" => Slash::Leave,
        "rooms" | "list" => Slash::Rooms,
        "who" | "members" => Slash::Who,
        "online" | "back" => Slash::Presence(Availability::Online),
        "away" => Slash::Presence(Availability::Away),
        "busy" => Slash::Presence(Availability::Busy),
        "invisible" => Slash::Presence(Availability::Invisible),
        "edit" if argument.is_empty() => return Err("/edit needs the new text".to_owned()),
        "edit" => Slash::Edit(argument.to_owned()),
        "delete" => Slash::Delete,
        "reconnect" => Slash::Reconnect,
        "help" | "h" | "?" => Slash::Help,
        "quit" | "q" | "exit" => Slash::Quit,
        _ => return Err(format!("there is no command /{name}; /help lists them")),
    };
    Ok(Entry::Run(slash))
}

fn room(name: &str) -> Result<RoomId, String> {
    let name = name.trim_start_matches('#');
    if name.is_empty() {
        return Err("which room? For example: /join general".to_owned());
    }
    RoomId::parse(name).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> Slash {
        match parse(line) {
            Ok(Entry::Run(slash)) => slash,
            other => panic!("{line} is {other:?}"),
        }
    }

    #[test]
    fn words_are_words() {
        assert_eq!(parse("hello /join"), Ok(Entry::Say("hello /join".to_owned())));
        assert_eq!(parse("//etc"), Ok(Entry::Say("/etc".to_owned())));
    }

    #[test]
    fn commands_take_what_they_need() {
        assert_eq!(run("/join #general"), Slash::Join(RoomId::parse("general").unwrap()));
        assert_eq!(run("/edit  new  text "), Slash::Edit("new  text".to_owned()));
        assert_eq!(run("/edit two\nlines"), Slash::Edit("two\nlines".to_owned()));
        assert_eq!(run("/away"), Slash::Presence(Availability::Away));
        assert_eq!(run("/q"), Slash::Quit);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for bad in ["/join", "/join a b", "/edit", "/nick bob", "/"] {
            assert!(parse(bad).is_err(), "{bad} was taken");
        }
    }
}
