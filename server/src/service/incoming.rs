//! A packet as it arrives: raw, so that whatever it holds gets exactly one typed ack.

use roomcast_protocol::{Command, CommandKind, ErrorBody, ErrorCode};
use serde_json::value::RawValue;

use super::unsupported;

/// `["name", argument, …]` as it stood on the wire.
#[derive(Debug)]
pub struct RawPacket {
    /// The JSON.
    pub text: String,
    /// Whether binary attachments came with it.
    pub binary: bool,
}

/// What a packet asks for.
pub(super) struct Parsed {
    /// The event's name, as far as it is one of ours; for metrics.
    pub(super) event: &'static str,
    pub(super) command: Result<Command, ErrorBody>,
}

impl RawPacket {
    pub(super) fn parse(&self) -> Parsed {
        let unreadable = |why: String| Parsed {
            event: "unknown",
            command: Err(ErrorBody::new(ErrorCode::BadRequest, format!("unable to read the event; {why}"))),
        };
        let parts: Vec<&RawValue> = match serde_json::from_str(&self.text) {
            Ok(parts) => parts,
            Err(_) => return unreadable("it is no list".to_owned()),
        };
        let [name, arguments @ ..] = parts.as_slice() else { return unreadable("it has no name".to_owned()) };
        let Ok(name) = serde_json::from_str::<String>(name.get()) else {
            return unreadable("its name is no text".to_owned());
        };
        let Some(kind) = CommandKind::parse(&name) else {
            return Parsed { event: "unknown", command: Err(unsupported("this event")) };
        };
        Parsed { event: kind.name(), command: self.command(kind, arguments) }
    }

    fn command(&self, kind: CommandKind, arguments: &[&RawValue]) -> Result<Command, ErrorBody> {
        let bad = |why: &str| {
            let message = format!("unable to read {}; {why}", kind.name());
            Err(ErrorBody::new(ErrorCode::BadRequest, message))
        };
        if self.binary {
            return bad("it takes no binary attachments");
        }
        match arguments {
            [payload] => match Command::decode(kind, payload.get()) {
                Ok(command) => Ok(command),
                Err(error) => bad(&printable(&error.to_string())),
            },
            _ => bad("it takes exactly one argument"),
        }
    }
}

/// The parser quotes what it was given: shortened, and without anything that a terminal would obey.
fn printable(text: &str) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<ErrorCode> {
        let packet = RawPacket { text: text.to_owned(), binary: false };
        packet.parse().command.err().map(|error| error.code)
    }

    #[test]
    fn whatever_arrives_is_a_command_or_a_typed_error() {
        assert_eq!(code(r#"["join-room",{"roomId":"general"}]"#), None);
        assert_eq!(code(r#"["typing-start","general"]"#), None);
        let bad = [
            "",
            "{}",
            "[]",
            "[1]",
            r#"["join-room"]"#,
            r#"["join-room",null]"#,
            r#"["join-room",{},{}]"#,
            r#"["join-room",{"roomId":"a b"}]"#,
            r#"["send-message",{"roomId":"a","content":"\ud800"}]"#,
        ];
        for text in bad {
            assert_eq!(code(text), Some(ErrorCode::BadRequest), "{text}");
        }
        assert_eq!(code(r#"["launch",{}]"#), Some(ErrorCode::Unsupported));
    }
}
